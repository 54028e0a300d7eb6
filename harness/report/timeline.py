"""The view model of a run over time: lanes, bands and marks, made in one pass over the events.

It holds what can be drawn, not what was recorded: samples become segments, and everything that may come in
any number is bounded, so that a run of a day takes no more memory than a run of a minute.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.checks.judgement import Judgement, Result, Status
from harness.history import events as ev
from harness.report.lane import (
    ContainerMark,
    CredentialKind,
    CredentialMark,
    Lane,
    LaneBuilder,
    gap_of,
)
from harness.scenario.base import parse_duration

DEFAULT_LIMIT = 600  # of each kind of thing on a lane; a page has about that many dots to draw them with
_FAULT_EVENTS = (ev.FaultInjected, ev.FaultObserved, ev.FaultUndoing, ev.FaultUndone, ev.FaultFailed)
_CONTAINER_ACTIONS = frozenset({"die", "start", "restart", "oom"})
_DEADLINE = re.compile(r"within (?P<within>\d+(?:\.\d+)?(?:ms|s|m|h))(?: after (?P<anchor>inject|undo|opening))?")


@dataclass(frozen=True, slots=True)
class FaultBand:
    """A fault, or a planned act of an operator, from inject to undone; times in seconds, ``None``: never."""

    fault_id: str
    fault: str
    target: str
    operator: bool
    start: float  # injecting
    injected: float | None = None
    observed: float | None = None  # first seen to bite
    evidence: str = ""
    undoing: float | None = None
    end: float | None = None  # undone
    verified: bool = False
    error: str = ""
    began_with: str = ""  # what it waited for to begin, as the scenario words it; empty if it had its time
    ended_with: str = ""  # likewise to end


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    phase: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class EvidenceMark:
    t: float
    text: str


@dataclass(frozen=True, slots=True)
class ExpectationMark:
    """A claim on a lane. ``deadline`` is the moment its limit ends, ``None`` for a claim without one."""

    workload: str
    expectation: str
    limit: str
    status: Status
    deadline: float | None
    evidence: tuple[EvidenceMark, ...] = ()

    @property
    def met(self) -> bool:
        return self.status in (Status.PASS, Status.DEGRADED, Status.ACCEPTED_PASSES)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Seconds on the run's clock throughout. ``start`` is where the baseline begins: set-up is not drawn."""

    start: float = 0.0
    end: float = 0.0
    period: float = 0.0  # between two samples of one workload; 0: unknown
    lanes: tuple[Lane, ...] = ()
    bands: tuple[FaultBand, ...] = ()
    phases: tuple[PhaseSpan, ...] = ()
    containers: tuple[ContainerMark, ...] = ()  # of services that are not workloads
    omitted: int = 0  # things seen but not kept, beyond those of the lanes

    @staticmethod
    def from_events(events: Iterable[ev.AnyEvent], limit: int = DEFAULT_LIMIT) -> Timeline:
        """One pass over *events*; at most about *limit* segments, and marks of each kind, per lane."""
        builder = TimelineBuilder(max(limit, 2))
        for event in events:
            builder.take(event)
        return builder.finish()

    def lanes_of(self, judgement: Judgement) -> tuple[Lane, ...]:
        """The lanes in the order of the judgement, an empty one for a workload without any event."""
        known = {lane.workload: lane for lane in self.lanes}
        judged = [summary.workload for summary in judgement.workloads]
        empty = LaneBuilder("", 2).finish(self.start, self.end, gap_of(self.period))
        return (
            *(known.get(name) or replace(empty, workload=name) for name in judged),
            *(lane for lane in self.lanes if lane.workload not in set(judged)),
        )

    def expectation_marks(self, judgement: Judgement) -> tuple[ExpectationMark, ...]:
        """One mark per claim about a workload, with its deadline on this run's clock."""
        return tuple(
            ExpectationMark(
                result.workload,
                result.expectation,
                result.limit,
                result.status,
                self._deadline(result),
                tuple(EvidenceMark(item.t, item.text) for item in result.finding.evidence),
            )
            for result in judgement.results
        )

    def _deadline(self, result: Result) -> float | None:
        match = _DEADLINE.search(result.limit)
        if match is None:
            return None
        undo = match["anchor"] == "undo"
        anchors = {t: band for band in self.bands if (t := band.end if undo else band.injected) is not None}
        # A check that counts from the inject or undo of one certain fault names that moment in its evidence.
        named = next((item.t for item in result.finding.evidence if item.t in anchors), None)
        if named is None:
            opening = match["anchor"] == "opening"  # of break-glass, which is an act of an operator
            meant = [t for t, band in anchors.items() if band.operator is opening]
            named = max(meant, default=None) if undo else min(meant, default=None)
        return None if named is None else named + parse_duration(match["within"])


