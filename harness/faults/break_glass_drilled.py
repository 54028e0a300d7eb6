from __future__ import annotations

from random import Random

from pydantic import Field

from harness.breakglass.drill import Stage, carry_out, close, closed, method_of
from harness.breakglass.operator import Operator
from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect


class DrillArgs(StrictModel):
    procedure: str = Field(min_length=1, description="Which of the declared emergency procedures (`break_glass`).")
    attempt: str = Field(
        pattern="^[a-z0-9]+(-[a-z0-9]+)*$", description="What this attempt is called, such as `without-vault`."
    )
    stage: Stage = Field("middle", description="`first` lays ready what it takes; `last` searches for what was left.")
    reason: str = Field("drill", min_length=3, description="Why it is opened.")


class DrillRecord(StrictModel):
    service: str
    procedure: str
    attempt: str
    stage: Stage


class BreakGlassDrilled(Fault[DrillArgs, DrillRecord]):
    """People go through an emergency procedure: they open it, use it, and close it when the step is over.

    Not a failure but the act of people, on the same clock as the faults under which it has to work. What is declared
    and what came of it goes into the history, from which the thirteen properties of break-glass are judged. That it
    could not be opened is evidence, too, and does not end the run. Source: failure catalogue, section 5.
    """

    name = "break-glass-drilled"
    group = "K"
    roles = frozenset({"resource", "vault", "database"})
    operator = True
    takes = frozenset({"break-glass"})
    Args = DrillArgs
    Record = DrillRecord

    def effect(self, target: str, args: DrillArgs) -> Effect | None:
        return Effect(opens=frozenset({target}))

    def prepare(self, target: str, args: DrillArgs, lab: Lab) -> DrillRecord:
        procedure = lab.emergency.procedure(args.procedure)
        if procedure.opens != target:
            raise FaultNotPossible(f"'{args.procedure}' opens '{procedure.opens}', and not '{target}'")
        op = Operator(lab, args.procedure, args.attempt)
        if (opened := method_of(op).is_open(op, procedure)) is not None:
            raise FaultNotPossible(f"{opened}; whoever opened it closes it")
        return DrillRecord(service=target, procedure=args.procedure, attempt=args.attempt, stage=args.stage)

    def inject(self, record: DrillRecord, args: DrillArgs, lab: Lab, rng: Random) -> None:
        carry_out(_operator(record, lab), record.stage, args.reason)

    def observe(self, record: DrillRecord, lab: Lab) -> str | None:
        op = _operator(record, lab)
        return method_of(op).is_open(op, op.procedure)

    def undo(self, record: DrillRecord, lab: Lab) -> None:
        close(_operator(record, lab), record.stage)

    def healed(self, record: DrillRecord, lab: Lab) -> str | None:
        return closed(_operator(record, lab))


def _operator(record: DrillRecord, lab: Lab) -> Operator:
    return Operator(lab, record.procedure, record.attempt)
