"""Faults of SecretIDs: a workload starts anew, and what it was handed does not let it in."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TypeVar

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.locked_out import unlock
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.tokens import TokenArgs, each
from harness.lab.errors import EnvironmentUnusable
from harness.lab.labels import secret_id_label, wrapped_label
from harness.lab.waiting import wait_for
from harness.scenario.base import Duration, StrictModel

A = TypeVar("A", bound=TokenArgs)
RUNNING = ("running", "restarting")
GRACE = 1.0  # seconds for a workload to end
EXPIRY_SLACK = 5.0


class Handed(StrictModel):
    """``path`` is its role in Vault's API, ``started`` when its container had been started before."""

    role: str
    path: str
    started: str


class SecretIdRecord(StrictModel):
    """``handed`` by workload."""

    service: str
    handed: dict[str, Handed]


class _SecretIdFault(Fault[A, SecretIdRecord]):
    """What they share: workloads are restarted, having lost their tokens, with a SecretID that Vault does not take."""

    group = "C"
    roles = frozenset({"vault"})
    takes = frozenset({"secret-ids"})
    Record = SecretIdRecord
    wrapped = False

    def holds(self, target: str, args: A) -> frozenset[str]:
        return super().holds(target, args) | {f"{workload}/container" for workload in args.workloads}

    def prepare(self, target: str, args: A, lab: Lab) -> SecretIdRecord:
        handed: dict[str, Handed] = {}
        for login in lab.vault_logins(target, args.workloads):
            if not args.workloads and lab.containers.state(login.workload) == "missing":
                continue  # of the topology, and not of this run
            if login.method != "approle" or not login.folder or login.wrapped is not self.wrapped:
                if args.workloads:
                    raise FaultNotPossible(f"{login.workload} was handed no {self._what} for {target}")
                continue
            if lab.containers.state(login.workload) != "running":
                raise FaultNotPossible(f"{login.workload} does not run, so it cannot be restarted")
            started = lab.containers.started_at(login.workload)
            handed[login.workload] = Handed(role=login.role, path=login.path, started=started)
        if not handed:
            raise FaultNotPossible(f"no workload was handed a {self._what} for {target}")
        paths = {one.path for one in handed.values()}
        for login in lab.vault_logins(target, ()):
            if (
                login.path in paths
                and login.workload not in handed
                and lab.containers.state(login.workload) != "missing"
            ):
                raise FaultNotPossible(
                    f"{login.workload} has the same role, {login.role}, and would lose its SecretID too"
                )
        return SecretIdRecord(service=target, handed=handed)

    @property
    def _what(self) -> str:
        return "wrapped SecretID" if self.wrapped else "SecretID that is not wrapped"

    def _restart(self, workload: str, role: str, vault: VaultAdmin, lab: Lab) -> None:
        """Ends the tokens, too, which a process that ends forgets."""
        lab.containers.stop(workload, grace=GRACE)
        each(vault.accessors(frozenset({role})), vault, vault.revoke)
        lab.containers.start(workload)

    def observe(self, record: SecretIdRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        for workload, handed in record.handed.items():
            if lab.containers.started_at(workload) == handed.started:
                return None
            if self._good(workload, handed, record, lab) or vault.accessors(frozenset({handed.role})):
                return None
        return (
            f"{', '.join(sorted(record.handed))} started anew and have no living token, and {record.service} does not "
            f"take the {'wrapped ' if self.wrapped else ''}SecretID that they were handed"
        )

    def _good(self, workload: str, handed: Handed, record: SecretIdRecord, lab: Lab) -> bool:
        """Whether what *workload* was handed last can still be used. Raises EnvironmentUnusable without an answer."""
        vault = lab.vault(record.service)
        label = wrapped_label if self.wrapped else secret_id_label
        kept = lab.kept(label(record.service, workload))
        if kept is None:
            raise EnvironmentUnusable(f"{workload} was handed no SecretID by lockout")
        if self.wrapped:
            return bool(vault.ask("sys/wrapping/lookup", {"token": kept}))
        return bool(vault.ask(f"{handed.path}/secret-id/lookup", {"secret_id": kept}))

    def _settled(self, workload: str, handed: Handed, record: SecretIdRecord, lab: Lab) -> bool:
        """Whether *workload* has a way in: what it was handed is good or, being good once, has been used by itself."""
        if self._good(workload, handed, record, lab):
            return True
        running = lab.containers.state(workload) in RUNNING  # a process that ends forgets what it has unwrapped
        return self.wrapped and running and bool(lab.vault(record.service).accessors(frozenset({handed.role})))

    def undo(self, record: SecretIdRecord, lab: Lab) -> None:
        lost = {one.path: one for who, one in record.handed.items() if not self._settled(who, one, record, lab)}
        for handed in lost.values():
            _destroy_all(handed, lab.vault(record.service))  # also one that somebody else may have
        for workload, handed in record.handed.items():
            if handed.path in lost:
                lab.deliver(workload)
            if _left_stopped(workload, handed, lab):
                lab.containers.start(workload)
        vault = lab.vault(record.service)
        paths = [f"{handed.path}/role-id" for handed in record.handed.values()]
        unlock(vault, [str((vault.api_read(path) or {}).get("role_id")) for path in paths])

    def healed(self, record: SecretIdRecord, lab: Lab) -> str | None:
        for workload, handed in record.handed.items():
            if _left_stopped(workload, handed, lab) or not self._settled(workload, handed, record, lab):
                return None
        return f"{record.service} takes the SecretID that was handed to {' and to '.join(sorted(record.handed))}"


def _left_stopped(workload: str, handed: Handed, lab: Lab) -> bool:
    """Whether it was stopped here and not started. What was started, and has ended since, did that by itself."""
    return lab.containers.state(workload) not in RUNNING and lab.containers.started_at(workload) == handed.started


def _destroy_all(handed: Handed, vault: VaultAdmin) -> None:
    for accessor in vault.api_list(f"{handed.path}/secret-id"):
        vault.api_write(f"{handed.path}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})


class SecretIdGoneOnRestart(_SecretIdFault[TokenArgs]):
    """A workload restarts, and its SecretID is used up or too old: it cannot log in again.

    A resilient client looks for a new one at each attempt, and calls for it; a fragile one has read it once and deleted
    the file or never looks again (hashicorp/vault#5648). Undo hands over a new one. Source: failure catalogue,
    ``secretid-gone-on-restart``.
    """

    name = "secretid-gone-on-restart"
    Args = TokenArgs

    def inject(self, record: SecretIdRecord, args: TokenArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        for workload, handed in record.handed.items():
            _destroy_all(handed, vault)
            self._restart(workload, handed.role, vault, lab)


class LateArgs(TokenArgs):
    wrap_ttl: Duration = Field(1.0, ge=1, le=30, description="How long the SecretID can be had; it comes later.")


class WrappedSecretIdLate(_SecretIdFault[LateArgs]):
    """A workload starts after the wrapping of its SecretID has expired: unwrapping it fails.

    A resilient client cannot tell this from an interception, so it raises an alarm, does not start with it, and waits
    for another; a fragile one panics (Caiyeon/goldfish#60, Caiyeon/goldfish#217). Undo hands over a new one. Source:
    failure catalogue, ``wrapped-secretid-late``.
    """

    name = "wrapped-secretid-late"
    wrapped = True
    Args = LateArgs

    def _too_late(self, workload: str, handed: Handed, record: SecretIdRecord, lab: Lab) -> bool:
        return not self._good(workload, handed, record, lab)

    def inject(self, record: SecretIdRecord, args: LateArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        for workload in record.handed:
            lab.deliver(workload, args.wrap_ttl)
        for workload, handed in record.handed.items():
            if not wait_for(partial(self._too_late, workload, handed, record, lab), args.wrap_ttl + EXPIRY_SLACK):
                raise EnvironmentUnusable(f"{record.service}: the wrapped SecretID of {workload} does not expire")
            self._restart(workload, handed.role, vault, lab)


class WrappedSecretIdStolen(_SecretIdFault[TokenArgs]):
    """Somebody unwraps a workload's SecretID first: the workload finds it used up, and a stranger has it.

    A resilient client takes this for what it is, a security event, and refuses to start with it; a fragile one retries
    as after any other error (hashicorp/vault#1983). Undo makes the stolen SecretID worthless and hands over a new one.
    Source: failure catalogue, ``wrapped-secretid-stolen``.
    """

    name = "wrapped-secretid-stolen"
    wrapped = True
    Args = TokenArgs

    def inject(self, record: SecretIdRecord, args: TokenArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        for workload, handed in record.handed.items():
            lab.deliver(workload)
            wrapping = lab.kept(wrapped_label(record.service, workload))
            stolen = vault.api_write("sys/wrapping/unwrap", {"token": wrapping})
            lab.keep(_stolen_label(record, workload), str(stolen["secret_id"]))
            self._restart(workload, handed.role, vault, lab)

    def _settled(self, workload: str, handed: Handed, record: SecretIdRecord, lab: Lab) -> bool:
        """Not as long as what was stolen is good, whatever the workload has: it may not have been restarted yet."""
        stolen = lab.kept(_stolen_label(record, workload))
        lookup = f"{handed.path}/secret-id/lookup"
        if stolen is not None and lab.vault(record.service).ask(lookup, {"secret_id": stolen}):
            return False
        return super()._settled(workload, handed, record, lab)


def _stolen_label(record: SecretIdRecord, workload: str) -> str:
    return f"{record.service}-stolen-secret-id-{workload}"
