from __future__ import annotations

from harness.breakglass.property import prop
from harness.breakglass.view import Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Finding, failed, passed
from harness.history.break_glass import HoldersTried


@prop(6, "two-holders", "Two holders")
def check(drill: Drill) -> Finding:
    """Whichever holder is missing, it works; with fewer holders than it takes, it does not."""
    holders, threshold = drill.declared.holders, drill.declared.threshold
    tried = [one for attempt in drill.attempts for one in attempt.of(HoldersTried)]
    below = [one for one in tried if len(one.holders) < threshold]
    if bad := [seen(one, f"{_who(one)} opened it, and it takes {threshold}") for one in below if one.opened]:
        return failed(bad[0].text, *bad)
    if len(holders) < 2:
        return failed(f"only {holders[0] if holders else 'nobody'} can open it")
    if threshold >= len(holders):
        return failed(f"it takes all {len(holders)} holders: one who cannot be reached locks everybody out")
    enough = [one for one in tried if len(one.holders) >= threshold]
    for name in holders:
        without = [one for one in enough if name not in one.holders]
        if without and not any(one.opened for one in without):
            return failed(f"without {name} it did not open: {without[0].words}", seen(without[0], _who(without[0])))
    for name in holders:
        if not any(name not in one.holders for one in enough):
            raise CannotTellError(f"it was not tried without {name}")
    if not any(len(one.holders) == threshold - 1 for one in below):
        raise CannotTellError(f"it was not tried with {threshold - 1} of the {threshold} that it takes")
    shown = [seen(one, f"{_who(one)}: {'opened' if one.opened else f'refused ({one.words})'}") for one in tried]
    return passed(f"it works without any one of {len(holders)} holders, and not with {threshold - 1}", *shown)


def _who(tried: HoldersTried) -> str:
    return " and ".join(tried.holders) or "nobody"
