from __future__ import annotations

from harness.breakglass.coverage import attempts_needed
from harness.breakglass.property import prop
from harness.breakglass.view import Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed


@prop(7, "logged", "Logged outside the failed system")
def check(drill: Drill) -> Finding:
    """Each use leaves a line, which tells it from all others, where none of what had failed is needed."""
    log = drill.declared.log
    opened = drill.opened
    for attempt, t in opened:
        if drill.lost_at(log, t):
            return failed(f"{attempt.name}: its log is {log}, which was lost itself", Evidence(t, attempt.name))
    entries = drill.entries(log)
    evidence: list[Evidence] = []
    missing: list[tuple[str, float]] = []
    for attempt, t in opened:
        line = next((entry for entry in entries if attempt.is_about(entry.t, entry.text)), None)
        if line is None:
            missing.append((attempt.name, t))
        else:
            evidence.append(Evidence(line.t, f"{attempt.name}: {log} has a line of it ({line.event})"))
    for name, t in missing:
        if not drill.heard_of(log):
            raise CannotTellError(f"nothing was ever seen from {log}")
        if unseen := drill.blind(log, t, drill.history.horizon):
            raise CannotTellError(unseen)
        return failed(f"{name}: {log} has no line of it", Evidence(t, f"{name}: opened"), *evidence)
    attempts = attempts_needed(drill)
    for attempt in attempts:
        if attempt.opened is None:
            raise CannotTellError(f"{attempt.name}: it was not opened, so there was nothing to log")
    begun = [seen(attempt.opening, "opened") for attempt in attempts if attempt.opening]
    return passed(f"each of {len(opened)} openings has a line in {log}", *evidence, *begun)
