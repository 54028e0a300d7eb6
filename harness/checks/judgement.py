"""What judging a history yields: plain data, which reports read and never change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from harness.checks.verdict import Finding, Outcome
from harness.domains.model import Fate


class Status(StrEnum):
    """How one claim about a workload ended, with accepted risks taken into account."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    DEGRADED = "degraded"  # passed, but only through break-glass
    ACCEPTED = "accepted"  # failed, and the risk is accepted until a date that has not passed
    ACCEPTED_PASSES = "accepted-passes"  # an accepted risk that passed after all: tell the owner
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class AcceptedRisk:
    reason: str
    until: date  # the last day on which the risk is accepted


@dataclass(frozen=True, slots=True)
class Result:
    """One expectation, judged. ``workload`` is empty for findings about the run as a whole."""

    workload: str
    expectation: str  # such as "re_authenticates"; for the run: "fault_observed", "undo_verified", …
    status: Status
    finding: Finding
    limit: str = ""  # the claim in words: "within 10s after undo"
    accepted_risk: AcceptedRisk | None = None
    controls: tuple[str, ...] = ()
    about_access: bool = False  # whether the claim is about having access


@dataclass(frozen=True, slots=True)
class Measured:
    """A length of time in seconds and the largest error that sampling can have caused."""

    seconds: float
    error: float


@dataclass(frozen=True, slots=True)
class WorkloadSummary:
    """What happened to one workload, over all its expectations."""

    workload: str
    status: Status  # the most severe of its results
    how: str  # "served cached, re-authenticated", "failed over to vault-secondary", "locked out", …
    outage: Measured | None = None  # total time without access, from the first fault to the end; None: no sample
    detect: Measured | None = None  # from inject to the first failed sample; None: never failed
    recover: Measured | None = None  # from undo to green for good (0 if green throughout); None: never recovered
    locked_out: bool = False  # without access when the run ended


class Observed(StrEnum):
    """What the faults did to the access of a workload while they lasted."""

    SURVIVED = "survived"
    DEGRADED = "degraded"  # it had access, but not through its primary path
    LOCKED_OUT = "locked-out"
    FAILED_OPEN = "failed-open"  # it had access when it should have been refused


@dataclass(frozen=True, slots=True)
class RadiusRow:
    """Predicted against observed blast radius, for one workload."""

    workload: str
    predicted: Fate | None  # None: no prediction
    predicted_words: str  # "degraded: by its cached path", "no prediction"
    observed: Observed | None  # None: cannot be told
    observed_words: str  # "locked out for 6.2 s"
    difference: str = ""  # what is wrong with the prediction: goes on from the workload's name
    remark: str = ""  # why there is no prediction, or what else is to be said of the comparison
    settled: bool = True  # whether the two could be compared, if there is a prediction


@dataclass(frozen=True, slots=True)
class CardRow:
    """One property of break-glass, judged."""

    number: int  # as in the failure catalogue, section 5
    property: str  # "isolated"
    title: str  # "Isolated from the normal path"
    status: Status
    finding: Finding


@dataclass(frozen=True, slots=True)
class Card:
    """What a drill showed of one emergency procedure: its thirteen properties, in their order."""

    procedure: str
    method: str
    opens: str  # service
    rows: tuple[CardRow, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    outcome: Outcome
    results: tuple[Result, ...]  # claims of the scenario, in its order; without a workload: about the run as a whole
    run_results: tuple[Result, ...]  # claims that are made about every run
    workloads: tuple[WorkloadSummary, ...] = field(default=())
    radius: tuple[RadiusRow, ...] = field(default=())  # of all workloads that were probed; none without a fault
    card: Card | None = None  # of a break-glass drill
