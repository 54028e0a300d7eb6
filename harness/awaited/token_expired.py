from __future__ import annotations

from harness.awaited.args import CredentialsOver
from harness.awaited.registry import observation
from harness.awaited.view import View


class TokenExpiredArgs(CredentialsOver):
    of_vault = "token"


@observation("token-expired", TokenExpiredArgs)
def token_expired(view: View, args: TokenExpiredArgs) -> str | None:
    """No token that a Vault gave the workload lives any more: each has ended, or was revoked.

    A Vault that can be asked has to say so itself. While it is down it cannot, and what it last said of the end of each
    token decides: that is in the audit log, which tells the life of a token with each login and renewal.
    """
    over = view.over("token", args.workload)
    if over is None or not view.lasted(over.t, args.lasts):
        return None
    return f"the last token of {args.workload or 'all workloads'} ended at {over.t:.1f} s: {over.proof}"
