from __future__ import annotations

from harness.breakglass.coverage import require_opened
from harness.breakglass.property import prop
from harness.breakglass.view import Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Finding, failed, passed
from harness.history.break_glass import ActionTried


@prop(4, "scoped", "Scoped")
def check(drill: Drill) -> Finding:
    """What it may do works, and each thing that it may not do is refused, whenever it was opened."""
    declared = drill.declared
    tried = [one for attempt in drill.attempts for one in attempt.of(ActionTried)]
    if over := [seen(one, f"it may not {one.act}, and could") for one in tried if one.allowed and not one.wanted]:
        return failed(over[0].text, *over)
    short = [
        seen(one, f"it may {one.act}, and was refused: {one.words}")
        for attempt in drill.attempts
        if attempt.opened is not None
        for one in attempt.of(ActionTried)
        if one.wanted and not one.allowed
    ]
    if short:
        return failed(short[0].text, *short)
    if not declared.may_not:
        raise CannotTellError("nothing is declared that it may not do")
    if not drill.opened:
        for attempt in drill.attempts:
            require_opened(attempt)
        raise CannotTellError("it was never gone through")
    for attempt, _ in drill.opened:
        done = {one.act for one in attempt.of(ActionTried)}
        for action in (*declared.may, *declared.may_not):
            if action not in done:
                raise CannotTellError(f"{attempt.name}: it was not tried to {action}")
    shown = [seen(one, f"{one.act}: {'done' if one.allowed else f'refused ({one.words})'}") for one in tried]
    counted = f"{len(declared.may)} allowed and {len(declared.may_not)} forbidden"
    return passed(f"{counted} actions behaved as declared each time it was opened", *shown)
