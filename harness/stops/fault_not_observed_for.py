from __future__ import annotations

from harness.scenario.base import format_duration
from harness.stops.args import LimitAlone
from harness.stops.registry import stop
from harness.stops.view import StopView


@stop("fault_not_observed_for", LimitAlone)
def fault_not_observed_for(view: StopView, limit: LimitAlone) -> str | None:
    """A fault has been on for this long and was not seen to bite: nothing can be concluded from such a run."""
    for one in view.faults:
        if not one.observed and one.lasted >= limit.root:
            return f"{one.fault} on {one.target} was not seen to bite within {format_duration(limit.root)}"
    return None
