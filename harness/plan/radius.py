"""Whom the faults of a plan may reach. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.scenario.steps import Step
from harness.topology.model import Topology


def bystanders(timeline: Iterable[Step], topology: Topology, workloads: Iterable[str]) -> tuple[str, ...]:
    """Those of *workloads* that no step of *timeline* is aimed at, nor at anything they need, in order.

    A fault whose arguments name workloads reaches only those. What a planned act of a person opens breaks nothing.
    """
    reached: set[str] = set()
    known = tuple(workloads)
    for step in timeline:
        if step.fault:
            named = _named(step)
            reached |= named or {name for name in known if step.on in needed_by(name, topology)}
            reached |= {step.on}
    return tuple(sorted(set(known) - reached))


def needed_by(workload: str, topology: Topology) -> frozenset[str]:
    """Services without which *workload* may lose access: what it says it needs, who knows it, what it starts after.

    The proxy counts as needed by everybody, because it is in the way of all.
    """
    block = topology.workload(workload)
    paths = {need for path in block.access.values() for need in path.needs}
    keepers = {str(getattr(identity, identity.TAG)) for identity in block.identity}
    proxies = {service.name for service in topology.by_role("proxy")}
    return frozenset(paths | keepers | proxies | topology.started_with([workload]))


def _named(step: Step) -> set[str]:
    """Workloads that the arguments name, as ``workload`` or ``workloads``."""
    several, one = getattr(step.args, "workloads", ()), getattr(step.args, "workload", None)
    return {name for name in (*(several if isinstance(several, tuple) else ()), one) if isinstance(name, str) and name}
