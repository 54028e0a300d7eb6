"""Faults of clocks: whoever issues tokens, or whoever uses them, is in another time."""

from __future__ import annotations

from abc import abstractmethod
from email.utils import parsedate_to_datetime
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from harness.faults.base import Fault, ServiceRecord
from harness.faults.judging import AUDIENCE, verdicts
from harness.faults.ports import FaultNotPossible, Lab
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import Duration, StrictModel, between

_EXACT = 1.5  # seconds; tokens are dated in whole seconds, and asking takes its time
_ROUGH = 3.0  # seconds; the date of an answer is made once a second, and a moved clock is seen once a second

# Asks a program for the date that its answers bear, beside what time it really is. Without the preloaded library, or
# its own time would be wrong as well.
ASK = """
import http.client, signal, sys, time
signal.alarm(4)
way = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=2)
way.request("GET", "/health")
print(time.time(), way.getresponse().getheader("Date"))
"""
_FILE = "FAKETIME_TIMESTAMP_FILE"
_PRELOAD = "LD_PRELOAD"
_PYTHON = "python3"
_RIGHT = ("", "+0")


class IssuerClockArgs(StrictModel):
    by: Annotated[Duration, between(2, 3600)] = Field(
        100.0, description="How far the clock of the identity provider is off."
    )


class IssuerClockRecord(ServiceRecord):
    """Seconds ahead of the real time, before and during the fault."""

    before: float
    offset: float


class _IssuerClock(Fault[IssuerClockArgs, IssuerClockRecord]):
    """What they share. How much of it a verifier puts up with is its own affair, and stands in the evidence."""

    group = "I"
    roles = frozenset({"idp"})
    takes = frozenset({"clock"})
    Args = IssuerClockArgs
    Record = IssuerClockRecord

    @abstractmethod
    def _offset(self, by: float) -> float:
        """Seconds ahead of the real time."""

    def prepare(self, target: str, args: IssuerClockArgs, lab: Lab) -> IssuerClockRecord:
        before = lab.idp(target).clock_offset()
        return IssuerClockRecord(service=target, before=before, offset=before + self._offset(args.by))

    def inject(self, record: IssuerClockRecord, args: IssuerClockArgs, lab: Lab, rng: Random) -> None:
        lab.idp(record.service).set_clock_offset(record.offset)

    def observe(self, record: IssuerClockRecord, lab: Lab) -> str | None:
        if lab.idp(record.service).clock_offset() != record.offset:
            return None
        dated, token = lab.idp(record.service).dated(AUDIENCE)
        if abs(dated - record.offset) > _EXACT:
            return None
        said = ", ".join(f"{judge} {_verdict(reason)}" for judge, reason in verdicts(token, lab).items())
        way = "ahead" if record.offset > 0 else "back"
        return f"a token of {record.service} is dated {abs(dated):.0f} s {way}" + (f"; {said}" if said else "")

    def undo(self, record: IssuerClockRecord, lab: Lab) -> None:
        if lab.idp(record.service).clock_offset() != record.before:
            lab.idp(record.service).set_clock_offset(record.before)

    def healed(self, record: IssuerClockRecord, lab: Lab) -> str | None:
        idp = lab.idp(record.service)
        if idp.clock_offset() != record.before or abs(idp.dated(AUDIENCE)[0] - record.before) > _EXACT:
            return None
        return f"tokens of {record.service} are dated as before"


def _verdict(reason: str) -> str:
    return f"refuses it: {reason}" if reason else "takes it"


class ClockIssuerAhead(_IssuerClock):
    """The identity provider's clock is ahead: its tokens are not valid yet.

    Verifiers allow for some of it: Vault's JWT method for 60 s, the lab's ledger for 1 s. Inside that a resilient
    client notices nothing; outside it says precisely what is refused. Verifiers without any leeway refuse good tokens
    over a second (auth0/java-jwt#268). Source: failure catalogue, ``clock-issuer-ahead``.
    """

    name = "clock-issuer-ahead"

    def _offset(self, by: float) -> float:
        return by


class ClockIssuerBehind(_IssuerClock):
    """The identity provider's clock is behind: its tokens have a shorter life than they say, or none.

    A token of 25 s is born dead once the clock is 25 s and the verifier's leeway behind: 1 s at the lab's ledger, 60 s
    at Vault's JWT method. A resilient client asks again slowly; one that goes by what the token says of itself gets
    the next one at once. Source: failure catalogue, the counterpart of ``clock-issuer-ahead``.
    """

    name = "clock-issuer-behind"

    def _offset(self, by: float) -> float:
        return -by


