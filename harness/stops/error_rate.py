from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.scenario.base import Duration, StrictModel, between, format_duration
from harness.stops.registry import stop
from harness.stops.view import StopView


class ErrorRateArgs(StrictModel):
    above: float = Field(gt=0, lt=1, description="Share of failed probes that is too much: `0.5` is every second.")
    over: Annotated[Duration, between(1, 600)] = Field(description="Over how long it is counted, up to now.")
    workload: str | None = Field(None, min_length=1, description="Of this workload; of any when absent.")


@stop("error_rate", ErrorRateArgs)
def error_rate(view: StopView, args: ErrorRateArgs) -> str | None:
    """More than this share of the probes of one workload has failed, in one piece or not."""
    for name in sorted(view.down) if args.workload is None else (args.workload,):
        if name not in view.down:
            continue
        tally = view.tally(name, args.over)
        if tally.covers_all and tally.failed > args.above * tally.total:
            span = format_duration(args.over)
            return f"{tally.failed} of {tally.total} probes of {name} failed within {span}, more than {args.above:.0%}"
    return None
