from __future__ import annotations

from math import inf
from typing import Literal

from pydantic import Field

from harness.checks.access import access_back, break_glass_accesses, outside_open_time
from harness.checks.args import AboutFault
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, Outcome, failed, inconclusive, passed
from harness.checks.windows import (
    BREAK_GLASS_OPENED,
    RESOURCE_JOURNAL,
    Anchor,
    anchor,
    blind,
    claim_ends,
    failures,
    open_times,
)
from harness.history.index import History
from harness.history.samples import TOLERANCE
from harness.scenario.base import Duration, format_duration


class Args(AboutFault):
    needs_step = BREAK_GLASS_OPENED
    within: Duration = Field(gt=0, description="The limit; exactly at it is in time.")
    after: Literal["inject", "opening"] = Field("inject", description="What the limit counts from.")

    def in_words(self) -> str:
        return f"within {format_duration(self.within)} after {self.after}"


@expectation("uses_break_glass", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The workload gains access through break-glass, while an operator has it open; passes as degraded.

    The resource's own journal must show that it granted the workload access through break-glass while it was open,
    after the anchor and at most ``within`` later (``after: opening`` counts from the operator's act), and samples
    must show access by then, unbroken until lockout set about the undo or about closing break-glass. A use
    that was granted while nobody had opened it, by this workload or by somebody unknown, fails.

    Inconclusive when break-glass was never opened, or not before the limit; without a sample within the limit; when
    nothing at all was seen from a resource, or a gap or a jump of the clock leaves open what was used when; and when
    the time was cut short with break-glass not yet used.
    """
    times = open_times(history)
    if not times:
        raise CannotTellError("break-glass was never opened in this run")
    displaced = blind(history, -inf, history.horizon, ())
    if (outside := outside_open_time(history, workload)) and not displaced:
        shown = (Evidence(a.t, f"{a.resource} granted {a.identity} access through break-glass") for a in outside[:10])
        return failed(f"was granted break-glass {len(outside)} times while nobody had opened it", *shown)

    start = _anchor(history, args)
    deadline = start.t + args.within
    usable = [span for span in times if span.undone is None or span.undone > start.opens]
    if not usable or usable[0].injecting > deadline:
        raise CannotTellError(f"break-glass was not open in the {format_duration(args.within)} after {start.word}")
    attempts = [a for a in break_glass_accesses(history, workload) if a.workload and start.opens < a.t]
    attempts = [a for a in attempts if a.t <= deadline + TOLERANCE]
    use = next((a for a in attempts if a.allowed), None)  # while it was closed has been ruled out

    lost = [start.span] if start.word == "inject" else failures(history)
    # An undo from before the opening ended nothing: what is broken stays broken, as with a revoked token.
    ends = [
        end for s in (usable[0], *lost) if (end := s.undoing) is not None and end > max(start.t, usable[0].injecting)
    ]
    until = min([claim_ends(history, start, args.fault), *ends])
    access = access_back(history, workload, start, deadline, until)
    evidence = (start.evidence(), *access.evidence)
    if use is not None:
        evidence += (Evidence(use.t, f"{use.resource} granted {use.identity} access through break-glass"),)
    limit = f"limit {format_duration(args.within)}"
    refused = [a for a in attempts if not a.allowed]
    never = "never used break-glass" + (f" (refused {len(refused)} times: {refused[-1].reason})" if refused else "")
    if access.outcome is Outcome.FAIL:
        first = f"used break-glass {start.since(use.t)} but" if use else f"{never}, and"
        return failed(f"{first} {access.words} ({limit})", *evidence)
    if access.outcome is Outcome.INCONCLUSIVE:
        return inconclusive(access.words, *evidence)
    # Whether it was used while closed is part of the claim: the journal must be whole, not only where use was found.
    if unseen := displaced or blind(history, -inf, history.horizon, (RESOURCE_JOURNAL,)):
        return inconclusive(f"{access.words}, but {unseen}", *evidence)
    if use is not None:
        summary = f"used break-glass {start.since(use.t)} and {access.words} ({limit})"
        return passed(summary, *evidence, degraded=True)
    if not history.resource_accesses:
        return inconclusive("nothing was ever seen from the journal of a resource: it cannot tell", *evidence)
    if until < deadline - TOLERANCE:
        return inconclusive(f"{never}, but its time was cut short {start.since(until)}", *evidence)
    return failed(f"{never} in the {format_duration(args.within)} after {start.word}", *evidence)


def _anchor(history: History, args: Args) -> Anchor:
    if args.after == "inject":
        return anchor(history, "inject", args.fault)
    opened = open_times(history)[0]
    if opened.injected is None:
        raise CannotTellError("break-glass could not be opened" + (f": {opened.error}" if opened.error else ""))
    return Anchor("opening", opened.injecting, opened.injected, opened)
