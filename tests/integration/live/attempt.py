"""What an attempt at a fault on a real lab is made of: everybody has access, it is prepared, it bites."""

from __future__ import annotations

from collections.abc import Mapping

from harness.faults.base import AnyFault
from harness.faults.ports import FaultNotPossible
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.waiting import wait_for
from harness.scenario.base import StrictModel
from tests.integration.labs import works
from tests.integration.live.aim import Aim

BACK_WITHIN = 30.0  # seconds for workloads to have access again
POSSIBLE_WITHIN = 10.0
BITES_WITHIN = 20.0


def without_access(lab: RunningLab) -> list[str]:
    """Workloads that have not come back in time, none of which is expected."""

    def without() -> list[str]:
        return [name for name in lab.workloads() if not works(lab, name)]

    return [] if wait_for(lambda: not without(), BACK_WITHIN) else without()


def prepared(
    fault: AnyFault, target: str, given: Mapping[str, object], lab: RunningLab
) -> tuple[StrictModel, StrictModel]:
    """(arguments, undo record); the record as it comes back from the ledger. Raises FaultNotPossible."""
    args = fault.Args.model_validate(given)

    def attempt() -> StrictModel | None:
        try:
            return fault.prepare(target, args, lab)
        except FaultNotPossible:
            return None  # a workload whose token was revoked logs in again first

    record = wait_for(attempt, POSSIBLE_WITHIN) or fault.prepare(target, args, lab)
    return args, fault.Record.model_validate_json(record.model_dump_json())


def evidence(fault: AnyFault, aim: Aim, record: StrictModel, lab: RunningLab) -> str | None:
    """Proof that it bites, waited for as the conductor does, while a workload goes on asking for Vault."""

    def look() -> str | None:
        aim.bite(lab)
        try:
            return fault.observe(record, lab)
        except EnvironmentUnusable:
            return None

    return wait_for(look, BITES_WITHIN, poll=0.2)
