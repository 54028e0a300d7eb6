"""Whom the faults of a plan may reach. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.domains.build import estate_of, reach
from harness.domains.model import Estate
from harness.scenario.steps import Step
from harness.topology.model import Topology


def bystanders(timeline: Iterable[Step], topology: Topology, workloads: Iterable[str]) -> tuple[str, ...]:
    """Those of *workloads* that no step of *timeline* is aimed at, nor at anything they may need, in order.

    A fault whose arguments name workloads reaches only those. What a planned act of a person opens breaks nothing.
    """
    estate = estate_of(topology)
    needed = {name: needed_by(name, topology, estate) for name in workloads}
    hit = frozenset[str]().union(*(reached(step, needed) for step in timeline if step.fault))
    return tuple(sorted(set(needed) - hit))


def reached(step: Step, needed: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Those that *step* may reach, itself its target among them; *needed* is what each workload may need."""
    return frozenset({step.on} | (_named(step) or {name for name, needs in needed.items() if step.on in needs}))


def needed_by(workload: str, topology: Topology, estate: Estate) -> frozenset[str]:
    """Components without which *workload* may lose access: all that its access may depend on in *estate*, and, to be
    on the safe side, what says nothing about access: who knows it, and what it starts after.

    The proxy counts as needed by everybody, because it is in the way of all.
    """
    keepers = {str(getattr(identity, identity.TAG)) for identity in topology.workload(workload).identity}
    proxies = {service.name for service in topology.by_role("proxy")}
    return reach(estate, workload) | keepers | proxies | topology.started_with([workload])


def _named(step: Step) -> set[str]:
    """Workloads that the arguments name, as ``workload`` or ``workloads``."""
    several, one = getattr(step.args, "workloads", ()), getattr(step.args, "workload", None)
    return {name for name in (*(several if isinstance(several, tuple) else ()), one) if isinstance(name, str) and name}
