from __future__ import annotations

from harness.scenario.base import format_duration
from harness.stops.args import LimitAlone
from harness.stops.registry import stop
from harness.stops.view import StopView


@stop("all_workloads_down_for", LimitAlone)
def all_workloads_down_for(view: StopView, limit: LimitAlone) -> str | None:
    """All workloads together have had no access for this long."""
    if view.down and min(view.down.values()) >= limit.root:
        return f"all workloads were down for {format_duration(limit.root)}"
    return None
