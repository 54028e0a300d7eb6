from __future__ import annotations

from harness.awaited.args import StateOfWorkload
from harness.awaited.registry import observation
from harness.awaited.view import View


class WorkloadDownArgs(StateOfWorkload):
    of_fault = True


@observation("workload-down", WorkloadDownArgs)
def workload_down(view: View, args: WorkloadDownArgs) -> str | None:
    """The workload has no access, by its probe."""
    access = view.access.get(args.workload)
    if access is None or access.up or not view.lasted(access.since, args.lasts):
        return None
    return f"{args.workload} has had no access since {access.since:.1f} s"
