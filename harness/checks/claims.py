"""What a run is judged against: plain data, into which the scenario layer turns a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from harness.checks.args import ExpectationArgs
from harness.checks.judgement import AcceptedRisk


@dataclass(frozen=True, slots=True)
class Claim:
    """One expectation about one workload. ``args`` is an instance of that expectation's ``Args``."""

    workload: str  # empty: about the run as a whole
    expectation: str
    args: ExpectationArgs
    accepted_risk: AcceptedRisk | None = None
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunClaims:
    """Everything claimed about a run. ``faults`` are the ids of all faults and operator acts that were planned."""

    claims: tuple[Claim, ...]
    faults: tuple[str, ...]