class WorkloadClockArgs(StrictModel):
    by: Annotated[Duration, between(10, 86400)] = Field(
        240.0, description="How far its wall clock is off. Certificates may set a limit of their own."
    )
    way: Literal["ahead", "behind"] = Field("behind", description="In which direction.")


class WorkloadClockRecord(ServiceRecord):
    file: str
    port: int
    offset: float


class ClockWorkloadSkewed(Fault[WorkloadClockArgs, WorkloadClockRecord]):
    """The wall clock of a workload's host is off, while its monotonic clock goes on as ever.

    A resilient client counts the life that the server grants on its monotonic clock, and notices nothing. One that
    compares the end of a token with its own wall clock uses dead tokens, or throws good ones away. Only a workload
    with libfaketime can be moved, in which programs in Go never take part (wolfcw/libfaketime#195,
    cometbft/cometbft#2453). Source: failure catalogue, ``clock-workload-skewed``.
    """

    name = "clock-workload-skewed"
    group = "I"
    roles = frozenset({"workload"})
    takes = frozenset({"clock"})
    Args = WorkloadClockArgs
    Record = WorkloadClockRecord

    def prepare(self, target: str, args: WorkloadClockArgs, lab: Lab) -> WorkloadClockRecord:
        known = {variable.name: variable.value for variable in lab.containers.environment(target)}
        if "faketime" not in known.get(_PRELOAD, "") or not known.get(_FILE, "").startswith("/"):
            raise FaultNotPossible(
                f"the clock of {target} cannot be set: it needs libfaketime ({_PRELOAD} and {_FILE}), as the "
                "clocked-workload of compose/workload.yaml has it"
            )
        port = lab.port(target)
        if port is None:
            raise FaultNotPossible(f"{target} is not probed by HTTP, so nobody could see which time it goes by")
        if (lab.containers.read(target, known[_FILE]) or "").strip() not in _RIGHT:
            raise FaultNotPossible(f"the clock of {target} is set off already, by {known[_FILE]}")
        if not lab.containers.can_run(target, _PYTHON):
            raise FaultNotPossible(f"{target} has no {_PYTHON}, so nobody could see which time it goes by")
        offset = args.by if args.way == "ahead" else -args.by
        return WorkloadClockRecord(service=target, file=known[_FILE], port=port, offset=offset)

    def inject(self, record: WorkloadClockRecord, args: WorkloadClockArgs, lab: Lab, rng: Random) -> None:
        lab.containers.write_files(record.service, {record.file: f"{record.offset:+.0f}\n"})

    def observe(self, record: WorkloadClockRecord, lab: Lab) -> str | None:
        ahead = self._ahead(record, lab)
        if abs(ahead - record.offset) > _ROUGH or abs(ahead) <= _ROUGH:
            return None
        way = "ahead" if ahead > 0 else "behind"
        return f"the wall clock of {record.service} is {abs(ahead):.0f} s {way}, by the date of its answers"

    def undo(self, record: WorkloadClockRecord, lab: Lab) -> None:
        if (lab.containers.read(record.service, record.file) or "").strip() not in _RIGHT:
            lab.containers.write_files(record.service, {record.file: "+0\n"})

    def healed(self, record: WorkloadClockRecord, lab: Lab) -> str | None:
        if lab.containers.state(record.service) == "exited":  # by itself: a fragile workload may not live through this
            text = (lab.containers.read(record.service, record.file) or "").strip()
            return f"{record.service} has ended, and would start with the right time" if text == "+0" else None
        if abs(self._ahead(record, lab)) > _ROUGH:
            return None
        return f"the wall clock of {record.service} is right, by the date of its answers"

    @staticmethod
    def _ahead(record: WorkloadClockRecord, lab: Lab) -> float:
        command = ["env", "-u", _PRELOAD, _PYTHON, "-c", ASK, str(record.port)]
        now, _, date = lab.containers.execute(record.service, command).strip().partition(" ")
        try:
            return parsedate_to_datetime(date).timestamp() - float(now)
        except ValueError as error:
            raise EnvironmentUnusable(f"{record.service} answers without a date") from error
