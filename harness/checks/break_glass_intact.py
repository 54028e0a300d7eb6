from __future__ import annotations

from math import inf

from harness.checks.access import break_glass_accesses, outside_open_time
from harness.checks.args import ExpectationArgs
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.checks.windows import RESOURCE_JOURNAL, blind, open_times, was_open
from harness.history.index import History


class Args(ExpectationArgs):
    about_access = False


@expectation("break_glass_intact", Args)
def check(history: History, workload: str, _args: Args) -> Finding:
    """Break-glass lets the workload in only while an operator has it open, over the whole run.

    Decided by the journals of the resources. A use that was granted while break-glass was closed fails, whether by
    this workload or by somebody whom the journal does not tell. That attempts were refused while it was closed is
    reported, not demanded. Inconclusive when nothing at all was seen from a resource, and when a gap in a journal
    or a jump of the clock leaves open what was granted when.
    """
    displaced = blind(history, -inf, history.horizon, ())
    outside = outside_open_time(history, workload)
    if outside and not displaced:
        shown = (Evidence(a.t, f"{a.resource} granted {a.identity} access through break-glass") for a in outside[:10])
        return failed(f"break-glass let it in {len(outside)} times while nobody had opened it", *shown)
    if unseen := displaced or blind(history, -inf, history.horizon, (RESOURCE_JOURNAL,)):
        raise CannotTellError(unseen)
    if not history.resource_accesses:
        raise CannotTellError("nothing was ever seen from the journal of a resource")
    times = open_times(history)
    refused = [a for a in break_glass_accesses(history, workload) if not was_open(times, a.t)]
    shown = (Evidence(a.t, f"{a.resource} refused break-glass to {a.identity}: {a.reason}") for a in refused[:10])
    tried = f"; {len(refused)} attempts were refused" if refused else "; nobody tried"
    return passed(f"break-glass let nobody in while it was closed{tried}", *shown)
