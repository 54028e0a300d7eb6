"""A history, indexed: what checks ask, without reading a million events again for each question."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from harness.history.break_glass import BreakGlassEvent, Witnessed
from harness.history.events import (
    AnyEvent,
    ClockJumped,
    ContainerEvent,
    EngineLost,
    Event,
    FaultFailed,
    FaultInjected,
    FaultInjecting,
    FaultObserved,
    FaultUndoing,
    FaultUndone,
    IdpRequest,
    LeakFound,
    ObserverGap,
    PhaseEntered,
    ProxyConnection,
    RadiusPredicted,
    ResourceAccess,
    RunEnded,
    RunStarted,
    Sample,
    SteadyState,
    StopTripped,
    VaultRequest,
)
from harness.history.reader import read_events
from harness.history.samples import SHORTEST_HOLE, TOLERANCE, Outage, SampleColumns, Samples

ENGINE_DIES_EARLY = 15.0
"""Seconds before the loss of the engine was noticed in which it may have been killing containers already.

dockerd stops them before it goes, and gives them its ``--shutdown-timeout``, by default 15 s.
"""

_DEFAULT_PERIOD = 0.1

E = TypeVar("E", bound=Event)
_time = attrgetter("t")


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """One fault as it went. Times are seconds on the run's clock, None for what did not happen."""

    fault_id: str
    fault: str
    target: str
    role: str  # of the target, empty if the history does not tell
    operator: bool
    injecting: float
    injected: float | None = None
    observed: float | None = None
    evidence: str = ""  # that it bit
    undoing: float | None = None
    undone: float | None = None
    undo_verified: bool = False
    undo_evidence: str = ""
    error: str = ""
    error_stage: str = ""  # "inject", "observe" or "undo"
    instant: bool = False  # never over


class History:
    """Everything a verdict is computed from. Built once by :meth:`from_events`, never changed.

    ``horizon`` is the moment up to which what was seen says something about the workloads: the beginning of
    teardown, which takes their containers away, or of the loss of the engine, or else the end of what was recorded.
    Nothing later is in any of the answers, except leaks, which are looked for to the last word, and what hindered
    that (``unread``). Lists are in the order of time.
    """

    def __init__(self) -> None:
        self.started: RunStarted | None = None
        self.predicted: RadiusPredicted | None = None  # None: recorded by a lockout that did not predict
        self.ended: RunEnded | None = None
        self.horizon = 0.0
        self.sampled_until = 0.0  # until when samples are owed: the beginning of verification, or the horizon
        self.phases: Sequence[PhaseEntered] = ()
        self.faults: tuple[FaultSpan, ...] = ()  # by time of injecting
        self.steady: Sequence[SteadyState] = ()
        self.clock_jumps: Sequence[ClockJumped] = ()
        self.engine_losses: Sequence[EngineLost] = ()
        self.gaps: Sequence[ObserverGap] = ()
        self.unread: Sequence[ObserverGap] = ()  # gaps in the output of containers, in which secrets are looked for
        self.leaks: Sequence[LeakFound] = ()
        self.stops: Sequence[StopTripped] = ()
        self.containers: Sequence[ContainerEvent] = ()
        self.vault_requests: Sequence[VaultRequest] = ()
        self.idp_requests: Sequence[IdpRequest] = ()
        self.resource_accesses: Sequence[ResourceAccess] = ()
        self.proxy_connections: Sequence[ProxyConnection] = ()
        self.break_glass: Sequence[BreakGlassEvent] = ()  # the evidence of a drill
        self.witnessed: Sequence[Witnessed] = ()
        self._samples: dict[str, Samples] = {}
        self._first_wall = ""

    @classmethod
    def from_file(cls, path: Path) -> History:
        """The stored history at *path*.

        Raises:
            HistoryError: it cannot be read.
        """
        return cls.from_events(read_events(path))

    @classmethod
    def from_events(cls, events: Iterable[AnyEvent]) -> History:
        """Index *events*, which may come in any order."""
        history = cls()
        columns: dict[str, SampleColumns] = {}
        texts: dict[str, int] = {"": 0}
        code = texts.setdefault
        rarer: dict[type[Event], list[Event]] = {}
        latest = 0.0
        for event in events:
            if type(event) is Sample:
                column = columns.get(event.workload)
                if column is None:
                    column = columns[event.workload] = SampleColumns()
                column.add(
                    event.t,
                    event.ok,
                    event.latency,
                    code(event.error, len(texts)),
                    code(event.path, len(texts)),
                    code(event.credential, len(texts)),
                    code(event.instance, len(texts)),
                )
            else:
                rarer.setdefault(type(event), []).append(event)
                if event.t > latest:
                    latest = event.t
            if not history._first_wall:
                history._first_wall = event.wall
        history._settle(rarer, max([latest, *(column.last_answer() for column in columns.values())]))
        known = tuple(texts)
        history._samples = {name: column.finish(known, history.horizon) for name, column in columns.items()}
        return history

    def _settle(self, rarer: dict[type[Event], list[Event]], latest: float) -> None:
        def every(kind: type[E]) -> list[E]:
            found = [event for event in rarer.get(kind, ()) if isinstance(event, kind)]
            found.sort(key=_time)
            return found

        def seen(kind: type[E]) -> list[E]:
            found = every(kind)
            return found[: bisect_right(found, self.horizon + TOLERANCE, key=_time)]

        self.started = next(iter(every(RunStarted)), None)
        self.predicted = next(iter(every(RadiusPredicted)), None)
        self.ended = next(iter(every(RunEnded)), None)
        self.phases = every(PhaseEntered)
        self.engine_losses = every(EngineLost)
        ends = [latest if self.ended is None else self.ended.t]
        ends += [phase.t for phase in self.phases if phase.phase == "teardown"]
        ends += [lost.t - ENGINE_DIES_EARLY for lost in self.engine_losses]
        self.horizon = min(ends)
        verifying = [phase.t for phase in self.phases if phase.phase == "verify"]
        self.sampled_until = min((self.horizon, *verifying))
        self.faults = _spans(rarer)
        self.steady = every(SteadyState)
        self.clock_jumps = every(ClockJumped)
        self.leaks = every(LeakFound)
        self.stops = every(StopTripped)
        self.gaps = seen(ObserverGap)
        self.unread = [gap for gap in every(ObserverGap) if gap.service and not gap.entry]
        self.containers = seen(ContainerEvent)
        self.vault_requests = seen(VaultRequest)
        self.idp_requests = seen(IdpRequest)
        self.resource_accesses = seen(ResourceAccess)
        self.proxy_connections = seen(ProxyConnection)
        drilled = [one for kind, found in rarer.items() if issubclass(kind, BreakGlassEvent) for one in found]
        self.break_glass = sorted((one for one in drilled if isinstance(one, BreakGlassEvent)), key=_time)
        self.witnessed = seen(Witnessed)

    @property
    def completed(self) -> bool:
        """Whether the run went to its planned end."""
        return self.ended is not None and self.ended.ending == "completed" and not self.engine_losses

    @property
    def day(self) -> date | None:
        """The day (UTC) on which the run was started; None when the history does not tell."""
        try:
            wall = datetime.fromisoformat(self.started.wall if self.started else self._first_wall)
        except ValueError:
            return None
        return (wall.astimezone(UTC) if wall.tzinfo else wall).date()

    @property
    def period(self) -> float:
        """Seconds between two samples of one workload, as planned."""
        return self.started.period if self.started and self.started.period > 0 else _DEFAULT_PERIOD

    @property
    def longest_hole(self) -> float:
        """Seconds without samples that are put up with as jitter. In a longer hole anything may have happened."""
        return max(10 * self.period, SHORTEST_HOLE)

    @cached_property
    def requests(self) -> dict[str, list[VaultRequest | IdpRequest]]:
        """What each workload asked of Vaults and identity providers, as their journals attribute it, by time."""
        found: dict[str, list[VaultRequest | IdpRequest]] = {}
        journals: tuple[Sequence[VaultRequest | IdpRequest], ...] = (self.vault_requests, self.idp_requests)
        for journal in journals:
            for request in journal:
                found.setdefault(request.workload, []).append(request)
        for requests in found.values():
            requests.sort(key=_time)
        return found

    @cached_property
    def vaults(self) -> frozenset[str]:
        """The Vaults whose audit log the history has something from."""
        return frozenset(request.vault for request in self.vault_requests)

    @cached_property
    def idps(self) -> frozenset[str]:
        """The identity providers whose journal the history has something from."""
        return frozenset(request.idp for request in self.idp_requests)

    @property
    def workloads(self) -> tuple[str, ...]:
        """All workloads of which there is a sample."""
        return tuple(self._samples)

    def samples(self, workload: str) -> Samples:
        """The samples of *workload*, which may be none."""
        return self._samples.get(workload) or Samples()

    def outages(self, workload: str, start: float, end: float) -> list[Outage]:
        """The times from *start* to *end* in which *workload* had no access. See :meth:`Samples.outages`."""
        return self.samples(workload).outages(start, end)


