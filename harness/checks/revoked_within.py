from __future__ import annotations

from collections.abc import Sequence
from math import inf

from pydantic import Field

from harness.checks.access import require_unbroken
from harness.checks.args import AboutFault, Reach
from harness.checks.proofs import words
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import RESOURCE_JOURNAL, VAULT_AUDIT, Anchor, anchor, blind
from harness.history.events import VaultRequest
from harness.history.index import History, between
from harness.history.samples import TOLERANCE, Samples
from harness.scenario.base import Duration, format_duration


class Args(AboutFault):
    about_access = False
    limit: Duration = Field(gt=0, description="How long after inject it may still be good.")

    def in_words(self) -> str:
        return f"within {format_duration(self.limit)} after inject"

    def out_of_reach(self, reach: Reach) -> str:
        return reach.ends_before(self.limit)


@expectation("revoked_within", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The credential that the workload held before the fault is of no use to anybody once ``limit`` is over.

    The old credential is the one whose fingerprint the workload's samples last named before lockout set about
    injecting, and the token whose accessor Vault's audit log last showed for it by then. Later than ``limit`` after
    inject, no sample may have succeeded with it, no resource may have granted anything for it, and Vault may have
    accepted no request with that token. A use exactly at the limit is still in time.

    Inconclusive when neither is known, when the run ended before the limit, when samples after it are missing or do
    not say with which credential they succeeded (if only the accessor is known: when Vault was asked nothing by the
    workload), and when a gap or a jump of the clock leaves open what was used when.
    """
    start = anchor(history, "inject", args.fault)
    deadline, end = start.t + args.limit, history.horizon
    samples = history.samples(workload)
    earlier = reversed(samples.between(-inf, start.opens))
    old = next((name for i in earlier if (name := samples.credential(i))), "")
    asked = [r for r in history.requests.get(workload, []) if isinstance(r, VaultRequest)]
    accessor = next((r.accessor for r in reversed(asked) if r.accessor and r.ok and r.t < start.opens), "")
    if not old and not accessor:
        raise CannotTellError(f"no credential of {workload} was seen before inject")
    if end <= deadline + TOLERANCE:
        raise CannotTellError(f"the run ended {start.since(end)}, before the limit")

    late = [i for i in samples.between(deadline, end) if samples.t[i] > deadline + TOLERANCE]
    used = [Evidence(samples.t[i], "a sample succeeded with it") for i in late if old and _with(samples, i, old)]
    if used:
        return _still_used(start, used, args)
    granted = [
        a for a in between(history.resource_accesses, deadline, end) if old and a.credential == old and a.allowed
    ]
    used = [Evidence(a.t, f"{a.resource} granted {a.identity} access for it") for a in granted]
    accepted = [
        r for r in between(history.vault_requests, deadline, end) if accessor and r.accessor == accessor and r.ok
    ]
    used += [Evidence(r.t, f"accepted: {words(r)}") for r in accepted]
    used = sorted((e for e in used if e.t > deadline + TOLERANCE), key=lambda e: e.t)
    observers = [VAULT_AUDIT] * bool(accessor) + [RESOURCE_JOURNAL] * bool(old)
    if used:
        displaced = blind(history, start.opens, end, ())
        return inconclusive(displaced, start.evidence(), *used[:10]) if displaced else _still_used(start, used, args)

    if old:
        require_unbroken(history, workload, deadline, end)
        if not late or any(samples.ok[i] and not samples.credential(i) for i in late):
            raise CannotTellError("samples after the limit do not say with which credential they succeeded")
    elif not any(r.t > deadline for r in asked):
        raise CannotTellError(f"Vault saw no request of {workload} after the limit")
    if unseen := blind(history, start.opens, end, observers):
        raise CannotTellError(unseen)
    return passed(
        f"the credential held before was of no use any more from {format_duration(args.limit)} after inject on",
        start.evidence(),
    )


def _with(samples: Samples, i: int, credential: str) -> bool:
    return bool(samples.ok[i]) and samples.credential(i) == credential


def _still_used(start: Anchor, used: Sequence[Evidence], args: Args) -> Finding:
    return failed(
        f"the credential held before was still good {start.since(used[-1].t)} (limit {format_duration(args.limit)})",
        start.evidence(),
        *used[:10],
    )
