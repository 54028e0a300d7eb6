from __future__ import annotations

from pydantic import Field

from harness.scenario.base import StrictModel, format_duration
from harness.stops.args import Limit
from harness.stops.registry import stop
from harness.stops.view import StopView


class WorkloadDownArgs(StrictModel):
    workload: str = Field(min_length=1, description="The Compose service that must not be down for long.")
    limit: Limit = Field(alias="for", description="How long it may be down.")


@stop("workload_down", WorkloadDownArgs)
def workload_down(view: StopView, args: WorkloadDownArgs) -> str | None:
    """This workload has had no access for this long; others may be down for longer."""
    if view.down.get(args.workload, 0.0) >= args.limit:
        return f"{args.workload} was down for {format_duration(args.limit)}"
    return None
