from __future__ import annotations

from harness.awaited.args import CredentialsOver
from harness.awaited.registry import observation
from harness.awaited.view import View


class LeaseExpiredArgs(CredentialsOver):
    of_vault = "lease"


@observation("lease-expired", LeaseExpiredArgs)
def lease_expired(view: View, args: LeaseExpiredArgs) -> str | None:
    """No lease that a Vault gave the workload lives any more: each has ended, or was revoked.

    As with tokens, a Vault that can be asked has to say so itself; of one that is down, its last word counts. How long
    a lease lives is asked of Vault while it is up, since its audit log does not tell.
    """
    over = view.over("lease", args.workload)
    if over is None or not view.lasted(over.t, args.lasts):
        return None
    return f"the last lease of {args.workload or 'all workloads'} ended at {over.t:.1f} s: {over.proof}"