def between(events: Sequence[E], start: float, end: float) -> Sequence[E]:
    """Those of *events*, which are in the order of time, from *start* to *end*, both included."""
    return events[bisect_left(events, start - TOLERANCE, key=_time) : bisect_right(events, end + TOLERANCE, key=_time)]


def _spans(rarer: dict[type[Event], list[Event]]) -> tuple[FaultSpan, ...]:
    spans: dict[str, FaultSpan] = {}
    kinds = (FaultInjecting, FaultInjected, FaultUndoing, FaultUndone, FaultObserved, FaultFailed)
    for kind in kinds:
        for event in sorted(rarer.get(kind, ()), key=_time):
            if isinstance(event, FaultInjecting):
                known = (event.fault_id, event.fault, event.target, event.role, event.operator, event.t)
                spans.setdefault(event.fault_id, FaultSpan(*known, instant=event.instant))
            elif isinstance(event, kinds) and event.fault_id in spans:
                spans[event.fault_id] = _told(spans[event.fault_id], event)
    return tuple(sorted(spans.values(), key=attrgetter("injecting")))


def _told(span: FaultSpan, event: Event) -> FaultSpan:
    """*span* with what *event* adds to it. Of several events of one kind the first counts, if nothing else is said."""
    match event:
        case FaultInjected() if span.injected is None:
            return replace(span, injected=event.t)
        case FaultObserved() if span.observed is None and (span.undone is None or event.t <= span.undone):
            return replace(span, observed=event.t, evidence=event.evidence)
        case FaultUndoing() if span.undoing is None:
            return replace(span, undoing=event.t)
        case FaultUndone() if not span.undo_verified:  # undoing may take several attempts: the first that worked
            return replace(span, undone=event.t, undo_verified=event.verified, undo_evidence=event.evidence)
        case FaultFailed() if not span.error or event.stage == "undo":
            return replace(span, error=event.error, error_stage=event.stage)
    return span
