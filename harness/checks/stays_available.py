from __future__ import annotations

from pydantic import Field

from harness.checks.access import require_unbroken, used_break_glass
from harness.checks.args import ExpectationArgs
from harness.checks.registry import expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import first_inject
from harness.history.index import History
from harness.history.samples import TOLERANCE
from harness.scenario.base import Duration, format_duration


class Args(ExpectationArgs):
    max_outage: Duration = Field(default=0.0, ge=0, description="The longest outage that is put up with.")

    def in_words(self) -> str:
        return f"no outage over {format_duration(self.max_outage)}" if self.max_outage else "no outage"


@expectation("stays_available", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The workload is never without access for longer than ``max_outage``, from the first inject to the end.

    Each outage counts by itself, with its estimated length; an outage of exactly ``max_outage`` passes. Without
    ``max_outage`` a single failed sample fails. An outage that lasted to the end and is still within the limit is
    inconclusive, for nobody knows how long it would have been. So is a time without samples that is
    longer than ``max_outage`` and than sampling jitter explains.
    """
    start, end = first_inject(history), history.horizon
    outages = history.outages(workload, start, end)
    if outages:
        longest = max(outages, key=lambda outage: outage.seconds(end))
        seconds = longest.seconds(end)
        length = f"{seconds:.1f} s ± {longest.error:.1f} s from {longest.start:.1f} s on"
        evidence = tuple(Evidence(o.start, f"no access for {o.seconds(end):.1f} s: {o.why}") for o in outages[:10])
        # An outage too short to measure is still one.
        if seconds > args.max_outage + TOLERANCE or not args.max_outage:
            return failed(f"was without access for {length} (limit {format_duration(args.max_outage)})", *evidence)
        if longest.end is None or outages[-1].end is None:
            return inconclusive("was without access when the run ended, not yet for longer than the limit", *evidence)
    require_unbroken(history, workload, start, end, args.max_outage)
    degraded = used_break_glass(history, workload, start, end)
    how = ", in part through break-glass" if degraded else ""
    if not outages:
        return passed(f"had access in every sample{how}", degraded=degraded)
    return passed(f"was never without access for longer than {length}{how}", *evidence, degraded=degraded)
