from __future__ import annotations

from datetime import date

from harness.breakglass.property import prop
from harness.breakglass.view import Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Finding, failed, passed
from harness.history.break_glass import ShelfLooked


@prop(11, "fresh", "Fresh on the shelf")
def check(drill: Drill) -> Finding:
    """What lies ready is usable, seen by a look that does not use it up, and the last drill is not too long ago."""
    declared = drill.declared
    looks = [one for one in drill.history.break_glass if isinstance(one, ShelfLooked)]
    if bad := [seen(one, f"{one.holder}: {one.words}") for one in looks if not one.usable]:
        return failed(f"what lies ready cannot be used: {bad[0].text}", *bad)
    day = drill.history.day
    last = _day(declared.last_drill)
    age = (day - last).days if day is not None and last is not None else None
    limit = f"limit {declared.drill_every} days"
    if age is not None and age > declared.drill_every:
        return failed(f"the last drill before this one was {age} days ago, {limit}")
    for name in declared.holders:
        if not any(one.holder == name and one.t < drill.first_loss for one in looks):
            raise CannotTellError(f"nobody looked, before anything was lost, whether what {name} holds can be used")
    if last is None:
        raise CannotTellError("when it was drilled last is not declared (last_drill)")
    if age is None:
        raise CannotTellError("the day of the run is unknown")
    if age < 0:
        raise CannotTellError(f"the last drill is declared for {last.isoformat()}, which was still to come")
    shown = [seen(one, f"{one.holder}: {one.words}") for one in looks]
    return passed(f"usable for all {len(declared.holders)} holders; last drill {age} days ago, {limit}", *shown)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
