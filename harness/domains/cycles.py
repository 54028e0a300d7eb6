"""Who depends on whom in a circle, and who would not come back after a stop of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import networkx as nx

from harness.domains.model import Cycle, Edge, Estate
from harness.domains.predict import standing
from harness.topology.needs import names


def edges(estate: Estate) -> Iterator[Edge]:
    """Every dependency of every component, once for each way in which it is one."""
    for one in estate.components:
        yield from (Edge(one.name, target, "needs") for target in dict.fromkeys(names(one.needs)))
        yield from (Edge(one.name, target, "needs_to_start") for target in dict.fromkeys(names(one.needs_to_start)))
    for workload in estate.workloads:
        lasting = [target for path in workload.paths if path.lasts is None for target in names(path.needs)]
        yield from (Edge(workload.name, target, "access") for target in dict.fromkeys(lasting))


def cycles(estate: Estate) -> tuple[Cycle, ...]:
    """All knots of components that depend on each other, by the name of their first member.

    Raises ValueError when they do so by what they need to run: such an estate cannot be.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for edge in edges(estate):
        if not graph.has_edge(edge.source, edge.target):  # the first is the strongest
            graph.add_edge(edge.source, edge.target, edge=edge)
    knots = sorted(sorted(knot) for knot in _knots(graph))
    return tuple(_cycle(estate, graph, knot) for knot in knots)


def _knots(graph: nx.DiGraph[str]) -> list[set[str]]:
    found = nx.strongly_connected_components(graph)
    return [knot for knot in found if len(knot) > 1 or any(graph.has_edge(name, name) for name in knot)]


def _cycle(estate: Estate, graph: nx.DiGraph[str], members: list[str]) -> Cycle:
    back = standing(estate, frozenset(), restarted=frozenset(members))
    stuck = [name for name in members if name not in back]
    # The way round that is shown should be one that holds somebody, if any is held.
    knots = sorted(sorted(knot) for knot in _knots(graph.subgraph(stuck)))
    return Cycle(tuple(members), _way_round(graph, knots[0] if knots else members), tuple(stuck))


def _way_round(graph: nx.DiGraph[str], knot: list[str]) -> tuple[Edge, ...]:
    """A shortest way from the first of *knot* back to it."""
    inside = graph.subgraph(knot)
    first = knot[0]
    ways = nx.single_source_shortest_path(inside.reverse(copy=False), first)  # from first to any, seen from the end
    shortest = min((ways[after] for after in sorted(inside.successors(first))), key=len)
    stops = [first, *reversed(shortest)]
    return tuple(inside.edges[source, target]["edge"] for source, target in pairwise(stops))
