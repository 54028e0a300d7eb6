"""The picture as SVG. Geometry and names only; colours and patterns are in ``drawing.css``. Pure.

Nothing depends on colour: paths have line patterns and labels, single points a heavy border and a badge in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from harness.domains.map import says, sizes
from harness.domains.map.fallen import Fallen
from harness.domains.map.layout import Box, Layout
from harness.domains.map.scene import Kind, Line, Node, Port, Scene, Style
from harness.domains.model import Analysis, Estate
from harness.report.words import clean
from harness.topology.needs import names


@dataclass(frozen=True)
class Picture:
    """All that the picture shows, and where."""

    estate: Estate
    analysis: Analysis
    scene: Scene
    layout: Layout
    fallen: Fallen


def draw(picture: Picture, title: str, style: str = "") -> str:
    """The whole picture as an ``<svg>`` element; *style* is put into it, for one that stands alone."""
    return "\n".join(_Drawing(picture, bool(style)).parts(title, style))


class _Drawing:
    def __init__(self, picture: Picture, alone: bool) -> None:
        self._estate, self._analysis, self._fallen = picture.estate, picture.analysis, picture.fallen
        self._scene, self._layout, self._alone = picture.scene, picture.layout, alone
        self._stuck = {name for cycle in self._analysis.cycles for name in cycle.stuck}
        self._knots = [self._in_knot(node) for node in self._scene.nodes]

    def _in_knot(self, node: Node) -> frozenset[int]:
        """The cycles that *node* is in, or a gate of."""
        of = node.names or {name for port in node.ports for name in names(port.need)}
        return frozenset(at for at, cycle in enumerate(self._analysis.cycles) if not set(of).isdisjoint(cycle.members))

    def parts(self, title: str, style: str) -> Iterator[str]:
        wide, high = _n(self._layout.width), _n(self._layout.height)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="map" width="{wide}" height="{high}" '
            f'viewBox="0 0 {wide} {high}" role="group" aria-labelledby="map-title map-desc">'
        )
        yield f'<title id="map-title">Failure domains of {_t(title)}</title>'
        told = [says.headline(self._estate, self._analysis)]
        told += says.further(self._estate, self._analysis, self._scene.left_out)
        yield f'<desc id="map-desc">{_t(" ".join(told))}</desc>'
        if style:
            yield f"<style>\n{style}\n</style>"
            yield '<rect class="ground" width="100%" height="100%"/>'
        yield from self._headings()
        yield '<g class="lines" aria-hidden="true">'
        yield from self._lines()
        yield from self._arrows()
        yield "</g>"
        placed = zip(self._layout.boxes, self._scene.nodes, strict=True)
        # The order in which a keyboard goes through them.
        for box, node in sorted(placed, key=lambda one: (one[0].x, one[0].y)):
            yield from self._node(node, box)
        yield "</svg>"

    def _headings(self) -> Iterator[str]:
        found: dict[str, tuple[float, float]] = {}
        for node, box, column in zip(self._scene.nodes, self._layout.boxes, self._layout.columns, strict=True):
            what = "Places" if node.kind is Kind.PLACE else "Components"
            if node.kind in (Kind.CARD, Kind.UNDECLARED) and not column:  # others are among what somebody needs
                what = "Workloads"
            if node.kind is Kind.GATE:
                continue
            left, right = found.get(what, (box.x, box.x + box.width))
            found[what] = (min(left, box.x), max(right, box.x + box.width))
        for what, (left, right) in found.items():
            yield f'<path class="heading" aria-hidden="true" d="M{_n(left)} 22.5H{_n(right)}"/>'
            yield f'<text class="heading" aria-hidden="true" x="{_n(left)}" y="16">{what}</text>'

    def _cyclic(self, line: Line) -> bool:
        return bool(self._knots[line.source] & self._knots[line.target])

    def _lines(self) -> Iterator[str]:
        # What is in a cycle comes last, so that nothing lies over it.
        segments = sorted(self._layout.segments, key=lambda one: any(map(self._cyclic, one.lines)))
        runs: dict[tuple[float, float, float, Style], list[Line]] = {}
        for segment in segments:
            (x, y), (right, end) = segment.start, segment.end
            middle = (x + right) / 2
            path = f"M{_n(x)} {_n(y)}C{_n(middle)} {_n(y)} {_n(middle)} {_n(end)} {_n(right)} {_n(end)}"
            # Over what it crosses, with a gap around it; not at its ends, where it meets others.
            yield f'<path class="casing" pathLength="100" d="{path}"/>'
            yield self._line(segment.lines, path)
            if segment.through > right:
                runs.setdefault((right, end, segment.through, segment.lines[0].style), []).extend(segment.lines)
        # Where lines run together there is one: dashes over dashes would be solid.
        for (x, y, through, _), lines in runs.items():
            yield self._line(lines, f"M{_n(x)} {_n(y)}H{_n(through)}")

    def _line(self, lines: Sequence[Line], path: str) -> str:
        nodes, first = self._scene.nodes, lines[0]
        kind = f"line {first.style}{' cyclic' if any(map(self._cyclic, lines)) else ''}"
        kept = dict.fromkeys(self._kept(nodes[one.source], one.port) for one in lines)
        ends = dict.fromkeys(f"{nodes[one.source].key}>{nodes[one.target].key}" for one in lines)
        marks = _classes(kind, self._dead(first), *kept)
        return f'<path class="{marks}" data-of="{_t(" ".join(ends))}" d="{path}"/>'

    def _dead(self, line: Line) -> str:
        node = self._scene.nodes[line.target]
        return self._fallen.of_need(node.ports[0].need if node.kind is Kind.GATE else node.names[0])

    def _kept(self, node: Node, port: int) -> str:
        return self._fallen.kept_by(node.names, node.ports[port].style) if node.kind is Kind.CARD else ""

    def _arrows(self) -> Iterator[str]:
        drawn: dict[str, str] = {}
        backwards = {line for segment in self._layout.segments if segment.backwards for line in segment.lines}
        for line in self._scene.lines:
            node, box = self._scene.nodes[line.target], self._layout.boxes[line.target]
            if line in backwards:
                x, y, size = box.x + box.width, box.y + sizes.back_y(node), 7
            elif node.kind is Kind.GATE:
                continue
            else:
                x, y, size = box.x, box.y + sizes.entry_y(node), -7
            where = f"M{_n(x)} {_n(y)}l{size} -4v8z"
            if where not in drawn or self._cyclic(line):
                drawn[where] = _classes(f"arrow{' cyclic' if self._cyclic(line) else ''}", self._dead(line))
        for where, classes in drawn.items():
            yield f'<path class="{classes}" d="{where}"/>'

    def _node(self, node: Node, box: Box) -> Iterator[str]:
        if node.kind is Kind.GATE:
            yield from self._gate(node, box)
        elif node.kind is Kind.CARD:
            yield from self._card(node, box)
        else:
            yield from self._component(node, box)

    def _gate(self, node: Node, box: Box) -> Iterator[str]:
        yield (
            f'<g class="{_classes("gate", self._fallen.of_need(node.ports[0].need))}" aria-hidden="true" '
            f'data-key="{_t(node.key)}" transform="translate({_n(box.x)} {_n(box.y)})">'
            f"<title>{_t(_gate_words(node))}</title>"
            f'<rect class="frame" width="{_n(box.width)}" height="{_n(box.height)}" rx="10"/>'
            f'<text x="{_n(box.width / 2)}" y="14" text-anchor="middle">{_t(node.label)}</text></g>'
        )

    def _component(self, node: Node, box: Box) -> Iterator[str]:
        (name,) = node.names
        kind = f"node {node.kind}{self._severity(name)}"
        yield self._opened(name, kind, box)
        yield _frame(box, 16 if node.kind is Kind.PLACE else 4)
        yield f'<text class="name" x="{_n(sizes.PAD)}" y="16">{_t(sizes.shown_name(name))}</text>'
        yield f'<text class="role" x="{_n(sizes.PAD)}" y="30">{_t(sizes.shown_name(node.label))}</text>'
        gate = sizes.header_gate(node)
        if gate:
            yield _mark(box.width, sizes.HEADER / 2, gate)
        yield from self._rows(node, box)
        yield from self._findings(node, box)
        yield "</g>"

    def _card(self, node: Node, box: Box) -> Iterator[str]:
        single = "".join(dict.fromkeys(map(self._severity, node.names)))
        yield f'<g class="card{single}" transform="translate({_n(box.x)} {_n(box.y)})">'
        yield _frame(box, 4)
        for at, name in enumerate(node.names[: sizes.MOST_NAMES]):
            y = 6 + at * sizes.NAME_ROW
            yield self._opened(name, "node workload", Box(0, y, box.width, sizes.NAME_ROW))
            yield f'<rect class="row" x="3" width="{_n(box.width - 6)}" height="{_n(sizes.NAME_ROW)}" rx="3"/>'
            yield f'<text class="name" x="{_n(sizes.PAD)}" y="12">{_t(sizes.shown_name(name))}</text></g>'
        left = len(node.names) - sizes.MOST_NAMES
        if left > 0:
            y = 6 + sizes.MOST_NAMES * sizes.NAME_ROW
            yield f'<text class="role" x="{_n(sizes.PAD)}" y="{_n(y + 12)}">and {left} more alike</text>'
        if sizes.rows(node):
            yield f'<path class="rule" d="M0 {_n(sizes.rows_top(node) - 1)}H{_n(box.width)}"/>'
        yield from self._rows(node, box)
        yield from self._findings(node, box)
        yield "</g>"

    def _rows(self, node: Node, box: Box) -> Iterator[str]:
        for at, port in enumerate(node.ports):
            if not port.label:
                continue
            y = sizes.port_y(node, at)
            dead = self._fallen.of_need(port.need)
            marks = _classes(f"port {port.style}", dead, self._kept(node, at))
            yield f'<g class="{marks}"><title>{_t(_port_words(port))}</title>'
            yield f'<text x="{_n(sizes.PAD)}" y="{_n(y + 3.5)}">{_t(port.label)}</text></g>'
            if port.gate:
                yield _mark(box.width, y, port.gate)

    def _opened(self, name: str, kind: str, box: Box) -> str:
        said = says.loss(self._estate, self._analysis, self._fallen, name)
        return (
            f'<g id="n{self._fallen.numbers[name]}" class="{_classes(kind, self._fallen.of(name))}" tabindex="0" '
            f'role="img" aria-label="{_t(said)}" data-name="{_t(name)}" transform="translate({_n(box.x)} {_n(box.y)})">'
            # On the page it is told above the picture.
            + (f"<title>{_t(said)}</title>" if self._alone else "")
        )

    def _severity(self, name: str) -> str:
        single = " single" if name in self._analysis.single_points else ""
        return single + (" stuck" if name in self._stuck else "")

    def _findings(self, node: Node, box: Box) -> Iterator[str]:
        """Strips along the bottom, inside the frame."""
        y = sizes.body_height(node)
        for found in node.findings:
            yield (
                f'<g class="finding {found.kind}">'
                f'<rect y="{_n(y)}" width="{_n(box.width)}" height="{_n(sizes.FINDING)}"/>'
                f'<text x="{_n(sizes.PAD)}" y="{_n(y + 12.5)}">{found.text}</text></g>'
            )
            y += sizes.FINDING


def _frame(box: Box, radius: float) -> str:
    return f'<rect class="frame" width="{_n(box.width)}" height="{_n(box.height)}" rx="{_n(radius)}"/>'


def _mark(x: float, y: float, text: str) -> str:
    """The gate over all lines of a port, at the edge of its box."""
    return f'<text class="mark" x="{_n(x - 7)}" y="{_n(y + 3.5)}" text-anchor="end">{_t(text)}</text>'


def _port_words(port: Port) -> str:
    several = "takes all of" if port.gate else "leads to"
    listed = ", ".join(name for need in port.leads_to for name in names(need))
    return f"{port.label} {several} {listed}" if listed else f"{port.label} takes nothing"


def _gate_words(node: Node) -> str:
    words = {"and": "all of", "or": "one of"}.get(node.label, f"{node.label}:")
    return f"{words} {', '.join(names(node.ports[0].need))}"


def _classes(*some: str) -> str:
    return " ".join(filter(None, some))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _t(text: str) -> str:
    return escape(clean(text))
