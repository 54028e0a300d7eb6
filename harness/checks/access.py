"""Whether a workload had access when it should have, as its samples show."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Outcome
from harness.checks.windows import Anchor, open_times, was_open
from harness.history.events import ResourceAccess
from harness.history.index import History, between
from harness.history.samples import TOLERANCE, Samples


@dataclass(frozen=True, slots=True)
class Access:
    """Whether access was back in time and stayed.

    ``words`` continue a sentence about the workload: "had access in every sample from undo on", "had no access
    until 12.3 s after undo".
    """

    outcome: Outcome
    words: str
    evidence: tuple[Evidence, ...] = ()


def access_back(history: History, workload: str, start: Anchor, deadline: float, until: float) -> Access:
    """Whether *workload* had access at *deadline* at the latest, and from there up to *until*.

    The sample after the last failed one is the recovery, and must have been sent at *deadline* or before: exactly
    at it is in time. One failed sample after that, and access was not back for good. A failed sample is evidence by
    itself; to have access takes samples all the way. So it cannot be told when no probe was sent between the anchor
    and *deadline*, when probes were missing around the moment that decides, or when *until* came before *deadline*
    and access was not yet back.

    Raises:
        CannotTellError: no sample from the anchor to *deadline*.
    """
    samples = history.samples(workload)
    where = samples.between(start.opens, until)
    if until < history.horizon:
        where = _answered_before(samples, where, until)
    if not any(i in where for i in samples.between(start.t, deadline)):
        raise CannotTellError(
            f"no sample of {workload} from {start.word} to {start.since(min(deadline, until))}: nothing to judge by"
        )
    failed = samples.last(where, ok=False)
    if failed is None:
        return _whole(history, samples, start.opens, until) or Access(
            Outcome.PASS, f"had access in every sample from {start.word} on"
        )
    evidence: tuple[Evidence, ...] = (_failure(samples, failed),)
    back = failed + 1 if failed + 1 < where.stop else None
    if back is not None and samples.t[back] <= deadline + TOLERANCE:
        words = f"had access for good from {start.since(samples.t[back])}"
        evidence += (Evidence(samples.t[back], "first sample of an unbroken row of successful ones"),)
        return _whole(history, samples, samples.t[back], until) or Access(Outcome.PASS, words, evidence)
    if until < deadline - TOLERANCE:
        words = f"still had no access {start.since(until)}, when its time to recover was cut short"
        return Access(Outcome.INCONCLUSIVE, words, evidence)
    if samples.t[failed] <= deadline + TOLERANCE and (
        hole := samples.hole(samples.t[failed], samples.t[back] if back is not None else until, history.longest_hole)
    ):
        return Access(Outcome.INCONCLUSIVE, _hole_words(hole), evidence)
    if back is None:
        words = f"had no access at the end, {start.since(until)} ({samples.error(failed) or 'no reason given'})"
        return Access(Outcome.FAIL, words, evidence)
    words = f"had no access for good until {start.since(samples.t[back])}"
    return Access(Outcome.FAIL, words, evidence)


def _answered_before(samples: Samples, where: range, until: float) -> range:
    """*where* without failed samples at its end that may have failed of what began at *until*."""
    stop = where.stop
    while stop > where.start and not samples.ok[stop - 1] and samples.answered(stop - 1) >= until - TOLERANCE:
        stop -= 1
    return range(where.start, stop)


def _whole(history: History, samples: Samples, start: float, until: float) -> Access | None:
    """An inconclusive answer if samples are missing somewhere from *start* to *until*."""
    hole = samples.hole(start, min(until, history.sampled_until), history.longest_hole)
    return Access(Outcome.INCONCLUSIVE, _hole_words(hole)) if hole else None


def _hole_words(hole: tuple[float, float]) -> str:
    return f"was not probed from {hole[0]:.1f} s to {hole[1]:.1f} s, so what it did then is unknown"


def _failure(samples: Samples, i: int) -> Evidence:
    return Evidence(samples.t[i], f"last failed sample: {samples.error(i) or 'no reason given'}")


def require_unbroken(history: History, workload: str, start: float, end: float, longest: float = 0.0) -> None:
    """Make sure that there are samples everywhere from *start* to *end*.

    Raises:
        CannotTellError: none at all, or none for longer than *longest* and than what jitter explains.
    """
    samples = history.samples(workload)
    if not samples.between(start, end):
        raise CannotTellError(f"no sample of {workload} from {start:.1f} s to {end:.1f} s: nothing to judge by")
    hole = samples.hole(start, min(end, history.sampled_until), max(longest, history.longest_hole))
    if hole:
        raise CannotTellError(f"{workload} {_hole_words(hole)}")


def break_glass_accesses(history: History, workload: str) -> list[ResourceAccess]:
    """Uses of break-glass, granted or not, by *workload* or by somebody unknown, who may be it."""
    return [a for a in history.resource_accesses if a.via == "break-glass" and a.workload in (workload, "")]


def outside_open_time(history: History, workload: str) -> list[ResourceAccess]:
    """Uses of break-glass that were granted while no operator had opened it."""
    times = open_times(history)
    return [a for a in break_glass_accesses(history, workload) if a.allowed and not was_open(times, a.t)]


def used_break_glass(history: History, workload: str, start: float, end: float) -> bool:
    """Whether access from *start* to *end* came, at least once, through break-glass: its own word or the resource's."""
    accesses = between(history.resource_accesses, start, end)
    if any(a.via == "break-glass" and a.allowed and a.workload == workload for a in accesses):
        return True
    samples = history.samples(workload)
    where = samples.between(start, end)
    return "break-glass" in samples.paths(where) and any(
        samples.ok[i] and samples.path(i) == "break-glass" for i in where
    )


def ends_on_break_glass(history: History, workload: str, end: float) -> bool:
    """Whether the last good sample up to *end* still came through break-glass."""
    samples = history.samples(workload)
    last = samples.last(samples.between(-inf, end), ok=True)
    return last is not None and samples.path(last) == "break-glass"
