from __future__ import annotations

from math import inf

from harness.checks.args import ExpectationArgs
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.history.index import History


class Args(ExpectationArgs):
    about_access = False


@expectation("no_secret_leak", Args)
def check(history: History, workload: str, _args: Args) -> Finding:
    """No secret of the run shows up in the workload's log or in its answers to probes.

    Logs are searched at the end of the run, and answers as they come. So a leak fails it whenever it was found, while
    not to have found one counts only if the run was brought to an end in an orderly way, there were
    answers to search, and its output was read to the end.
    """
    leaks = [leak for leak in history.leaks if leak.workload == workload]
    if leaks:
        shown = (Evidence(leak.t, f"{leak.what} in {leak.where}") for leak in leaks[:10])
        return failed(f"{leaks[0].what} was found in {leaks[0].where}", *shown)
    if history.ended is None or history.ended.ending == "crashed":
        raise CannotTellError("the run did not get as far as searching the logs")
    if not history.samples(workload):
        raise CannotTellError(f"no sample of {workload}: there were no answers to search")
    for gap in history.unread:
        if gap.service == workload:
            raise CannotTellError(f"{gap.observer} of {workload} could not be followed: {gap.reason}")
    if history.engine_losses:
        raise CannotTellError(f"the container engine was lost: {history.engine_losses[0].reason}")
    answers = len(history.samples(workload).between(-inf, inf))
    return passed(f"no secret in its log, nor in {answers} answers to probes")
