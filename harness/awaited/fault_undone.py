from __future__ import annotations

from harness.awaited.args import OfStep
from harness.awaited.registry import observation
from harness.awaited.view import View


class FaultUndoneArgs(OfStep):
    moment = "end"


@observation("fault-undone", FaultUndoneArgs)
def fault_undone(view: View, args: FaultUndoneArgs) -> str | None:
    """Another step was undone, and seen to be."""
    step = view.step(args.step)
    return f"{step.name} on {step.target} is undone" if step is not None and step.undone else None
