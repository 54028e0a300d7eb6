from __future__ import annotations

from harness.awaited.args import LoginOf
from harness.awaited.registry import observation
from harness.awaited.view import View


class LoginRefusedArgs(LoginOf):
    of_fault = True


@observation("login-refused", LoginRefusedArgs)
def login_refused(view: View, args: LoginRefusedArgs) -> str | None:
    """A login of the workload was refused since the waiting began, by who answered it."""
    for login in view.logins(args.workload):
        if not login.ok and login.t > view.since and args.at in (None, login.service):
            return f"{args.workload} was refused at {login.t:.1f} s: {login.words}"
    return None
