from __future__ import annotations

from random import Random
from typing import Literal

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.scenario.base import StrictModel


class UnreachableArgs(StrictModel):
    workloads: tuple[str, ...] = Field(
        (), strict=False, description="Who loses the way to Vault; all of them when empty."
    )
    how: Literal["reset", "blackhole"] = Field(
        "reset", description="Connections are reset at once, or accepted and never answered."
    )


class UnreachableRecord(StrictModel):
    service: str
    cut: str


class VaultUnreachable(Fault[UnreachableArgs, UnreachableRecord]):
    """Vault is up, but some workloads cannot reach it: the fault proxy cuts their connections.

    Existing connections are severed too. Only connections that were caught count as proof, so a workload that
    never tried makes the run inconclusive.
    """

    name = "vault-unreachable"
    group = "I"
    roles = frozenset({"vault"})
    Args = UnreachableArgs
    Record = UnreachableRecord

    def prepare(self, target: str, args: UnreachableArgs, lab: Lab) -> UnreachableRecord:
        lab.proxy_before(target)
        for workload in args.workloads:
            if workload not in lab.workloads():
                raise FaultNotPossible(
                    f"no workload '{workload}' in this topology; there are {', '.join(lab.workloads())}"
                )
        return UnreachableRecord(service=target, cut=f"{self.name}-{target}")

    def inject(self, record: UnreachableRecord, args: UnreachableArgs, lab: Lab, rng: Random) -> None:
        clients = tuple(address for workload in args.workloads for address in lab.containers.addresses(workload))
        if args.workloads and not clients:
            raise FaultNotPossible(f"{', '.join(args.workloads)}: no container with an address to cut off")
        lab.proxy_before(record.service).cut(record.cut, record.service, clients, args.how)

    def observe(self, record: UnreachableRecord, lab: Lab) -> str | None:
        caught = lab.proxy_before(record.service).caught(record.cut)
        return f"the fault proxy caught {caught} connections to {record.service}" if caught else None

    def undo(self, record: UnreachableRecord, lab: Lab) -> None:
        lab.proxy_before(record.service).heal(record.cut)

    def healed(self, record: UnreachableRecord, lab: Lab) -> str | None:
        if lab.proxy_before(record.service).caught(record.cut) is None and lab.vault(record.service).is_serving():
            return f"the fault proxy lists no cut and {record.service} serves"
        return None
