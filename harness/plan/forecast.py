"""Whom the faults of a timeline lock out, by the needs and the access paths that the topology declares. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from harness.domains.build import estate_of
from harness.domains.model import AllOf, AnyOf, AtLeast, Component, Estate, Fate, Need, Prediction, Workload
from harness.domains.predict import predict
from harness.history.events import PlannedLoss, PredictedFate
from harness.plan.model import Forecast
from harness.plan.radius import needed_by, reached
from harness.scenario.effect import EVERY_WORKLOAD, UNFORESEEN, Effect
from harness.scenario.order import Span, spans
from harness.scenario.steps import Step
from harness.scenario.vocabulary import FaultKind
from harness.topology.model import Topology
from harness.topology.needs import names

BREAK_GLASS = "break-glass"
"""The path that stands only while an operator has it open."""

_SEVERITY = (Fate.SAFE, Fate.DEGRADED, Fate.LOCKED_OUT)


def forecast(
    timeline: Sequence[Step], topology: Topology, started: Set[str], faults: Mapping[str, FaultKind]
) -> Forecast:
    """The worst that *timeline* does to each workload of *topology* that is *started*.

    A fault that waits is taken to last from when it may begin to when it has to end, and break-glass to be open only
    for as long as is sure. What is not started is lost all the time. A fault of which nobody can tell what it takes
    away leaves all that it may reach without a prediction, and so does a topology that says nothing of a workload's
    access.
    """
    estate = estate_of(topology)
    effects = [_effect_of(step, faults.get(step.name)) for step in timeline]
    times = zip(spans(timeline), effects, strict=True)
    known = [_on(span, effect) for span, effect in times if effect]
    absent = frozenset(name for name in estate.component if name in topology.services and name not in started)
    probed = [name for name in topology.workloads if name in started]
    unknown = _unforeseen(timeline, effects, faults, {name: needed_by(name, topology, estate) for name in probed})
    unknown |= dict.fromkeys(estate.undeclared, "declares no access paths (x-lockout: access)")
    fates = _fates(estate, known, absent)
    return Forecast(
        tuple(_planned(index, step, effects[index], faults) for index, step in enumerate(timeline)),
        tuple(PredictedFate(workload=name, why=unknown[name]) if name in unknown else fates[name] for name in probed),
    )


def _effect_of(step: Step, kind: FaultKind | None) -> Effect | None:
    return kind.effect(step.on, step.args) if kind else None


def _why(step: Step, faults: Mapping[str, FaultKind]) -> str:
    kind = faults.get(step.name)
    return f"{step.name} on {step.on} {kind.unforeseen if kind else UNFORESEEN}"


def _planned(index: int, step: Step, effect: Effect | None, faults: Mapping[str, FaultKind]) -> PlannedLoss:
    fault_id, lasts = f"timeline.{index}", step.longest
    waits = step.when is not None or step.until is not None
    if effect is None:
        return PlannedLoss(fault_id=fault_id, lasts=lasts, waits=waits, unforeseen=_why(step, faults))
    return PlannedLoss(
        fault_id=fault_id,
        lost=tuple(sorted(effect.lost)),
        of=tuple(sorted(effect.of or ())),
        unheard=effect.unheard,
        restarted=tuple(sorted(effect.restarted)),
        lasts=lasts,
        waits=waits,
    )


def _unforeseen(
    timeline: Sequence[Step],
    effects: Sequence[Effect | None],
    faults: Mapping[str, FaultKind],
    needed: Mapping[str, frozenset[str]],
) -> dict[str, str]:
    """The workloads for whom nobody can tell what *timeline* does to them, and why. *needed* is what each may need."""
    found: dict[str, str] = {}
    for step, effect in zip(timeline, effects, strict=True):
        if effect is None and step.fault:
            hit = reached(step, needed) & needed.keys()
            for name in needed:
                if name in hit or needed[name] & hit:
                    found.setdefault(name, _why(step, faults))
    return found


@dataclass(frozen=True, slots=True)
class _On:
    """A step from when to when it lasts."""

    start: float
    end: float
    effect: Effect


def _on(span: Span, effect: Effect) -> _On:
    if effect.opens:
        return _On(span.begins_by, max(span.begins_by, span.ends), effect)
    return _On(span.begins, span.ends_by, effect)


def _fates(estate: Estate, steps: Sequence[_On], absent: frozenset[str]) -> Mapping[str, PredictedFate]:
    """The worst fate of each workload over all the time in which something is the matter."""
    courses = {one.name: _Course(one.name) for one in estate.workloads}
    moments = sorted({moment for on in steps for moment in (on.start, on.end)})
    quiet = _Stretch(estate, absent, ())
    for name, course in courses.items():
        course.begin(quiet.for_good[name])
    for start, end in pairwise(moments):
        now = _Stretch(estate, absent, tuple(on.effect for on in steps if on.start <= start < on.end))
        for course in courses.values():
            course.go_on(start, end, now)
    return {name: course.worst for name, course in courses.items()}


class _Stretch:
    """A time in which nothing changes. What each workload is in for depends only on how long that has been so."""

    def __init__(self, estate: Estate, absent: frozenset[str], effects: Collection[Effect]) -> None:
        opened = frozenset[str]().union(*(effect.opens for effect in effects))
        self._estate = _own(_shut(estate, opened), [effect for effect in effects if effect.of is not None])
        there = self._estate.component.keys()
        everywhere = (effect.lost for effect in effects if effect.of is None)
        private = there - estate.component.keys()
        self._lost = absent.union(private, *everywhere) & there
        self._restarted = frozenset[str]().union(*(effect.restarted for effect in effects)) & there - self._lost
        self._after: dict[float, Mapping[str, Prediction]] = {}

    @cached_property
    def for_good(self) -> Mapping[str, Prediction]:
        """The fates if it were never to end: by what lasts."""
        return predict(self._estate, self._lost, None, self._restarted)

    def after(self, seconds: float) -> Mapping[str, Prediction]:
        if seconds not in self._after:
            self._after[seconds] = predict(self._estate, self._lost, seconds, self._restarted)
        return self._after[seconds]

    def holds(self, workload: str) -> float:
        """For how many seconds *workload* has access, by its own cached path or by that of another that it needs."""
        lives = {path.lasts for one in self._estate.workloads for path in one.paths if path.lasts is not None}
        return next((life for life in sorted(lives, reverse=True) if not _is_out(self.after(life)[workload])), 0.0)


def _is_out(prediction: Prediction) -> bool:
    return prediction.fate is Fate.LOCKED_OUT


@dataclass(slots=True)
class _Course:
    """What becomes of one workload, stretch by stretch. Times are seconds of the timeline."""

    workload: str
    worst: PredictedFate = field(init=False)
    _living_since: float | None = None  # from when on it has nothing that lasts
    _out_since: float | None = None

    def begin(self, quiet: Prediction) -> None:
        self.worst = PredictedFate(workload=self.workload, fate=quiet.fate.value, by=quiet.by or "")
        if _is_out(quiet):
            why = "has no access on paper even before the first fault: what it needs is declared wrongly"
            self.worst = PredictedFate(workload=self.workload, why=why)

    def go_on(self, start: float, end: float, now: _Stretch) -> None:
        lasting = now.for_good[self.workload]
        if not _is_out(lasting):
            self._living_since = self._out_since = None
            self._consider(lasting)
            return
        since = self._living_since = start if self._living_since is None else self._living_since
        holds, so_far = now.holds(self.workload), round(end - since, 6)
        if so_far <= holds:
            self._consider(now.after(so_far)[self.workload], round(holds - so_far, 6))
            return
        out = self._out_since = max(start, since + holds) if self._out_since is None else self._out_since
        self._consider(Prediction(Fate.LOCKED_OUT), after=round(out - since, 6), without=round(end - out, 6))

    def _consider(
        self, found: Prediction, spare: float | None = None, *, after: float = 0.0, without: float = 0.0
    ) -> None:
        worst = self.worst
        if not worst.fate:
            return
        fate, by = found.fate.value, found.by or ""
        new = PredictedFate(workload=self.workload, fate=fate, by=by, after=after, without=without, spare=spare)
        if _rank(new) > _rank(worst):
            self.worst = new


def _rank(fate: PredictedFate) -> tuple[int, float, float]:
    """The worse, the higher: of two that are locked out the longer, of two that live on a cache the closer one."""
    closeness = 0.0 if fate.spare is None else 1 / (1 + fate.spare)
    return _SEVERITY.index(Fate(fate.fate)), fate.without, closeness


def _shut(estate: Estate, opened: Set[str]) -> Estate:
    """*estate* without the break-glass paths of which nothing is *opened*."""

    def usable(workload: Workload) -> Workload:
        paths = tuple(
            path for path in workload.paths if path.name != BREAK_GLASS or not opened.isdisjoint(names(path.needs))
        )
        return replace(workload, paths=paths)

    return Estate(estate.components, tuple(map(usable, estate.workloads)), estate.undeclared)


def _own(estate: Estate, effects: Collection[Effect]) -> Estate:
    """*estate* in which what is lost to single workloads is, for each, a component of its own."""
    lost: dict[str, dict[str, str]] = {}
    for effect in effects:
        for name in estate.workload if effect.of == EVERY_WORKLOAD else effect.of or ():
            lost.setdefault(name, {}).update({one: f"{one} for {name}" for one in effect.lost})
    components = {one.name: one for one in estate.components}
    workloads = {one.name: one for one in estate.workloads}
    for name, own in lost.items():
        if name in workloads:
            components |= {alias: Component(alias, None) for alias in own.values()}
            if (needs := components[name].needs) is not None:
                components[name] = replace(components[name], needs=_renamed(needs, own))
            paths = tuple(replace(path, needs=_renamed(path.needs, own)) for path in workloads[name].paths)
            workloads[name] = replace(workloads[name], paths=paths)
    ordered = tuple(components[name] for name in sorted(components))
    return Estate(ordered, tuple(workloads.values()), estate.undeclared)


def _renamed(need: Need, new: Mapping[str, str]) -> Need:
    if isinstance(need, str):
        return new.get(need, need)
    parts = tuple(_renamed(one, new) for one in need.needs)
    if isinstance(need, AtLeast):
        return AtLeast(need.k, parts)
    return AllOf(parts) if isinstance(need, AllOf) else AnyOf(parts)
