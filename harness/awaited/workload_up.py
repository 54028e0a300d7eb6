from __future__ import annotations

from harness.awaited.args import StateOfWorkload
from harness.awaited.registry import observation
from harness.awaited.view import View


class WorkloadUpArgs(StateOfWorkload):
    of_fault = True


@observation("workload-up", WorkloadUpArgs)
def workload_up(view: View, args: WorkloadUpArgs) -> str | None:
    """The workload has access again: it was down after the waiting began, and is not any more.

    That it never was down is no reason to go on: nothing would have been waited for.
    """
    access = view.access.get(args.workload)
    if access is None or not access.up or access.failed is None or access.failed < view.since:
        return None
    if not view.lasted(access.since, args.lasts):
        return None
    return f"{args.workload} has had access again since {access.since:.1f} s"
