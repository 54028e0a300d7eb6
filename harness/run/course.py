"""What is left of a plan while it is carried out, and what of it is due. Pure: it is told the time.

All times are seconds since the timeline began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.plan.model import Action, PlannedStep, Wait
from harness.scenario.awaiting import Awaited
from harness.scenario.order import SHORTEST_BASELINE


@dataclass(frozen=True, slots=True)
class Watch:
    """A step that waits for an observation now."""

    step: PlannedStep
    what: Awaited
    since: float  # from when on it counts
    begun: float  # when the wait began, which is before that if a step was still being set about
    until: float  # when it is given up


@dataclass(frozen=True, slots=True)
class _Begin:
    """When a step was set about, and when that was done."""

    t: float
    done: float


class Course:
    """Hands out the steps of a plan, each when it is due."""

    def __init__(self, steps: Sequence[PlannedStep]) -> None:
        self._left = list(steps)
        self._begun = {"": _Begin(SHORTEST_BASELINE, SHORTEST_BASELINE)}
        self._seen: dict[tuple[str, Action], float] = {}

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return not self._left

    def begun(self, step: PlannedStep, t: float, done: float) -> None:
        """*step*, which is a begin, was set about at *t*, and that took until *done*."""
        self._begun[step.fault_id] = _Begin(t, done)

    def watched(self, now: float) -> Iterator[Watch]:
        """The steps that wait for something to be seen, in the order of the plan."""
        for step in self._left:
            wait = step.wait
            if wait is None or wait.what is None or _key(step) in self._seen:
                continue
            since = self._begun.get(wait.since)
            if since is not None and now >= since.done:
                yield Watch(step, wait.what, since.done, since.t, since.t + wait.limit)

    def seen(self, step: PlannedStep, now: float) -> None:
        """What *step* waits for was seen."""
        self._seen[_key(step)] = now

    def take(self, now: float) -> PlannedStep | None:
        """The next step that is due, which is then no longer left."""
        due = [(t, index) for index, step in enumerate(self._left) if (t := self._due(step)) is not None and t <= now]
        return self._left.pop(min(due)[1]) if due else None

    def _due(self, step: PlannedStep) -> float | None:
        if step.wait is None:
            return step.at
        start = self._start(step, step.wait)
        return None if start is None else start + step.wait.delay

    def _start(self, step: PlannedStep, wait: Wait) -> float | None:
        """What the delay counts from."""
        if wait.what is not None:
            return self._seen.get(_key(step))
        begun = self._begun.get(wait.since)
        return None if begun is None else begun.t


def _key(step: PlannedStep) -> tuple[str, Action]:
    return (step.fault_id, step.action)
