"""The plan: what a run will do, and when. Plain data, fixed before anything is started."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from harness.history.events import PlannedLoss, PredictedFate
from harness.scenario.awaiting import Awaited
from harness.scenario.base import StrictModel
from harness.scenario.stopping import StopCondition


class Action(StrEnum):
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True, slots=True)
class Wait:
    """What a step waits for, whose time nobody knows beforehand. All in seconds; of the timeline: from its start.

    The wait begins when the step ``since`` has begun; with none, when the shortest baseline is over. Then ``what`` has
    to be seen, in ``limit`` seconds at most, or it is given up; with none, nothing but ``delay`` is waited for.
    """

    since: str  # fault_id
    what: Awaited | None
    limit: float
    delay: float  # from when it was seen to the step
    earliest: float  # of the timeline
    latest: float  # likewise

    def as_document(self) -> dict[str, object]:
        """What decides when the step comes, as plain data."""
        if self.what is None:
            return {"since": self.since, "after": round(self.delay, 6)}
        return {
            "since": self.since,
            "awaits": self.what.as_document(),
            "within": round(self.limit, 6),
            "after": round(self.delay, 6),
        }


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One thing to do at one moment. ``at`` in seconds from the start of the timeline, None for one that waits."""

    at: float | None
    action: Action
    fault_id: str  # "timeline.N", N being the place in the scenario
    fault: str
    target: str
    role: str  # of the target: vault, idp, resource, …
    args: StrictModel
    operator: bool
    instant: bool  # nothing will be undone, so it has no end
    wait: Wait | None = None  # of a step without a time

    @property
    def earliest(self) -> float:
        return self.wait.earliest if self.wait else self.at or 0.0

    @property
    def latest(self) -> float:
        return self.wait.latest if self.wait else self.at or 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Whom the faults lock out, by what the topology says; as it goes into the history."""

    faults: tuple[PlannedLoss, ...] = ()
    workloads: tuple[PredictedFate, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All times in seconds. The timeline starts when the steady state has been proven."""

    scenario: str
    seed: int
    steps: tuple[PlannedStep, ...]  # in the order of execution; those that wait stand where they come at the earliest
    observe_for: float  # after the last step
    period: float  # between two probes of one workload
    workloads: tuple[str, ...]  # those that are started, and so probed
    stop_if: tuple[StopCondition, ...] = ()
    bystanders: tuple[str, ...] = ()  # workloads out of reach of all faults; follows from the rest, so not in the hash
    forecast: Forecast = field(default_factory=Forecast)  # likewise

    @property
    def length(self) -> float:
        """From the start of the timeline to the end of the recovery; at most, if a step waits."""
        return max((step.latest for step in self.steps), default=0.0) + self.observe_for

    @property
    def waits(self) -> bool:
        """Whether a step comes at a time that is not known beforehand."""
        return any(step.wait for step in self.steps)

    @property
    def awaited(self) -> tuple[Awaited, ...]:
        """All that its steps wait for."""
        return tuple(step.wait.what for step in self.steps if step.wait and step.wait.what)

    def rng(self, fault_id: str) -> Random:
        """The source of randomness of one fault, the same in each run with this seed."""
        return Random(f"{self.seed}/{fault_id}")  # noqa: S311 (repeatable on purpose)

    def hash(self) -> str:
        """SHA-256, in hex, of everything in the plan; equal for equal scenario, topology and seed."""
        return hashlib.sha256(json.dumps(self.as_document(), sort_keys=True).encode()).hexdigest()

    def as_document(self) -> dict[str, object]:
        """The plan as plain data, for ``lockout plan --json``."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "length": round(self.length, 6),
            "observe_for": round(self.observe_for, 6),
            "period": round(self.period, 6),
            "workloads": list(self.workloads),
            "stop_if": [condition.as_document() for condition in self.stop_if],
            "steps": [
                {
                    "at": None if step.at is None else round(step.at, 6),
                    "action": str(step.action),
                    "id": step.fault_id,
                    "operator" if step.operator else "fault": step.fault,
                    "on": step.target,
                    "with": step.args.as_document(),
                    "instant": step.instant,
                    **(step.wait.as_document() if step.wait else {}),
                }
                for step in self.steps
            ],
        }
