from __future__ import annotations

from harness.breakglass.property import prop
from harness.breakglass.view import Drill, seen
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Finding, failed, passed
from harness.history.break_glass import WorkloadTried


@prop(3, "closed-to-workloads", "Not usable by workloads")
def check(drill: Drill) -> Finding:
    """Every workload is refused with all it is known by, before anything is lost and while something is."""
    declared = drill.declared
    tried = [(attempt, one) for attempt in drill.attempts for one in attempt.of(WorkloadTried)]
    excepted = frozenset(declared.also_for)
    bad = [
        seen(one, f"{one.workload} got in with {one.key}")
        for _, one in tried
        if one.allowed and one.workload not in excepted
    ]
    if bad:
        return failed(bad[0].text, *bad)
    wanted = [name for name in declared.workloads if name not in excepted]
    if not wanted:
        raise CannotTellError("there is no workload that is to be refused")
    for name in wanted:
        own = [(attempt, one) for attempt, one in tried if one.workload == name]
        if not any(one.t < drill.first_loss for _, one in own):
            raise CannotTellError(f"it was not tried with what {name} is known by before anything was lost")
        if not any(attempt.lost for attempt, _ in own):
            raise CannotTellError(f"it was not tried with what {name} is known by while something was lost")
    shown = [
        seen(one, f"{one.workload} was refused with {one.key}: {one.words}") for _, one in tried if not one.allowed
    ]
    also = f"; {', '.join(sorted(excepted))} may use it, as declared" if excepted else ""
    return passed(f"{len(wanted)} workloads were refused, before and during the outage{also}", *shown)
