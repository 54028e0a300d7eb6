from __future__ import annotations

from harness.breakglass.property import prop
from harness.breakglass.searches import search_of
from harness.breakglass.view import Drill, is_own
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed


@prop(12, "no-leak", "No leak")
def check(drill: Drill) -> Finding:
    """Its secret is in no log, no audit log, no shell history, and not in what lockout itself has written."""
    history, own = drill.history, drill.declared.secrets
    leaks = [Evidence(leak.t, f"{leak.what} is in {leak.where}") for leak in history.leaks if is_own(leak.what, own)]
    found = search_of(drill, drill.declared.traces)
    if bad := (*leaks, *found.hits):
        return failed(bad[0].text, *bad)
    found.require_whole()
    if history.ended is None or history.ended.ending == "crashed":
        raise CannotTellError("the run did not get as far as searching the logs")
    if history.unread:
        gap = history.unread[0]
        raise CannotTellError(f"the output of {gap.service} could not be searched whole: {gap.reason}")
    if history.engine_losses:
        raise CannotTellError(f"the container engine was lost: {history.engine_losses[0].reason}")
    if not drill.opened:
        raise CannotTellError("it was never opened, so nothing of it could have leaked")
    return passed(f"its secret is in no container's output, and not in {', '.join(found.wanted)}", *found.evidence)
