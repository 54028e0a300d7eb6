"""What faults share that are made by the fault proxy: one rule, and what the proxy has counted of it as the proof."""

from __future__ import annotations

from abc import abstractmethod
from random import Random
from typing import Generic, TypeVar

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.proxy_rule import ProxyCounts, ProxyRule
from harness.scenario.base import StrictModel, Texts


class ProxiedArgs(StrictModel):
    workloads: Texts = Field((), description="Whose connections or requests; everybody's when empty.")


class ProxiedRecord(StrictModel):
    service: str
    rule: str


P = TypeVar("P", bound=ProxiedArgs)


class ProxiedFault(Fault[P, ProxiedRecord], Generic[P]):
    """Subclasses say what the rule is, and which counts prove what."""

    Args = ProxiedArgs
    Record = ProxiedRecord

    def needs_up(self, target: str, args: P) -> frozenset[str]:
        return frozenset()  # the fault is the proxy's, and the proxy says that it is gone

    @abstractmethod
    def rule(self, role: str, target: str, args: P) -> ProxyRule:
        """The rule for *target*, which has *role*; clients and seed are filled in."""

    @abstractmethod
    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        """One sentence if *seen* shows that it bites."""

    def prepare(self, target: str, args: P, lab: Lab) -> ProxiedRecord:
        lab.proxy_before(target)
        for workload in args.workloads:
            if workload not in lab.workloads():
                raise FaultNotPossible(
                    f"no workload '{workload}' in this topology; there are {', '.join(lab.workloads())}"
                )
            if lab.containers.state(workload) == "missing":
                raise FaultNotPossible(f"{workload} has no container in this run: nobody to be hit")
        return ProxiedRecord(service=target, rule=f"{self.name}-{target}")

    def inject(self, record: ProxiedRecord, args: P, lab: Lab, rng: Random) -> None:
        rule = self.rule(lab.role(record.service), record.service, args)
        filled = rule.model_copy(update={"clients": args.workloads, "seed": rng.getrandbits(32)})
        lab.proxy_before(record.service).apply(record.rule, filled)

    def observe(self, record: ProxiedRecord, lab: Lab) -> str | None:
        seen = lab.proxy_before(record.service).seen(record.rule)
        proof = self.proof(seen, record.service) if seen else None
        if proof is None or seen is None or not seen.escaped:
            return proof
        return f"{proof}; over connections that existed before, {plural(seen.escaped, 'request')} escaped it"

    def undo(self, record: ProxiedRecord, lab: Lab) -> None:
        lab.proxy_before(record.service).lift(record.rule)

    def healed(self, record: ProxiedRecord, lab: Lab) -> str | None:
        # By what it lists: that it does not find one rule could have another reason.
        in_force = lab.proxy_before(record.service).all()
        return None if record.rule in in_force else f"the fault proxy has no rule {record.rule} in force any more"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