@dataclass(slots=True)
class TimelineBuilder:
    """Makes a Timeline of events taken one by one, in bounded memory; *limit* as for ``Timeline.from_events``."""

    limit: int = DEFAULT_LIMIT
    period: float = 0.0
    gap: float = gap_of(0.0)
    lanes: dict[str, LaneBuilder] = field(default_factory=dict)
    bands: dict[str, FaultBand] = field(default_factory=dict)
    begins: dict[str, str] = field(default_factory=dict)  # what steps that are still to begin have seen
    phases: list[tuple[str, float]] = field(default_factory=list)
    containers: list[ContainerMark] = field(default_factory=list)
    first_sample: float | None = None
    last: float = 0.0  # last moment that belongs in the picture
    drawing: bool = True  # neither set-up nor teardown is drawn
    omitted: int = 0

    def take(self, event: ev.AnyEvent) -> None:
        if type(event) is ev.Sample:  # first and at once, because nearly all events are samples
            if self.drawing:
                if self.first_sample is None:
                    self.first_sample = event.t
                if event.t > self.last:
                    self.last = event.t
                lane = self.lanes.get(event.workload) or self._lane(event.workload)
                lane.sample(event, self.gap)
        elif isinstance(event, ev.PhaseEntered):
            self.phases.append((event.phase, event.t))
            if self.drawing:
                self.last = max(self.last, event.t)
            self.drawing = event.phase not in ("setup", "teardown")
        elif isinstance(event, ev.RunStarted):
            self.period = event.period
            self.gap = gap_of(event.period)
        elif isinstance(event, _FAULT_EVENTS):  # also in teardown, where an interrupted run undoes
            self._advance(event)
            if self.drawing:
                self.last = max(self.last, event.t)
        elif self.drawing:
            self.last = max(self.last, event.t)
            self._draw(event)

    def _draw(self, event: ev.AnyEvent) -> None:
        match event:
            case ev.VaultRequest() | ev.IdpRequest():
                self._credential(event)
            case ev.ContainerEvent() if event.action in _CONTAINER_ACTIONS:
                self._container(event)
            case ev.FaultInjecting():
                self._band(event)
            case ev.ConditionMet():
                self._condition(event)
            case _:
                pass

    def _lane(self, workload: str) -> LaneBuilder:
        lane = self.lanes.get(workload)
        if lane is None:
            lane = self.lanes[workload] = LaneBuilder(workload, self.limit)
        return lane

    def _container(self, event: ev.ContainerEvent) -> None:
        mark = ContainerMark(event.t, event.service, event.action, event.exit_code, event.by_lockout)
        if event.service in self.lanes:
            self.lanes[event.service].container(mark)
        elif len(self.containers) < self.limit:
            self.containers.append(mark)
        else:
            self.omitted += 1

    def _credential(self, event: ev.VaultRequest | ev.IdpRequest) -> None:
        if not (event.workload and event.ok):
            return
        if isinstance(event, ev.IdpRequest):
            if event.endpoint == "token":
                mark = CredentialMark(event.t, CredentialKind.TOKEN, source=event.idp)
                self._lane(event.workload).credential(mark)
        elif event.login or event.renewal:
            kind = CredentialKind.LOGIN if event.login else CredentialKind.RENEWAL
            self._lane(event.workload).credential(CredentialMark(event.t, kind, source=event.vault))

    def _band(self, event: ev.FaultInjecting) -> None:
        if len(self.bands) >= self.limit:
            self.omitted += 1
            return
        self.bands[event.fault_id] = FaultBand(
            event.fault_id,
            event.fault,
            event.target,
            event.operator,
            event.t,
            began_with=self.begins.get(event.fault_id, ""),
        )

    def _condition(self, event: ev.ConditionMet) -> None:
        if event.action == "end" and event.fault_id in self.bands:
            self.bands[event.fault_id] = replace(self.bands[event.fault_id], ended_with=event.condition)
        elif event.action == "begin" and len(self.begins) < self.limit:
            self.begins[event.fault_id] = event.condition

    def _advance(
        self,
        event: ev.FaultInjected | ev.FaultObserved | ev.FaultUndoing | ev.FaultUndone | ev.FaultFailed,
    ) -> None:
        band = self.bands.get(event.fault_id)
        if band is None:
            return
        match event:
            case ev.FaultInjected():
                band = replace(band, injected=event.t)
            case ev.FaultObserved() if band.observed is None:
                band = replace(band, observed=event.t, evidence=event.evidence)
            case ev.FaultUndoing():
                band = replace(band, undoing=event.t)
            case ev.FaultUndone():
                band = replace(band, end=event.t, verified=event.verified)
            case ev.FaultFailed():
                band = replace(band, error=f"{event.stage}: {event.error}")
            case _:
                pass
        self.bands[event.fault_id] = band

    def finish(self) -> Timeline:
        starts = [t for phase, t in self.phases if phase == "baseline"]
        if not starts and self.first_sample is not None:
            starts = [self.first_sample]
        start = min([*starts, *(band.start for band in self.bands.values())], default=0.0)
        end = max(self.last, start)
        for mark in self.containers:  # seen before the first sample of its workload
            if mark.service in self.lanes:
                self.lanes[mark.service].container(mark)
        return Timeline(
            start,
            end,
            self.period,
            tuple(lane.finish(start, end, self.gap) for lane in self.lanes.values()),
            tuple(self.bands.values()),
            _spans(self.phases, end),
            tuple(mark for mark in self.containers if mark.service not in self.lanes),
            self.omitted,
        )


def _spans(phases: Sequence[tuple[str, float]], end: float) -> tuple[PhaseSpan, ...]:
    ends = [*(t for _, t in phases[1:]), max(end, phases[-1][1])] if phases else []
    return tuple(PhaseSpan(phase, t, until) for (phase, t), until in zip(phases, ends, strict=True))
