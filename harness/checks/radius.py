"""Predicted against observed blast radius: whom the faults locked out, and whom they were to lock out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from harness.checks.access import outside_open_time, require_unbroken, used_break_glass
from harness.checks.judgement import Observed, RadiusRow, Result
from harness.checks.proofs import proves, service
from harness.checks.registry import CannotTellError
from harness.checks.summary import failed_over, good_paths
from harness.checks.verdict import Outcome
from harness.checks.windows import blind, failures
from harness.domains.model import CACHED, Fate
from harness.history.events import PlannedLoss, PredictedFate
from harness.history.index import FaultSpan, History
from harness.history.samples import TOLERANCE, Outage
from harness.scenario.base import format_duration

LONGEST_GAP = 2.0
"""Seconds without access that are not yet a lock-out, unless a scenario says otherwise: another path takes a moment."""

_OWN_WAYS = frozenset({"", "primary", CACHED})
_NO_PREDICTION = "no prediction"


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a fault was on; ``closed`` unless the history ends before it was undone."""

    start: float
    end: float
    closed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one workload. ``ways`` are the paths through which it had access, other than its primary."""

    fate: Observed | None
    words: str
    ways: frozenset[str] = frozenset()


def failing_open(results: Iterable[Result]) -> frozenset[str]:
    """Workloads that had access when they should have been refused, as claims about them found."""
    return frozenset(
        one.workload for one in results if one.expectation == "fails_closed" and one.finding.outcome is Outcome.FAIL
    )


def windows(history: History) -> list[Window]:
    """The times in which faults were on. What happens in an instant stays so to the end."""
    found = []
    for span in failures(history):
        end = history.horizon if span.instant or span.undone is None else span.undone
        found.append(Window(span.injecting, end, span.instant or span.undone is not None))
    return found


def radius(history: History, longest_gap: float = LONGEST_GAP, open_to: Collection[str] = ()) -> tuple[RadiusRow, ...]:
    """One row for each workload that was probed; none if no fault was injected.

    *open_to* are workloads that are known to have had access when they should have been refused.
    """
    if not failures(history):
        return ()
    predicted = history.predicted
    known = {one.workload: one for one in predicted.workloads} if predicted else {}
    return tuple(
        _row(history, known.get(name), name, seen(history, name, longest_gap, name in open_to), longest_gap)
        for name in known or sorted(history.workloads)
    )


def lockouts(history: History, workload: str, longest_gap: float) -> list[Outage]:
    """The times without access, of more than *longest_gap* seconds, that set in or went on while a fault was on."""
    return [one for one in _gaps(history, workload) if one.seconds(history.horizon) > longest_gap + TOLERANCE]


def _gaps(history: History, workload: str) -> list[Outage]:
    times = windows(history)
    found = history.outages(workload, times[0].start, history.horizon) if times else []
    return [one for one in found if any(_within(one, time) for time in times)]


def _within(outage: Outage, time: Window) -> bool:
    return outage.seen <= time.end + TOLERANCE and (outage.end is None or outage.end >= time.start)


def seen(history: History, workload: str, longest_gap: float, fails_open: bool = False) -> Seen:
    """The observed fate of *workload*. Access lost counts as soon as it is seen; to have had it takes samples."""
    if how := _open(history, workload) or ("had access when it had to be refused" if fails_open else ""):
        return Seen(Observed.FAILED_OPEN, f"failed open: {how}")
    if out := lockouts(history, workload, longest_gap):
        longest = max(out, key=lambda one: one.seconds(history.horizon))
        words = f"locked out for {longest.seconds(history.horizon):.1f} s"
        return Seen(Observed.LOCKED_OUT, words + (", to the end" if longest.end is None else ""))
    gaps = _gaps(history, workload)
    try:
        if gaps and gaps[-1].end is None:
            raise CannotTellError("was without access when the run ended, not yet for longer than a gap may be")
        for time in windows(history):
            if not time.closed:
                raise CannotTellError("the run ended before the fault was undone")
            require_unbroken(history, workload, time.start, min(time.end, history.sampled_until), longest_gap)
    except CannotTellError as reason:
        return Seen(None, f"cannot be told: {reason}")
    without = sum(one.seconds(history.horizon) for one in gaps)
    rest = f", without access for {without:.1f} s" if gaps else ""
    if _lost_later(history, workload, longest_gap):
        rest += ", and lost access after the undo"
    ways = _ways(history, workload)
    if ways:
        return Seen(Observed.DEGRADED, f"degraded: through {', '.join(sorted(ways))}{rest}", ways)
    return Seen(Observed.SURVIVED, f"survived{rest}")


def _lost_later(history: History, workload: str, longest_gap: float) -> bool:
    found = history.outages(workload, windows(history)[0].start, history.horizon)
    return any(one.seconds(history.horizon) > longest_gap + TOLERANCE for one in found)


def _open(history: History, workload: str) -> str:
    """How a resource let it in through break-glass that nobody had opened; empty if none did, or if it is not known."""
    for use in outside_open_time(history, workload):
        for time in windows(history):
            if use.workload and time.start <= use.t <= time.end and not blind(history, time.start, time.end, ()):
                return f"{use.resource} granted it break-glass that nobody had opened"
    return ""


def _ways(history: History, workload: str) -> frozenset[str]:
    """Paths and authorities, other than its primary ones, through which it had access while a fault was on."""
    found: set[str] = set()
    for time in windows(history):
        found |= good_paths(history.samples(workload), time.start, time.end) - {"", "primary"}
        if used_break_glass(history, workload, time.start, time.end):
            found.add("break-glass")
    return frozenset(found or failed_over(history, workload, failures(history)))


def _row(history: History, told: PredictedFate | None, workload: str, found: Seen, longest_gap: float) -> RadiusRow:
    if told is None or not told.fate:
        why = told.why if told else "the run was recorded without one"
        return RadiusRow(workload, None, _NO_PREDICTION, found.fate, found.words, remark=why)
    row = RadiusRow(workload, Fate(told.fate), foretold(told), found.fate, found.words)
    if found.fate is None:
        return replace(row, settled=False)
    if (told.fate == Fate.LOCKED_OUT) == (found.fate is Observed.LOCKED_OUT):
        return row
    return (
        _locked_out_after_all(history, told, row)
        if found.fate is Observed.LOCKED_OUT
        else _let_in_after_all(history, told, row, found, longest_gap)
    )


def foretold(told: PredictedFate) -> str:
    """A prediction in words."""
    match Fate(told.fate):
        case Fate.SAFE:
            return "safe"
        case Fate.DEGRADED:
            return f"degraded: by its {told.by} path"
        case Fate.LOCKED_OUT:
            return f"locked out after {format_duration(told.after)}" if told.after else "locked out"


def _locked_out_after_all(history: History, told: PredictedFate, row: RadiusRow) -> RadiusRow:
    if told.spare is not None and (longer := _longer_than_planned(history)) > told.spare:
        why = f"the fault lasted {longer:.1f} s longer than planned, and its cached path is not sure to last as long"
        return replace(row, remark=why, settled=False)
    advice = "a hidden dependency; declare it under x-lockout access.needs"
    if row.predicted is Fate.DEGRADED:
        advice = "that path does not do what is declared of it, or needs more than is declared"
    return replace(row, difference=f"{_was_predicted(row)} and was {row.observed_words}: {advice}")


def _let_in_after_all(
    history: History, told: PredictedFate, row: RadiusRow, found: Seen, longest_gap: float
) -> RadiusRow:
    if found.fate is Observed.FAILED_OPEN:
        return replace(row, difference=f"{_was_predicted(row)} and {row.observed_words}")
    if why := _unproven(history):
        return replace(row, remark=why, settled=False)
    what = "survived" if found.fate is Observed.SURVIVED else f"had access through {', '.join(sorted(found.ways))}"
    if served := _served_all_the_same(history, row.workload):
        return replace(row, difference=f"{_was_predicted(row)} and {what}: {served} went on serving it")
    if told.after and found.ways <= _OWN_WAYS:
        how_long = (
            "as long as it had to" if _waited(history) else f"longer than the {format_duration(told.after)} declared"
        )
        return replace(row, remark=f"its cached path lasted {how_long}")
    if told.without < 2 * longest_gap:
        short = format_duration(told.without)
        why = f"was to be locked out for {short} only, which is too short to tell it from a gap"
        return replace(row, remark=why, settled=False)
    if "break-glass" in found.ways and any(one.waits for one in _planned(history) if not one.lost):
        why = "had access through break-glass, and when that was opened was not known beforehand"
        return replace(row, remark=why, settled=False)
    if why := _milder_than_planned(history, told, longest_gap):
        return replace(row, remark=why, settled=False)
    return replace(row, difference=f"{_was_predicted(row)} and {what}: an undeclared path, or a need that is none")


def _served_all_the_same(history: History, workload: str) -> str:
    """What was to be lost to *workload*, and accepted a request of it after the fault had been seen to bite."""
    spans = {span.fault_id: span for span in history.faults}
    for one in _planned(history):
        span = spans.get(one.fault_id)
        meant = not one.of or workload in one.of or "*" in one.of
        if span is None or span.observed is None or one.unheard or not meant:
            continue
        start, end = span.observed, history.horizon if span.undoing is None else span.undoing
        accepted = [r for r in history.requests.get(workload, []) if proves(r) and start < r.t < end]
        served = sorted({service(r) for r in accepted} & set(one.lost))
        if served and not blind(history, start, end, ()):
            return served[0]
    return ""


def _was_predicted(row: RadiusRow) -> str:
    return f"was predicted {row.predicted_words.replace(': ', ' ')}"


def _longer_than_planned(history: History) -> float:
    """Seconds by which a fault that takes something away was on for longer than planned; 0 if none was."""
    spans = {span.fault_id: span for span in history.faults}
    return max([0.0, *(_lasted(spans[one.fault_id]) - one.lasts for one in _losses(history) if one.fault_id in spans)])


def _milder_than_planned(history: History, told: PredictedFate, longest_gap: float) -> str:
    """Why the prediction was for worse than what came, since faults waited for what would be seen; empty if it was not.

    It takes each to last for as long as it may, and all of them to meet that may.
    """
    if not _waited(history):
        return ""
    spans = {span.fault_id: span for span in history.faults}
    planned = _losses(history)
    if len(planned) > 1:
        return "was predicted for the worst that could come, and when the faults were on was not known beforehand"
    shorter = max(one.lasts - _lasted(spans[one.fault_id]) for one in planned if one.fault_id in spans)
    if told.without - shorter >= 2 * longest_gap:
        return ""
    return f"was predicted for the longest that the fault could last, and it was over {shorter:.1f} s before that"


def _planned(history: History) -> tuple[PlannedLoss, ...]:
    return history.predicted.faults if history.predicted else ()


def _losses(history: History) -> list[PlannedLoss]:
    """The faults that were to take something away."""
    return [one for one in _planned(history) if one.lost]


def _waited(history: History) -> bool:
    """Whether it was not known beforehand when one of them would be on."""
    return any(one.waits for one in _losses(history))


def _lasted(span: FaultSpan) -> float:
    return 0.0 if span.undone is None else span.undone - span.injecting


def _unproven(history: History) -> str:
    """Why it is not certain that the faults took away what they were to take away; empty if it is."""
    for span in failures(history):
        if span.observed is None:
            return f"{span.fault} on {span.target} was not seen to bite"
    injected = {span.fault_id for span in history.faults}
    return next((f"{one.fault_id} was never injected" for one in _planned(history) if one.fault_id not in injected), "")
