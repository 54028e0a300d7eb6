from __future__ import annotations

from collections.abc import Iterator

from harness.breakglass.coverage import attempts_needed, require_opened
from harness.breakglass.property import prop
from harness.breakglass.view import NAMES, Attempt, Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.history.break_glass import HostTouched


@prop(1, "isolated", "Isolated from the normal path")
def check(drill: Drill) -> Finding:
    """No connection goes to what has failed, with each part of the normal path lost alone and all of them together."""
    bad = [found for attempt in drill.attempts for found in _touched(drill, attempt)]
    if bad:
        return failed(f"it turned to what had failed: {bad[0].text}", *bad)
    attempts = attempts_needed(drill)
    hosts: set[str] = set()
    for attempt in attempts:
        require_opened(attempt)
        touched = {touch.host for touch in attempt.of(HostTouched)}
        if not touched:
            raise CannotTellError(f"{attempt.name}: no connection was recorded, so what it turned to is unknown")
        hosts |= touched
    without = ", ".join((*drill.declared.isolated_from, NAMES))
    shown = tuple(
        seen(touch, f"connected to {touch.host} by {touch.by}") for a in attempts for touch in a.of(HostTouched)[:1]
    )
    return passed(f"it connected to {', '.join(sorted(hosts))} only, and did without {without}", *shown)


def _touched(drill: Drill, attempt: Attempt) -> Iterator[Evidence]:
    for touch in attempt.of(HostTouched):
        if drill.lost_at(touch.host, touch.t):
            yield seen(touch, f"{touch.host}, which was lost")
        elif touch.by == "name" and drill.lost_at(NAMES, touch.t):
            yield seen(touch, f"the name {touch.host}, while no name was found")
