"""From a topology to its estate. Pure.

What is in the estate is what ``x-lockout`` says. That a service starts after another (``depends_on``), or is in a
network with it, says nothing about its access. The fault proxy belongs to lockout, so it is no part of the estate.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.domains.model import PLACE, AllOf, Component, Estate, Need, Path, Workload
from harness.topology.gates import Needing, need_of
from harness.topology.model import Service, Topology
from harness.topology.needs import names
from harness.topology.workload import PATHS, WorkloadBlock


def estate_of(topology: Topology) -> Estate:
    """Every service with a role, the places and what is in them, and whatever else something needs."""
    within: dict[str, list[str]] = {}
    for place, members in sorted(topology.places.items()):
        for member in members:
            within.setdefault(member, []).append(place)
    components = [
        *(_component(service, within.get(name, ())) for name, service in topology.services.items()),
        *(Component(place, PLACE, _all_of(None, within.get(place, ()))) for place in topology.places),
    ]
    workloads = [
        Workload(name, _paths(topology.workload(name))) for name in topology.workloads if topology.workload(name).access
    ]
    needs = [need for one in components for need in (one.needs, one.needs_to_start)]
    needs += [path.needs for workload in workloads for path in workload.paths]
    needed = {name for need in needs for name in names(need)}
    parts = [
        one
        for one in components
        if one.role != "proxy" and (one.role is not None or one.name in needed or one.needs is not None)
    ]
    return Estate(
        tuple(sorted(parts, key=lambda one: one.name)),
        tuple(workloads),
        tuple(name for name in topology.workloads if not topology.workload(name).access),
    )


def reach(estate: Estate, workload: str) -> frozenset[str]:
    """All that *workload* may depend on, directly or not: by any path, to run or to start. Without itself."""
    found: set[str] = set()
    waiting = [workload]
    while waiting:
        name = waiting.pop()
        component, access = estate.component[name], estate.workload.get(name)
        needs = [component.needs, component.needs_to_start]
        needs += [path.needs for path in access.paths] if access else []
        new = {other for need in needs for other in names(need)} - found
        found |= new
        waiting += new
    return frozenset(found - {workload})


def _component(service: Service, places: Sequence[str]) -> Component:
    block = service.block
    if not isinstance(block, Needing):
        return Component(service.name, service.role, _all_of(None, places))
    return Component(service.name, service.role, _all_of(need_of(block.needs), places), need_of(block.needs_to_start))


def _all_of(need: Need | None, places: Sequence[str]) -> Need | None:
    """*need*, and to be in *places*."""
    parts = (*((need,) if need is not None else ()), *places)
    return AllOf(parts) if len(parts) > 1 else parts[0] if parts else None


def _paths(block: WorkloadBlock) -> tuple[Path, ...]:
    given = [(name, block.access[name]) for name in PATHS if name in block.access]
    return tuple(Path(name, path.need, path.lasts) for name, path in given)
