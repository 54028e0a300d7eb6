"""From a declared procedure to the scenario in which it is drilled. Pure.

The drill is a scenario like any other: first the procedure is gone through while all is well, and left to end by
itself; then under each loss that it has to do without, one at a time and all together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.breakglass.view import NAMELESS, NAMES
from harness.checks.windows import BREAK_GLASS_DRILLED
from harness.scenario.base import LONGEST_FAULT, format_duration
from harness.topology.break_glass import Procedure
from harness.topology.model import Topology
from harness.topology.procedures import desk_of, isolated_from
from harness.topology.vault import VaultBlock

BASELINE = 3.0  # seconds before anything is done
SETTLED = 2.0  # from a fault to the attempt under it: it has to be seen to bite by then
OUTAGE = 9.0  # how long a fault lasts; an attempt takes a few seconds, and is over before it
AFTERWARDS = 2.0  # from the end of the fault to the closing, which has to be seen when all is healed
BETWEEN = 4.0  # from one round to the next
SPARE = 20.0  # beside the time that it is open: laying ready, and trying who can open it
OBSERVE = 15.0  # at the end, in which workloads get their own identity back
LONGEST_WAIT = LONGEST_FAULT - SPARE
"""Seconds. A procedure that lasts longer is not waited for, and nobody sees whether it ends by itself."""

NAME = "break-glass-drill-"


@dataclass(frozen=True, slots=True)
class Round:
    """One attempt, and the faults under which it is made: (fault, service)."""

    attempt: str
    faults: tuple[tuple[str, str], ...]


def rounds(procedure: Procedure, topology: Topology) -> tuple[Round, ...]:
    """What is gone through, in this order."""
    lost = [(name, fault_for(name, topology)) for name in isolated_from(procedure, topology.services)]
    lost.append((NAMES, (NAMELESS, desk_of(procedure, topology.services))))
    each = [Round(f"without-{name}", (fault,)) for name, fault in lost]
    together = Round("without-all", tuple(fault for _, fault in lost))
    return (Round("calm", ()), *each, *((together,) if len(each) > 1 else ()))


def fault_for(service: str, topology: Topology) -> tuple[str, str]:
    """The fault by which *service*, a Vault or an identity provider, is lost."""
    known = topology.services[service]
    if known.role == "idp":
        return "idp-down-warm", service
    block = known.block
    sealable = isinstance(block, VaultBlock) and block.initialise is not None
    return "vault-sealed" if sealable else "vault-paused", service


def drill_scenario(name: str, topology: Topology, files: Sequence[Path]) -> dict[str, Any]:
    """The scenario that drills the procedure *name* of *topology*, as somebody would write it."""
    procedure = topology.procedures[name]
    return {
        "name": f"{NAME}{name}",
        "summary": f"The emergency procedure {name} is gone through, with each part of the normal path lost and all.",
        "topology": [str(file.resolve()) for file in files],
        "timeline": list(_timeline(name, procedure, rounds(procedure, topology))),
        "observe_for": format_duration(OBSERVE),
        "expect": [{"workload": workload, "no_secret_leak": {}} for workload in topology.workloads],
        "tags": ["break-glass", "drill"],
    }


def scenario_text(scenario: dict[str, Any]) -> str:
    """*scenario* as YAML."""
    return yaml.safe_dump(scenario, sort_keys=False, allow_unicode=True, width=120)


def _timeline(name: str, procedure: Procedure, planned: Sequence[Round]) -> Iterator[dict[str, Any]]:
    at = BASELINE
    for index, one in enumerate(planned):
        stage = "first" if index == 0 else "last" if index == len(planned) - 1 else "middle"
        if not one.faults:
            lasts = (procedure.lasts if procedure.lasts <= LONGEST_WAIT else 0.0) + SPARE
            begins = at
        else:
            for fault, service in one.faults:
                yield {"at": format_duration(at), "fault": fault, "on": service, "for": format_duration(OUTAGE)}
            begins, lasts = at + SETTLED, OUTAGE - SETTLED + AFTERWARDS
        yield {
            "at": format_duration(begins),
            "operator": BREAK_GLASS_DRILLED,
            "on": procedure.opens,
            "for": format_duration(lasts),
            "with": {"procedure": name, "attempt": one.attempt, "stage": stage, "reason": f"drill: {one.attempt}"},
        }
        at = begins + lasts + BETWEEN
