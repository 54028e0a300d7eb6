from __future__ import annotations

from harness.awaited.args import LoginOf
from harness.awaited.registry import observation
from harness.awaited.view import View


@observation("logged-in", LoginOf)
def logged_in(view: View, args: LoginOf) -> str | None:
    """The workload has logged in anew since the waiting began: at a Vault, or with a token of an identity provider."""
    for login in view.logins(args.workload):
        if login.ok and login.t > view.since and args.at in (None, login.service):
            return f"{args.workload} was let in at {login.t:.1f} s: {login.words}"
    return None
