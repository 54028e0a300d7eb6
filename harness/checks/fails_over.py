from __future__ import annotations

from math import inf

from pydantic import Field

from harness.checks.access import access_back, used_break_glass
from harness.checks.args import Deadline
from harness.checks.proofs import gives_access, observers, service, words
from harness.checks.registry import expectation
from harness.checks.verdict import Evidence, Finding, Outcome, failed, inconclusive, passed
from harness.checks.windows import IDP_JOURNAL, VAULT_AUDIT, anchor, blind, claim_ends
from harness.history.index import History
from harness.history.samples import TOLERANCE
from harness.scenario.base import format_duration


class Args(Deadline):
    to: str = Field(min_length=1, description="The Vault or identity provider to fail over to.")

    def in_words(self) -> str:
        return f"to {self.to} {super().in_words()}"


@expectation("fails_over", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The workload is accepted by another authority within the limit, and has access while the fault lasts.

    The journal of ``to`` must show a login of the workload, or a request for what it needs, that was accepted after
    the anchor and at most ``within`` later; keeping a token alive there is not enough, and the workload's own word is
    not asked. Samples must show access by then, unbroken until lockout
    set about the undo (to the end, after ``undo``). Exactly at the limit is in time.

    Inconclusive without a sample within the limit, when nothing at all was seen from ``to``, when its journal had a
    gap or was put out of order by a jump of the clock, and when the fault was undone before the limit without the
    workload having failed over.
    """
    start = anchor(history, args.after, args.fault)
    deadline = start.t + args.within
    until = claim_ends(history, start, args.fault)
    if args.after == "inject":
        until = min(until, inf if start.span.undoing is None else start.span.undoing)
    requests = [r for r in history.requests.get(workload, []) if service(r) == args.to and gives_access(r)]
    proof = next((r for r in requests if start.opens < r.t <= deadline + TOLERANCE), None)

    access = access_back(history, workload, start, deadline, until)
    evidence = (start.evidence(), *access.evidence)
    limit = f"limit {format_duration(args.within)}"
    if proof is not None:
        evidence += (Evidence(proof.t, f"accepted: {words(proof)}"),)
    nothing = f"{args.to} accepted no request of it in the {format_duration(args.within)} after {start.word}"
    if access.outcome is Outcome.FAIL:
        over = f"was accepted by {args.to} {start.since(proof.t)} but " if proof else f"{nothing}, and it "
        return failed(f"{over}{access.words} ({limit})", *evidence)
    if access.outcome is Outcome.INCONCLUSIVE:
        return inconclusive(access.words, *evidence)
    sources = observers(requests) or {VAULT_AUDIT, IDP_JOURNAL}
    if unseen := blind(history, start.opens, min(deadline, until), sources, {args.to}, sought=proof is None):
        return inconclusive(f"{access.words}, but {unseen}", *evidence)
    if proof is not None:
        degraded = used_break_glass(history, workload, start.opens, until)
        how = ", in part through break-glass" if degraded else ""
        summary = f"was accepted by {args.to} {start.since(proof.t)} and {access.words}{how} ({limit})"
        return passed(summary, *evidence, degraded=degraded)
    if args.to not in (history.vaults | history.idps):
        return inconclusive(f"nothing was ever seen from the journal of {args.to}: it cannot tell", *evidence)
    if until < deadline - TOLERANCE:
        return inconclusive(f"{args.to} saw nothing of it, but the fault was over {start.since(until)}", *evidence)
    return failed(f"{nothing}, though it {access.words}", *evidence)
