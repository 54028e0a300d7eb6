"""Which column a node stands in, and which lines run backwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from harness.domains.map.scene import Kind, Line, Node, Scene


@dataclass(frozen=True, slots=True)
class Ranks:
    """*columns*: of each node. *backwards*: lines to a column further left, such as every circle has one of."""

    columns: tuple[int, ...]
    backwards: frozenset[Line]


def ranks(scene: Scene) -> Ranks:
    """Each node right of all that depend on it: cards left, gates in columns of their own, places right."""
    backwards = _backwards(scene)
    edges = [(e.target, e.source) if e in backwards else (e.source, e.target) for e in scene.lines]
    nodes = scene.nodes
    before: dict[int, list[int]] = {index: [] for index in range(len(nodes))}
    after: dict[int, list[int]] = {index: [] for index in range(len(nodes))}
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    order = tuple(TopologicalSorter(before).static_order())
    found: dict[int, int] = {}
    for index in order:
        first = 0 if nodes[index].kind in (Kind.CARD, Kind.UNDECLARED) else 2
        found[index] = max((_next(found[one], nodes[index]) for one in before[index]), default=first)
        found[index] = max(found[index], first)
    _places_last(nodes, order, before, found)
    for index in reversed(order):
        if nodes[index].kind is Kind.GATE and after[index]:
            # Close to what it is over, so that the many who share it are joined early.
            found[index] = min(found[one] - (2 if nodes[one].kind is Kind.GATE else 1) for one in after[index])
    used = {rank: column for column, rank in enumerate(sorted(set(found.values())))}
    return Ranks(tuple(used[found[index]] for index in range(len(nodes))), backwards)


def _next(rank: int, node: Node) -> int:
    """The first rank after *rank* for *node*: gates have the odd ones."""
    return rank + 1 + ((rank + 1) % 2 != (node.kind is Kind.GATE))


def _places_last(
    nodes: Sequence[Node], order: Sequence[int], before: Mapping[int, Sequence[int]], found: dict[int, int]
) -> None:
    last = max((rank for index, rank in found.items() if nodes[index].kind is not Kind.PLACE), default=0)
    first = last + 1 + (last + 1) % 2
    for index in order:
        if nodes[index].kind is Kind.PLACE:
            behind = [found[one] for one in before[index] if nodes[one].kind is Kind.PLACE]
            found[index] = max([first, *(rank + 2 for rank in behind)])
        elif any(nodes[one].kind is Kind.PLACE for one in before[index]):  # a place that needs something
            found[index] = max(_next(found[one], nodes[index]) for one in before[index])


def _backwards(scene: Scene) -> frozenset[Line]:
    """Those weak lines that would close a circle, in their order; the firm ones alone have none."""
    after: dict[int, list[int]] = {}
    for line in scene.lines:
        if not line.weak:
            after.setdefault(line.source, []).append(line.target)
    found = []
    for line in scene.lines:
        if line.weak and _leads(after, line.target, line.source):
            found.append(line)
        elif line.weak:
            after.setdefault(line.source, []).append(line.target)
    return frozenset(found)


def _leads(after: Mapping[int, Sequence[int]], start: int, end: int) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        new = [one for one in after.get(here, ()) if one not in seen]
        seen.update(new)
        waiting += new
    return False
