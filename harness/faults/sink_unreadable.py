from __future__ import annotations

import stat
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.tokens import each, handed_token
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel


class SinkArgs(StrictModel):
    at: str = Field("vault", description="The Vault that the token in the sink is for.")


class SinkRecord(StrictModel):
    """``accessors`` are the tokens from before."""

    service: str
    vault: str
    role: str
    path: str
    accessors: tuple[str, ...] = Field(strict=False)


class SinkUnreadable(Fault[SinkArgs, SinkRecord]):
    """The sidecar has put a fresh token into its sink, and the workload may not read the file.

    The old token is over, and whoever looks at the sidecar finds it well. A resilient client is not ready, says why,
    and goes on trying; a fragile one goes on with the token that it read at start, for good. OpenBao's agent has
    options for owner and group only since 2.6.0. Source: failure catalogue, ``sink-unreadable``.
    """

    name = "sink-unreadable"
    group = "C"
    roles = frozenset({"workload"})
    takes = frozenset({"sink"})
    Args = SinkArgs
    Record = SinkRecord

    def holds(self, target: str, args: SinkArgs) -> frozenset[str]:
        return super().holds(target, args) | {handed_token(args.at, target)}

    def needs_up(self, target: str, args: SinkArgs) -> frozenset[str]:
        return frozenset({target, args.at})

    def prepare(self, target: str, args: SinkArgs, lab: Lab) -> SinkRecord:
        handed = lab.handed_token(args.at, target)
        if handed is None:
            raise FaultNotPossible(f"{target} was handed no token for {args.at}: it has no sink")
        if lab.containers.read(target, handed.path) is None:
            raise FaultNotPossible(f"{target} has no file {handed.path}")
        accessors = lab.vault(args.at).accessors(frozenset({handed.role}))
        if not accessors:
            raise FaultNotPossible(f"{args.at} knows no living token of {target}")
        return SinkRecord(service=target, vault=args.at, role=handed.role, path=handed.path, accessors=accessors)

    def inject(self, record: SinkRecord, args: SinkArgs, lab: Lab, rng: Random) -> None:
        lab.deliver(record.service)
        _chmod(record, "000", lab)
        vault = lab.vault(record.vault)
        each(record.accessors, vault, vault.revoke)

    def observe(self, record: SinkRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.vault)
        fresh = set(vault.accessors(frozenset({record.role}))) - set(record.accessors)
        if not fresh or any(vault.is_alive(accessor) for accessor in record.accessors):
            return None
        if _readable(record, lab) != "no":
            return None
        return f"{record.service} may not read {record.path}, in which there is a living token; its old one is dead"

    def undo(self, record: SinkRecord, lab: Lab) -> None:
        if not lab.vault(record.vault).accessors(frozenset({record.role})):
            lab.deliver(record.service)  # nobody has renewed the one in the sink
        if lab.containers.state(record.service) == "running":
            if _readable(record, lab) != "yes":
                _chmod(record, "400", lab)
        elif not _owner_may_read(record, lab):
            # It has ended, as a workload may of this. What is put there anew is private, and its own.
            token = lab.containers.read(record.service, record.path)
            if token is None:
                raise EnvironmentUnusable(f"{record.service} has no file {record.path} any more")
            lab.containers.write_files(record.service, {record.path: token})

    def healed(self, record: SinkRecord, lab: Lab) -> str | None:
        if not lab.vault(record.vault).accessors(frozenset({record.role})):
            return None
        if lab.containers.state(record.service) == "running":
            words = f"{record.service} may read {record.path}, and its token is alive"
            return words if _readable(record, lab) == "yes" else None
        if not _owner_may_read(record, lab):
            return None
        return f"{record.service} does not run; started, it may read {record.path}, in which there is a living token"


def _chmod(record: SinkRecord, mode: str, lab: Lab) -> None:
    lab.containers.execute(record.service, ["chmod", mode, record.path])


def _owner_may_read(record: SinkRecord, lab: Lab) -> bool:
    """By its mode, where nobody runs who could try."""
    return bool((lab.containers.mode(record.service, record.path) or 0) & stat.S_IRUSR)


def _readable(record: SinkRecord, lab: Lab) -> str:
    """``yes`` or ``no``, as the container's user finds."""
    look = ["sh", "-c", 'if test -r "$0"; then echo yes; else echo no; fi', record.path]
    return lab.containers.execute(record.service, look).strip()
