from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault, ServiceRecord
from harness.faults.ports import FaultNotPossible, Lab
from harness.scenario.base import Duration, StrictModel
from harness.scenario.effect import Effect


class BreakGlassArgs(StrictModel):
    reason: str = Field("declared incident", min_length=3, description="What the operator writes into the journal.")
    at_most: Duration = Field(120.0, description="The resource closes the way in by itself after this long.")


class BreakGlassOpened(Fault[BreakGlassArgs, ServiceRecord]):
    """An operator opens the emergency access path of a resource, and closes it again.

    Not a failure but the act of a person, on the same clock as the faults. The resource accepts break-glass
    credentials only in between, and journals each use to a sink that needs neither Vault nor the IdP.
    Source: failure catalogue, group K.
    """

    name = "break-glass-opened"
    group = "K"
    roles = frozenset({"resource"})
    operator = True
    takes = frozenset({"break-glass"})
    Args = BreakGlassArgs

    def effect(self, target: str, args: BreakGlassArgs) -> Effect | None:
        return Effect(opens=frozenset({target}))

    def prepare(self, target: str, args: BreakGlassArgs, lab: Lab) -> ServiceRecord:
        if lab.ledger(target).break_glass_is_open():
            raise FaultNotPossible(
                f"the emergency access path of {target} is open already; whoever opened it closes it"
            )
        return ServiceRecord(service=target)

    def inject(self, record: ServiceRecord, args: BreakGlassArgs, lab: Lab, rng: Random) -> None:
        lab.ledger(record.service).open_break_glass(args.at_most, args.reason)

    def observe(self, record: ServiceRecord, lab: Lab) -> str | None:
        if lab.ledger(record.service).break_glass_is_open():
            return f"{record.service} says its emergency access path is open"
        return None

    def undo(self, record: ServiceRecord, lab: Lab) -> None:
        lab.ledger(record.service).close_break_glass()

    def healed(self, record: ServiceRecord, lab: Lab) -> str | None:
        if not lab.ledger(record.service).break_glass_is_open():
            return f"{record.service} says its emergency access path is closed"
        return None
