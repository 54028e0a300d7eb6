"""Faults of name resolution that hit one container: it finds nobody by a name any more, and is found as before."""

from __future__ import annotations

from random import Random

from harness.faults.base import Fault, NoArgs
from harness.faults.ports import FaultNotPossible, Lab
from harness.scenario.base import StrictModel

FILE = "/etc/resolv.conf"
WITHOUT = "# lockout has taken the name servers away\n"
WRITE = f"cat > {FILE}"
LOOK = 'getent hosts "$0" || echo nothing'


class ResolverRecord(StrictModel):
    """``before`` is what the file was."""

    service: str
    before: str


class ResolverGone(Fault[NoArgs, ResolverRecord]):
    """No name server answers a container: whatever it looks for by a name is not found.

    Addresses work as before, and so do connections that exist. In the outage of Facebook in October 2021 the tools with
    which people would have put things right were not found either: an emergency procedure has to work by address.
    Source: failure catalogue, ``dns-nxdomain`` and section 3, ``dns-takes-out-of-band-too``.
    """

    name = "dns-resolver-gone"
    group = "I"
    roles = frozenset({"workload", "desk"})
    takes = frozenset({"resolver"})
    unforeseen = "hits new connections alone, and no topology tells who has one"
    Record = ResolverRecord

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ResolverRecord:
        before = lab.containers.read(target, FILE)
        if before is None or "nameserver" not in before:
            raise FaultNotPossible(f"{target} has no name server in {FILE} that could be taken away")
        return ResolverRecord(service=target, before=before)

    def inject(self, record: ResolverRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        self._write(record.service, WITHOUT, lab)

    def observe(self, record: ResolverRecord, lab: Lab) -> str | None:
        if lab.containers.read(record.service, FILE) != WITHOUT or self._found(record, lab) != "nothing":
            return None
        return f"{record.service} finds nothing by a name, not even itself"

    def undo(self, record: ResolverRecord, lab: Lab) -> None:
        if lab.containers.read(record.service, FILE) != record.before:
            self._write(record.service, record.before, lab)

    def healed(self, record: ResolverRecord, lab: Lab) -> str | None:
        if lab.containers.read(record.service, FILE) != record.before:
            return None
        found = self._found(record, lab)
        return (
            f"{record.service} finds itself by its name: {found.split()[0]}" if found not in ("", "nothing") else None
        )

    def _write(self, service: str, text: str, lab: Lab) -> None:
        lab.containers.execute(service, ["sh", "-c", WRITE], stdin=text, user="0")

    def _found(self, record: ResolverRecord, lab: Lab) -> str:
        """What the container finds under its own name, which it has from the name server like all others."""
        return lab.containers.execute(record.service, ["sh", "-c", LOOK, record.service]).strip()
