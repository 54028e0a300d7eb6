from __future__ import annotations

from pydantic import Field

from harness.checks.access import access_back, ends_on_break_glass
from harness.checks.args import Deadline
from harness.checks.proofs import Request, is_login, observers, proves, service, words
from harness.checks.registry import expectation
from harness.checks.verdict import Evidence, Finding, Outcome, failed, inconclusive, passed
from harness.checks.windows import Anchor, anchor, blind, claim_ends, faults_meant
from harness.history.index import History
from harness.history.samples import TOLERANCE
from harness.scenario.base import format_duration


class Args(Deadline):
    login: bool = Field(default=False, description="Demand a new login or token; a renewal or a read is not enough.")
    at: str | None = Field(default=None, description="The Vault or identity provider that must have accepted it.")

    def in_words(self) -> str:
        return super().in_words() + (f" at {self.at}" if self.at else "") + (", by a new login" if self.login else "")


@expectation("re_authenticates", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The workload is accepted by its authority again within the limit, and has access from then on.

    Two things are needed. First, proof from the other side: Vault's audit log, or the identity provider's journal,
    shows a request of the workload that was accepted (a login, a renewal, any request with a token; a token issued)
    after the anchor and at most ``within`` later, also of a workload that never lost access. If the fault was on a
    Vault or an identity provider, that one's journal decides, unless ``at`` names another. Second, access: the
    sample after the last failed one was sent within the limit, too, and none failed from there to the end. Exactly
    at the limit is in time. If there were faults on several of them, proof from one suffices; ``at`` or ``fault``
    says which.

    A request counts as soon as lockout set about the undo. After ``inject`` only a login counts that early:
    anything else may have been made with the credential that was just being taken away.

    Failed samples fail it whatever else is known. Otherwise it is inconclusive without a sample within the limit,
    when the journal never showed the workload, had a gap or was put out of order by a jump of the clock, or when
    the run ended before the limit.
    """
    start = anchor(history, args.after, args.fault)
    deadline = start.t + args.within
    until = claim_ends(history, start, args.fault)
    asked = [args.at] if args.at else _faulted(history, args.fault)
    requests = [r for r in history.requests.get(workload, []) if not asked or service(r) in asked]
    proof = next((r for r in requests if _counts(r, start, args) and r.t <= deadline + TOLERANCE), None)

    access = access_back(history, workload, start, deadline, until)
    evidence = (start.evidence(), *access.evidence)
    if proof is not None:
        evidence += (Evidence(proof.t, f"accepted: {words(proof)}"),)
    limit = format_duration(args.within)
    if access.outcome is Outcome.FAIL:
        again = (
            f"{_again(proof)} {start.since(proof.t)} but " if proof else f"{_never(requests, start, args, asked)}, and "
        )
        return failed(f"{again}{access.words} (limit {limit})", *evidence)
    if access.outcome is Outcome.INCONCLUSIVE:
        return inconclusive(access.words, *evidence)

    seen_by = {service(r) for r in requests}
    unseen = blind(history, start.opens, min(deadline, until), observers(requests), seen_by, sought=proof is None)
    if unseen:
        return inconclusive(f"{access.words}, but {unseen}", *evidence)
    if proof is not None:
        degraded = ends_on_break_glass(history, workload, until)
        summary = f"{_again(proof)} {start.since(proof.t)} and {access.words} (limit {limit})"
        return passed(summary + (", still through break-glass" if degraded else ""), *evidence, degraded=degraded)
    if not requests:
        journals = f"the journal of {' or '.join(asked)}" if asked else "a journal of a Vault or identity provider"
        return inconclusive(f"no request of {workload} was ever seen in {journals}: it cannot tell", *evidence)
    if until < deadline - TOLERANCE:
        return inconclusive(f"was not seen to authenticate, but its time was cut short {start.since(until)}", *evidence)
    return failed(f"{_never(requests, start, args, asked)}, though it {access.words}", *evidence)


def _faulted(history: History, fault: int | str | None) -> list[str]:
    """The Vaults and identity providers that the faults were on; none if they were on something else.

    They are known by their role: one whose journal was never seen must not be left out for that.
    """
    seen = history.vaults | history.idps
    return sorted({s.target for s in faults_meant(history, fault) if s.role in ("vault", "idp") or s.target in seen})


def _counts(request: Request, start: Anchor, args: Args) -> bool:
    if not proves(request) or (args.login and not is_login(request)):
        return False
    return request.t > (start.opens if start.word == "undo" or is_login(request) else start.t)


def _again(proof: Request) -> str:
    return "logged in again" if is_login(proof) else f"was accepted again ({words(proof)})"


def _never(requests: list[Request], start: Anchor, args: Args, asked: list[str]) -> str:
    """Says that there was no proof, and what the last there was looked like."""
    of = " and ".join(asked) if asked else "Vault or an identity provider"
    kind = "login" if args.login else "successful request"
    last = max((r for r in requests if proves(r)), key=lambda r: r.t, default=None)
    then = f"; the last was at {last.t:.1f} s ({words(last)})" if last else "; there never was one"
    return f"no {kind} to {of} in the {format_duration(args.within)} after {start.word}{then}"
