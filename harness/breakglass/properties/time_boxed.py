from __future__ import annotations

from harness.breakglass.property import prop
from harness.breakglass.view import Attempt, Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.history.break_glass import CredentialLooked, LifetimeRead
from harness.history.samples import TOLERANCE
from harness.scenario.base import format_duration


@prop(9, "time-boxed", "Time-boxed")
def check(drill: Drill) -> Finding:
    """It is good for no longer than declared, cannot be renewed, and ends by itself."""
    limit = drill.declared.lasts
    within = f"limit {format_duration(limit)}"
    read = [one for attempt in drill.attempts for one in attempt.of(LifetimeRead)]
    for one in read:
        if one.seconds is None:
            return failed(f"it never ends: {one.words}", seen(one, one.words))
        if one.seconds > limit + TOLERANCE:
            return failed(f"it is good for {format_duration(one.seconds)}, {within}", seen(one, one.words))
        if one.renewable:
            return failed("it can be renewed, and so has no end", seen(one, one.words))
    ended: list[Evidence] = []
    for attempt, opened in drill.opened:
        for look in attempt.of(CredentialLooked):
            if attempt.closing is not None and look.t > attempt.closing:
                continue
            after = look.t - opened
            if look.alive and after > limit + TOLERANCE:
                return failed(f"it was still good {after:.1f} s after opening, {within}", seen(look, look.words))
            if not look.alive and after >= limit - TOLERANCE:
                ended.append(seen(look, f"{look.words}, {after:.1f} s after opening; nobody had closed it"))
    for attempt, _ in drill.opened:
        if not _read(attempt):
            raise CannotTellError(f"{attempt.name}: how long it is good for was not read")
    if not drill.opened:
        raise CannotTellError("it was never opened")
    if not ended:
        raise CannotTellError(f"nobody waited {format_duration(limit)} to see whether it ends by itself")
    longest = max(one.seconds for one in read if one.seconds is not None)
    shown = tuple(seen(one, one.words) for one in read)
    return passed(f"good for {format_duration(longest)} at most, {within}, and seen to end by itself", *ended, *shown)


def _read(attempt: Attempt) -> bool:
    return bool(attempt.of(LifetimeRead))
