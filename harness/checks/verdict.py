"""The verdict algebra: fail > inconclusive > pass.

After Jepsen's ``checker.clj``: three values with priorities, merged by taking the highest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one check, or a whole run, came to."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


_SEVERITY = {Outcome.PASS: 0, Outcome.INCONCLUSIVE: 1, Outcome.FAIL: 2}

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3}


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """The most severe of *outcomes*; nothing at all is inconclusive, because nothing was shown."""
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing seen, and when (seconds on the run's clock)."""

    t: float
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    ``summary`` is one sentence that stands alone ("logged in again 1.2 s after undo, limit 10 s").
    ``degraded`` marks a pass that was reached only through break-glass.
    """

    outcome: Outcome
    summary: str
    evidence: tuple[Evidence, ...] = ()
    degraded: bool = False


def passed(summary: str, *evidence: Evidence, degraded: bool = False) -> Finding:
    return Finding(Outcome.PASS, summary, evidence, degraded)


def failed(summary: str, *evidence: Evidence) -> Finding:
    return Finding(Outcome.FAIL, summary, evidence)


def inconclusive(summary: str, *evidence: Evidence) -> Finding:
    return Finding(Outcome.INCONCLUSIVE, summary, evidence)
