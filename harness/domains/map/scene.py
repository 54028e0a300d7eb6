"""What is drawn: cards of workloads, boxes of components and places, gates, and the lines between them. Pure.

Workloads that depend on the same things in the same way share a card, and gates that say the same are drawn once: of
twenty agents on one Vault there is one card and one line. Of a large estate only what matters most is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from harness.domains.model import PLACE, AllOf, Analysis, AnyOf, AtLeast, Component, Estate, Need, Path, Workload
from harness.scenario.base import format_duration
from harness.topology.needs import names, threshold

LIMIT = 150
"""An estate of more components is not drawn as a whole: nobody could follow its lines."""

MOST = 80
"""So many of them are drawn then."""


class Style(StrEnum):
    """What a line stands for; each has a pattern of its own, so that it reads without colour."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    CACHED = "cached"
    BREAK_GLASS = "break-glass"
    NEEDS = "needs"
    START = "needs-to-start"
    PLACE = "place"


class Kind(StrEnum):
    CARD = "card"  # of one workload, or of several alike
    COMPONENT = "component"
    UNDECLARED = "undeclared"  # a workload without access paths
    PLACE = "place"
    GATE = "gate"


@dataclass(frozen=True, slots=True)
class Port:
    """Where lines leave a node. *gate*: the mark, when all of several are needed.

    *need*: what the lines are for; *leads_to*: components and gates that they go to.
    """

    style: Style
    need: Need
    leads_to: tuple[Need, ...]
    label: str = ""
    gate: str = ""
    weak: bool = False  # may be part of a circle: what is needed only to start, or what only a cached path needs


