from __future__ import annotations

from pydantic import Field

from harness.checks.access import require_unbroken, used_break_glass
from harness.checks.args import AboutFault, Reach
from harness.checks.registry import expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import anchor
from harness.history.index import History
from harness.history.samples import TOLERANCE
from harness.scenario.base import Duration, format_duration


class Args(AboutFault):
    duration: Duration | None = Field(
        default=None, alias="for", gt=0, description="How long after inject; until the undo when absent."
    )
    max_outage: Duration = Field(default=0.0, ge=0)

    def in_words(self) -> str:
        span = f"for {format_duration(self.duration)} after inject" if self.duration else "from inject to undo"
        return f"{span}, no outage over {format_duration(self.max_outage)}" if self.max_outage else span

    def out_of_reach(self, reach: Reach) -> str:
        return "" if self.duration is None else reach.ends_before(self.duration)


@expectation("keeps_serving_cached", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The workload goes on working while the fault lasts, or for the given time, on what it already holds.

    Every sample sent from the moment lockout set about injecting until the undo was done (of all faults, unless
    ``fault`` names one), or until ``for`` after inject, must have succeeded, but for outages of at most
    ``max_outage`` each; there must be at least one sample, and no time without samples that is longer than jitter
    explains. An outage counts with its whole length, also what of it came after that time; one that lasted to the
    end of the run and is still within the limit is inconclusive. So is a time cut short by the end of the run, with
    no failed sample up to there. Work done through break-glass is a degraded pass.
    """
    begin = anchor(history, "inject", args.fault)
    end = anchor(history, "undo", args.fault).t if args.duration is None else begin.t + args.duration
    seen = min(end, history.horizon)
    samples = history.samples(workload)
    where = samples.between(begin.opens, seen)
    first = samples.first(where, ok=False)
    outages = history.outages(workload, begin.opens, history.horizon) if first is not None else []
    outages = [outage for outage in outages if outage.seen <= seen + TOLERANCE]
    longest = max((outage.seconds(history.horizon) for outage in outages), default=0.0)
    failures = where.stop - where.start - sum(samples.ok[where.start : where.stop])
    if first is not None and (longest > args.max_outage + TOLERANCE or not args.max_outage):
        return failed(
            f"failed {failures} of {len(where)} samples, the first {begin.since(samples.t[first])}: "
            f"{samples.error(first) or 'no reason given'}",
            begin.evidence(),
            Evidence(samples.t[first], f"first failed sample: {samples.error(first) or 'no reason given'}"),
        )
    if outages and outages[-1].end is None:
        return inconclusive("was without access when the run ended, not yet for longer than the limit")
    require_unbroken(history, workload, begin.opens, seen, args.max_outage)
    succeeded = f"all {len(where)} samples succeeded"
    if failures:
        succeeded = f"all but {failures} of {len(where)} samples succeeded, with no outage over {longest:.1f} s"
    if history.horizon < end - TOLERANCE:
        return inconclusive(f"{succeeded}, but the run ended before the time was over")
    degraded = used_break_glass(history, workload, begin.opens, seen)
    how = ", in part through break-glass" if degraded else ""
    return passed(f"{succeeded}{how}", begin.evidence(), degraded=degraded)
