from __future__ import annotations

from harness.breakglass.property import prop
from harness.breakglass.view import Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.history.break_glass import RemainderLooked


@prop(10, "revoked-after", "Revoked afterwards")
def check(drill: Drill) -> Finding:
    """When it has been closed and all is healed, nothing of it is left."""
    wanted = drill.declared.remains
    evidence: list[Evidence] = []
    unknown: list[str] = []
    for attempt, _ in drill.opened:
        if attempt.closing is None:
            unknown.append(f"{attempt.name}: it was never closed")
            continue
        last = {one.what: one for one in attempt.of(RemainderLooked) if one.t >= attempt.closing}
        for what in wanted:
            look = last.get(what)
            if look is None:
                unknown.append(f"{attempt.name}: whether the {what} is gone was not looked at")
            elif not look.gone:
                return failed(f"{attempt.name}: the {what} is still there: {look.words}", seen(look, look.words))
            else:
                evidence.append(seen(look, f"{what}: {look.words}"))
    if unknown:
        raise CannotTellError(unknown[0])
    if not wanted:
        raise CannotTellError("what has to be gone is not known")
    if not drill.opened:
        raise CannotTellError("it was never opened, so there was nothing to revoke")
    return passed(f"after each of {len(drill.opened)} openings {', '.join(wanted)} were gone", *evidence)