@dataclass(frozen=True, slots=True)
class Finding:
    """What the analysis found of a node, in a few words."""

    kind: Literal["out", "cyclic"]
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """*names*: the components that it stands for; a gate has none, and *label* for what it says."""

    key: str
    kind: Kind
    names: tuple[str, ...] = ()
    label: str = ""
    ports: tuple[Port, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """From the port of a node to another node, by their indices."""

    source: int
    port: int
    target: int
    style: Style
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """*left_out*: how many components are not drawn."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    left_out: int = 0


def scene(estate: Estate, analysis: Analysis, limit: int = LIMIT) -> Scene:
    """The whole estate; when it has more than *limit* components, its cycles and the worst of its single points."""
    drawn = _drawn(estate, analysis, limit)
    return Scene(*_Building(estate, analysis, drawn).built(), len(estate.components) - len(drawn))


def _drawn(estate: Estate, analysis: Analysis, limit: int) -> frozenset[str]:
    everything = [one.name for one in estate.components]
    if len(everything) <= limit:
        return frozenset(everything)
    worst = dict.fromkeys([name for cycle in analysis.cycles for name in cycle.members])
    worst |= dict.fromkeys(analysis.single_points)
    most = min(MOST, limit)
    kept = dict.fromkeys(list(worst)[: most * 2 // 3])
    # What is left is for those who are locked out.
    for name in list(kept):
        for workload in analysis.single_points.get(name, ()):
            if len(kept) < most:
                kept[workload] = None
    return frozenset(kept)


def _simplified(need: Need | None) -> Need | None:
    """*need* without gates over one thing, and without gates right within others of their kind."""
    if need is None or isinstance(need, str):
        return need
    mark = _mark(need)
    inner = [part for part in map(_simplified, need.needs) if part is not None]
    if mark not in ("and", "or"):
        return AtLeast(threshold(need), tuple(inner))
    parts: dict[Need, None] = {}
    for part in inner:
        parts |= dict.fromkeys(part.needs if not isinstance(part, str) and _mark(part) == mark else (part,))
    if len(parts) == 1:
        return next(iter(parts))
    return AllOf(tuple(parts)) if mark == "and" else AnyOf(tuple(parts))


class _Through:
    """Instead of a need, the nearest that is drawn of all that it leads to. Gates are lost in it."""

    def __init__(self, estate: Estate, drawn: frozenset[str]) -> None:
        self._estate, self._drawn = estate, drawn
        self._behind: dict[str, frozenset[str]] = {}

    def __call__(self, need: Need | None) -> Need | None:
        found = self._reached(names(need), past_drawn=False)
        # What stands behind another one that is found is seen from there.
        behind = {name for one in found for name in self._all_behind(one)}
        parts = tuple(sorted(found - behind))
        return AllOf(parts) if len(parts) > 1 else parts[0] if parts else None

    def _all_behind(self, name: str) -> frozenset[str]:
        if name not in self._behind:
            self._behind[name] = self._reached(names(self._estate.need_of(name)), past_drawn=True)
        return self._behind[name]

    def _reached(self, start: Iterable[str], past_drawn: bool) -> frozenset[str]:
        """What is drawn of all that *start* leads to, itself included."""
        seen = set[str]()
        waiting = list(start)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                if past_drawn or name not in self._drawn:
                    waiting += names(self._estate.need_of(name))
        return frozenset(seen & self._drawn)


def _mark(gate: Need) -> str:
    if isinstance(gate, str):
        return ""
    wanted, of = threshold(gate), len(gate.needs)
    return "and" if wanted == of else "or" if wanted == 1 else f"{wanted} of {of}"


class _Building:
    def __init__(self, estate: Estate, analysis: Analysis, drawn: frozenset[str]) -> None:
        self._estate, self._analysis, self._drawn = estate, analysis, drawn
        self._whole = len(drawn) == len(estate.components)
        self._simplify = _simplified if self._whole else _Through(estate, drawn)
        self._nodes: list[Node] = []
        self._by_name: dict[str, int] = {}
        self._gates: dict[Need, int] = {}
        self._lines: dict[tuple[int, int, int], Line] = {}

    def built(self) -> tuple[tuple[Node, ...], tuple[Line, ...]]:
        for workloads in self._alike():
            self._add(self._card(workloads))
        for one in self._estate.components:
            if one.name in self._drawn and one.name not in self._by_name:
                kind = Kind.PLACE if one.role == PLACE else Kind.COMPONENT
                label = one.role or "no role"
                if one.name in self._estate.undeclared:
                    kind, label = Kind.UNDECLARED, "no access path declared"
                ports = tuple(self._component_ports(one))
                self._add(Node(one.name, kind, (one.name,), label, ports, self._findings(one.name)))
        for index, node in enumerate(tuple(self._nodes)):
            for at, port in enumerate(node.ports):
                for part in port.leads_to:
                    self._connect(index, at, part, port.style, port.weak)
        return tuple(self._nodes), tuple(self._lines.values())

    def _add(self, node: Node) -> int:
        self._nodes.append(node)
        self._by_name |= dict.fromkeys(node.names, len(self._nodes) - 1)
        return len(self._nodes) - 1

    def _connect(self, source: int, port: int, need: Need, style: Style, weak: bool) -> None:
        target = self._by_name[need] if isinstance(need, str) else self._gate(need, style, weak)
        before = self._lines.get((source, port, target))
        # A gate that several share stands as firmly as the firmest of them.
        if before is None or (before.weak and not weak):
            self._lines[source, port, target] = Line(source, port, target, style, weak)

    def _gate(self, need: AllOf | AnyOf | AtLeast, style: Style, weak: bool) -> int:
        if need not in self._gates:
            self._gates[need] = self._add(
                Node(f"gate-{len(self._gates)}", Kind.GATE, (), _mark(need), (Port(style, need, need.needs),))
            )
        gate = self._gates[need]
        node = self._nodes[gate]
        if node.ports[0].style is not style:  # of different paths: it is shown as of none
            style = Style.NEEDS
            self._nodes[gate] = replace(node, ports=(Port(style, need, need.needs),))
            self._lines |= {key: replace(line, style=style) for key, line in self._lines.items() if line.source == gate}
        for part in need.needs:
            self._connect(gate, 0, part, style, weak)
        return gate

    def _alike(self) -> Iterator[tuple[Workload, ...]]:
        """Workloads in groups, each of which one card shows. One that others need stands alone."""
        needed = {
            name for one in self._estate.components for need in (one.needs, one.needs_to_start) for name in names(need)
        }
        needed |= {name for one in self._estate.workloads for path in one.paths for name in names(path.needs)}
        groups: dict[object, list[Workload]] = {}
        for one in self._estate.workloads:
            if one.name not in self._drawn:
                continue
            component = self._estate.component[one.name]
            paths = tuple((path.name, self._simplify(path.needs), path.lasts is None) for path in one.paths)
            own = self._simplify(component.needs), self._simplify(component.needs_to_start)
            groups.setdefault((paths, own, one.name if one.name in needed else None), []).append(one)
        yield from map(tuple, groups.values())

    def _card(self, workloads: Sequence[Workload]) -> Node:
        first = workloads[0]
        ports = [self._path_port(path, [one.paths[at] for one in workloads]) for at, path in enumerate(first.paths)]
        own = self._component_ports(self._estate.component[first.name], "runs on")
        names = tuple(one.name for one in workloads)
        findings = self._findings(first.name) if len(names) == 1 else ()  # of several, no other needs one
        return Node(first.name, Kind.CARD, names, "", (*ports, *own), findings)

    def _findings(self, name: str) -> tuple[Finding, ...]:
        found = []
        if hit := self._analysis.single_points.get(name):
            found.append(Finding("out", f"✘ locks out {len(hit)}"))
        for cycle in self._analysis.cycles:
            if name in cycle.members:
                found.append(Finding("cyclic", "↻ stays down" if name in cycle.stuck else "↻ in a cycle"))
        return tuple(found)

    def _path_port(self, path: Path, alike: Sequence[Path]) -> Port:
        label = path.name
        lasting = [one.lasts for one in alike if one.lasts is not None]
        if lasting:
            shortest, longest = format_duration(min(lasting)), format_duration(max(lasting))
            label += f", {shortest}" if shortest == longest else f", {shortest} to {longest}"
        return self._port(Style(path.name), path.needs, _parts(self._simplify(path.needs)), label, bool(lasting))

    def _component_ports(self, one: Component, runs_on: str = "") -> Iterator[Port]:
        """What it needs, the places it is in, and what it needs to start."""
        parts = _parts(self._simplify(one.needs))
        places = tuple(part for part in parts if isinstance(part, str) and self._role(part) == PLACE)
        others = tuple(part for part in parts if part not in places)
        if others and one.needs is not None:
            yield self._port(Style.NEEDS, AllOf(others) if self._whole else one.needs, others, runs_on)
        if places:
            yield Port(Style.PLACE, AllOf(places), places)
        if one.needs_to_start is not None:
            to_start = _parts(self._simplify(one.needs_to_start))
            yield self._port(Style.START, one.needs_to_start, to_start, "to start", True)

    def _role(self, name: str) -> str | None:
        return self._estate.component[name].role

    def _port(self, style: Style, need: Need, leads_to: tuple[Need, ...], label: str, weak: bool = False) -> Port:
        gate = "and" if self._whole and len(leads_to) > 1 else ""  # of what is left out, nobody knows the gates
        return Port(style, need, leads_to, label, gate, weak)


def _parts(need: Need | None) -> tuple[Need, ...]:
    """What lines lead to: all of a list; any other gate is a node of its own."""
    return () if need is None else need.needs if isinstance(need, AllOf) else (need,)
