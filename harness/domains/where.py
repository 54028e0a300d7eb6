"""Where in the Compose files a dependency is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.domains.model import Edge
from harness.scenario.problems import Problem
from harness.topology.dependencies import dependencies
from harness.topology.model import Topology
from harness.topology.sources import Sources


def written(topology: Topology, edges: Iterable[Edge]) -> Mapping[Edge, Problem]:
    """The place of each of *edges*, and in words what stands there. Reads the Compose files again for it.

    Of a file that is gone, or that a service is extended from, there is only the nearest place that is known.
    """
    wanted = set(edges)
    if not wanted:
        return {}
    sources = Sources(topology.sources)
    found: dict[Edge, Problem] = {}
    for one in dependencies(topology.services, topology.places):
        edge = Edge(one.source, one.target, "needs" if one.kind == "place" else one.kind)
        if edge in wanted and edge not in found:
            name = one.source if one.kind == "place" else one.target
            found[edge] = sources.named(one.listed, name, _words(edge, one.kind))
    return found


def _words(edge: Edge, kind: str) -> str:
    if kind == "place":
        return f"{edge.source} is in {edge.target}"
    how = {"needs_to_start": " to start", "access": " for its access"}.get(kind, "")
    return f"{edge.source} needs {edge.target}{how}"
