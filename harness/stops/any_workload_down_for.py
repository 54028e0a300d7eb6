from __future__ import annotations

from harness.scenario.base import format_duration
from harness.stops.args import LimitAlone
from harness.stops.registry import stop
from harness.stops.view import StopView


@stop("any_workload_down_for", LimitAlone)
def any_workload_down_for(view: StopView, limit: LimitAlone) -> str | None:
    """One workload, whichever it is, has had no access for this long."""
    for name, lasted in sorted(view.down.items()):
        if lasted >= limit.root:
            return f"{name} was down for {format_duration(limit.root)}"
    return None
