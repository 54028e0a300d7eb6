from __future__ import annotations

from harness.scenario.base import format_duration
from harness.stops.args import LimitAlone
from harness.stops.registry import stop
from harness.stops.view import StopView


@stop("bystander_down_for", LimitAlone)
def bystander_down_for(view: StopView, limit: LimitAlone) -> str | None:
    """A workload that needs nothing a fault is aimed at has had no access for this long: the blast spreads."""
    for name, lasted in sorted(view.down.items()):
        if name in view.bystanders and lasted >= limit.root:
            return f"{name} was down for {format_duration(limit.root)}, and no fault is aimed at what it needs"
    return None
