from __future__ import annotations

from math import inf

from pydantic import Field

from harness.checks.access import require_unbroken
from harness.checks.args import AboutFault, Reach
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import RESOURCE_JOURNAL, anchor, blind, claim_ends, open_times, was_open
from harness.history.index import History, between
from harness.history.samples import TOLERANCE
from harness.scenario.base import Duration, format_duration


class Args(AboutFault):
    about_access = False
    within: Duration = Field(gt=0, description="From this long after inject there must be no access.")

    def in_words(self) -> str:
        return f"within {format_duration(self.within)} after inject"

    def out_of_reach(self, reach: Reach) -> str:
        if reach.lasts > self.within:
            return ""
        return f"the fault is over {format_duration(reach.lasts)} after inject, before {format_duration(self.within)}"


@expectation("fails_closed", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """Once its credentials are gone, the workload has no access any more until the fault is undone.

    From ``within`` after inject until lockout set about the undo, no sample may succeed and no resource may grant the
    workload anything. A sample exactly at the limit must fail. One that was answered only after the undo had begun
    does not count, and neither does break-glass while an operator has it open.

    Inconclusive when the fault was undone before the limit, without samples all the way, and when a gap in a
    resource's journal or a jump of the clock leaves open what was granted.
    """
    start = anchor(history, "inject", args.fault)
    begin = start.t + args.within
    end = min(claim_ends(history, start, args.fault), inf if start.span.undoing is None else start.span.undoing)
    if end <= begin + TOLERANCE:
        raise CannotTellError(f"the fault was over {start.since(end)}, before the limit")
    times = open_times(history)
    samples = history.samples(workload)
    inside = [i for i in samples.between(begin, end) if samples.answered(i) < end - TOLERANCE]
    good = [
        i for i in inside if samples.ok[i] and not (samples.path(i) == "break-glass" and was_open(times, samples.t[i]))
    ]
    if good:
        return failed(
            f"still had access {start.since(samples.t[good[-1]])}: {len(good)} of {len(inside)} samples succeeded",
            start.evidence(),
            *(Evidence(samples.t[i], f"succeeded {_through(samples.path(i))}") for i in good[:10]),
        )
    granted = [a for a in between(history.resource_accesses, begin, end) if a.allowed and a.workload == workload]
    granted = [a for a in granted if a.t < end and not (a.via == "break-glass" and was_open(times, a.t))]
    shown = [Evidence(a.t, f"{a.resource} granted {a.identity} access through {a.via}") for a in granted[:10]]
    if displaced := blind(history, start.opens, end, ()):
        return inconclusive(displaced, start.evidence(), *shown)
    if granted:
        return failed(f"was still granted access {start.since(granted[-1].t)}", start.evidence(), *shown)
    if not inside:
        raise CannotTellError(f"no sample of {workload} from {begin:.1f} s to {end:.1f} s: nothing to judge by")
    require_unbroken(history, workload, begin, end)
    if unseen := blind(history, begin, end, (RESOURCE_JOURNAL,)):
        raise CannotTellError(unseen)
    return passed(
        f"had no access from {format_duration(args.within)} after inject until undo: {len(inside)} samples failed",
        start.evidence(),
    )


def _through(path: str) -> str:
    return f"through {path}" if path else "on an unnamed path"
