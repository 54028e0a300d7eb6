from __future__ import annotations

from harness.awaited.args import OfStep
from harness.awaited.registry import observation
from harness.awaited.view import View


class FaultObservedArgs(OfStep):
    moment = "begin"


@observation("fault-observed", FaultObservedArgs)
def fault_observed(view: View, args: FaultObservedArgs) -> str | None:
    """Another step was seen to bite."""
    step = view.step(args.step)
    if step is None or not step.evidence:
        return None
    return f"{step.name} on {step.target} is seen to bite: {step.evidence}"
