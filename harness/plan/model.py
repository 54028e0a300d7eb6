"""The plan: what a run will do, and when. Plain data, fixed before anything is started."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from harness.scenario.base import StrictModel
from harness.scenario.stopping import StopCondition


class Action(StrEnum):
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One thing to do at one moment. ``at`` in seconds from the start of the timeline."""

    at: float
    action: Action
    fault_id: str  # "timeline.N", N being the place in the scenario
    fault: str
    target: str
    role: str  # of the target: vault, idp, resource, …
    args: StrictModel
    operator: bool
    instant: bool  # nothing will be undone, so it has no end


@dataclass(frozen=True, slots=True)
class Plan:
    """All times in seconds. The timeline starts when the steady state has been proven."""

    scenario: str
    seed: int
    steps: tuple[PlannedStep, ...]  # in the order of execution
    observe_for: float  # after the last step
    period: float  # between two probes of one workload
    workloads: tuple[str, ...]  # those that are started, and so probed
    stop_if: tuple[StopCondition, ...] = ()
    bystanders: tuple[str, ...] = ()  # workloads out of reach of all faults; follows from the rest, so not in the hash

    @property
    def length(self) -> float:
        """From the start of the timeline to the end of the recovery."""
        return (self.steps[-1].at if self.steps else 0.0) + self.observe_for

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
                    "at": round(step.at, 6),
                    "action": str(step.action),
                    "id": step.fault_id,
                    "operator" if step.operator else "fault": step.fault,
                    "on": step.target,
                    "with": step.args.as_document(),
                    "instant": step.instant,
                }
                for step in self.steps
            ],
        }
