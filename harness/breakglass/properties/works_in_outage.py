from __future__ import annotations

from harness.breakglass.coverage import attempts_needed
from harness.breakglass.property import prop
from harness.breakglass.view import Attempt, Drill, in_words, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.history.break_glass import ActionTried
from harness.history.samples import TOLERANCE
from harness.scenario.base import format_duration


@prop(5, "works-in-outage", "Works under the outage")
def check(drill: Drill) -> Finding:
    """From a clean container it leads to access in time, under each loss. Passes as degraded: it is no recovery."""
    declared = drill.declared
    limit = f"limit {format_duration(declared.works_within)}"
    for attempt in drill.attempts:
        if attempt.lost and attempt.opening is not None and attempt.opened is None:
            found = seen(attempt.opening, attempt.opening.words)
            return failed(f"with {in_words(attempt.lost)} it did not open: {attempt.opening.words}", found)
    took = {attempt.name: _took(attempt) for attempt in drill.attempts if attempt.lost}
    for attempt in drill.attempts:
        reached = took.get(attempt.name)
        if reached is not None and reached[0] > declared.works_within + TOLERANCE:
            return failed(f"with {in_words(attempt.lost)} it took {reached[0]:.1f} s, {limit}", reached[1])
    if not declared.desk:
        raise CannotTellError("it was not gone through from a clean container")
    evidence: list[Evidence] = []
    slowest = 0.0
    for attempt in attempts_needed(drill):
        reached = took[attempt.name]
        if reached is None:
            raise CannotTellError(f"{attempt.name}: nothing that it may do was seen to be done")
        slowest = max(slowest, reached[0])
        evidence.append(reached[1])
    summary = f"access after {slowest:.1f} s at most, from {declared.desk}, under each loss, {limit}"
    return passed(summary, *evidence, degraded=True)


def _took(attempt: Attempt) -> tuple[float, Evidence] | None:
    """Seconds from the beginning to the first thing done by break-glass; None when there was none."""
    done = next((one for one in attempt.of(ActionTried) if one.wanted and one.allowed), None)
    if done is None:
        return None
    seconds = done.t - attempt.begun
    return seconds, seen(done, f"{done.act} after {seconds:.1f} s, with {in_words(attempt.lost)}")
