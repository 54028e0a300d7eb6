"""The estate as a fault tree, and what an analysis says of it. Plain data.

An :class:`Estate` comes from a topology by ``harness.domains.build.estate_of(topology)``. What is lost with what is
answered by ``harness.domains.predict.predict(estate, lost)``; ``harness.domains.analyse.analyse(estate)`` makes the
:class:`Analysis`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from harness.topology.needs import AllOf, AnyOf, AtLeast, Need, names

__all__ = [
    "AllOf",
    "Analysis",
    "AnyOf",
    "AtLeast",
    "Component",
    "CutSets",
    "Cycle",
    "Edge",
    "Estate",
    "Fate",
    "Need",
    "Path",
    "Prediction",
    "Shared",
    "Workload",
]

PLACE = "place"
"""The role of a component that is only a place, on which its members depend: a zone, a host, a DNS."""

CACHED = "cached"
"""The path that lives on what another path obtained. A restart takes it away."""

EdgeKind = Literal["needs", "needs_to_start", "access"]
"""By what one depends on the other: the keys of its block, or one of its access paths."""


@dataclass(frozen=True, slots=True)
class Component:
    """Something that can be lost. Workloads are components, too: one may be what another depends on."""

    name: str
    role: str | None  # of its x-lockout block, or PLACE; None for a service without such a block
    needs: Need | None = None  # what it does not run without
    needs_to_start: Need | None = None  # what it does not come back without, once it was stopped


@dataclass(frozen=True, slots=True)
class Path:
    """One way to obtain access. *lasts*: seconds for which it stands, once it is all there is; None is for ever."""

    name: str  # primary, secondary, cached or break-glass
    needs: Need
    lasts: float | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Whose access is judged. Its paths are in the order in which they count: the first that stands is the one used.

    The component of the same name says what the workload itself needs to run, whatever its path.
    """

    name: str
    paths: tuple[Path, ...]

    def __post_init__(self) -> None:
        if not self.paths or self.paths[0].lasts is not None:
            raise ValueError(f"the first access path of {self.name} must be there, and stand for good")


@dataclass(frozen=True)
class Estate:
    """All that can be lost, and all whose access is judged; both sorted by name."""

    components: tuple[Component, ...]
    workloads: tuple[Workload, ...]
    undeclared: tuple[str, ...] = ()  # workloads that declare no access path: nothing can be said of them

    @cached_property
    def component(self) -> Mapping[str, Component]:
        """Components by name."""
        return {one.name: one for one in self.components}

    @cached_property
    def workload(self) -> Mapping[str, Workload]:
        """Workloads that declare access paths, by name."""
        return {one.name: one for one in self.workloads}

    def need_of(self, name: str) -> Need | None:
        """All that *name* does not do its work without. For a workload: what it runs on, and a path that lasts.

        So what depends on a workload falls with its access. Raises KeyError when there is no such component.
        """
        own = self.component[name].needs
        workload = self.workload.get(name)
        if workload is None:
            return own
        access = AnyOf(tuple(path.needs for path in workload.paths if path.lasts is None))
        return access if own is None else AllOf((own, access))

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        """All components, each after what it needs.

        Raises ValueError when components need each other in a circle, or something that is none of them.
        """
        # Dictionaries rather than sets, so that the order is the same in every process.
        graph = {name: dict.fromkeys(names(self.need_of(name))) for name in self.component}
        for name, needed in graph.items():
            if missing := needed.keys() - graph.keys():
                raise ValueError(f"{name} needs {min(missing)}, which is no component")
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise ValueError(f"need each other: {', '.join(sorted(set(error.args[1])))}") from None


class Fate(StrEnum):
    """What a loss means for the access of a workload."""

    SAFE = "safe"  # its primary path stands
    DEGRADED = "degraded"  # its primary path is lost, and another stands
    LOCKED_OUT = "locked-out"  # none of its paths stands, or it is lost itself


@dataclass(frozen=True, slots=True)
class Prediction:
    """The fate of a workload. *by*: the path that stands; None when locked out.

    *holds*: seconds until a workload that is locked out feels it, because a cached path stands so long; None when it
    is locked out at once, and when it is not locked out.
    """

    fate: Fate
    by: str | None = None
    holds: float | None = None


@dataclass(frozen=True, slots=True)
class CutSets:
    """Minimal sets of components whose joint loss locks a workload out: the smallest first, then by name.

    The workload itself is in none of them. *complete*: there are no others. Otherwise all of up to *exact_up_to*
    components are here, and some of the larger ones may be missing.
    """

    sets: tuple[frozenset[str], ...]
    complete: bool
    exact_up_to: int


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """*source* depends on *target*."""

    source: str
    target: str
    kind: EdgeKind


@dataclass(frozen=True, slots=True)
class Cycle:
    """Components that depend on each other, all in one knot, with the edges of one way round, as short as may be.

    *stuck*: those that do not come back once all of *members* were stopped at the same time, with everything else
    standing. Empty when a gate leaves a way out.
    """

    members: tuple[str, ...]  # sorted
    edges: tuple[Edge, ...]  # each one's target is the next one's source; the last leads back to the first
    stuck: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Paths of one workload that were declared apart and fall together: each of *components* alone takes all of them.

    What the workload wants access to (a resource or database that all its paths name) is not counted: no path can do
    without. Nor is the cached path: it was never apart.
    """

    workload: str
    paths: tuple[str, ...]  # two or more, in the order of the workload
    components: tuple[str, ...]  # sorted


@dataclass(frozen=True)
class Analysis:
    """All that follows from an estate. *domains* has only those workloads that a loss does not leave safe."""

    cuts: Mapping[str, CutSets]  # by workload
    single_points: Mapping[str, tuple[str, ...]]  # component: the workloads its loss locks out; most of them first
    domains: Mapping[str, Mapping[str, Prediction]]  # component: workload: prediction for the loss of it alone
    cycles: tuple[Cycle, ...]
    shared: tuple[Shared, ...]
