"""Where everything stands: columns from left to right, in each an order with few crossings. Pure and deterministic.

A line that passes columns has a stop in each. Lines of one style to one target share their stops, so that they run
together from where they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.domains.map import sizes
from harness.domains.map.levels import levelled
from harness.domains.map.order import Link, ordered
from harness.domains.map.ranks import Ranks, ranks
from harness.domains.map.scene import Kind, Line, Scene, Style

SWEEPS = 30
MARGIN = 16.0
TOP = 44.0  # for the headings of the columns
GAP = 64.0  # between columns that no line connects; more of them get more room
GATE_GAP = 40.0
MANY = 50
BOX_GAP = 18.0
STOP_GAP = 11.0
SPREAD = 0.7  # of the height of the tallest column, which others take with larger gaps between their boxes
MOST_SPREAD = 3.0  # times the gaps above, in addition


@dataclass(frozen=True, slots=True)
class Box:
    """Of a node, by its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of one line or more from column to column, all of one style.

    Lines that pass the column go straight on to *through*, its far side; for others that is where they end.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    through: float
    lines: tuple[Line, ...]
    backwards: bool


@dataclass(frozen=True, slots=True)
class Layout:
    width: float
    height: float
    boxes: tuple[Box, ...]  # of each node
    segments: tuple[Segment, ...]
    columns: tuple[int, ...]  # of each node


@dataclass(slots=True)
class _Item:
    """A node, or the stop of lines in a column that they pass."""

    node: int | None
    height: float
    y: float = 0.0  # of its top


@dataclass(slots=True)
class _Piece:
    left: int
    left_y: float  # from the top of the left item
    right: int
    right_y: float
    style: Style
    backwards: bool
    lines: list[Line]


def layout(scene: Scene) -> Layout:
    return _Laying(scene, ranks(scene)).done()


class _Laying:
    def __init__(self, scene: Scene, ranked: Ranks) -> None:
        self._scene, self._ranked = scene, ranked
        self._items = [_Item(index, sizes.height(node)) for index, node in enumerate(scene.nodes)]
        self._tallest = 0.0
        self._columns: list[list[int]] = [[] for _ in range(max(ranked.columns, default=0) + 1)]
        for index, column in enumerate(ranked.columns):
            self._columns[column].append(index)
        # By the column on their left.
        self._pieces: list[dict[tuple[int, float, int, Style, bool], _Piece]] = [{} for _ in self._columns]
        stops: dict[tuple[object, ...], int] = {}
        for line in scene.lines:
            self._route(line, stops)

    def _route(self, line: Line, stops: dict[tuple[object, ...], int]) -> None:
        """From column to column. A line backwards is laid from its end to its beginning."""
        nodes, columns = self._scene.nodes, self._ranked.columns
        backwards = line in self._ranked.backwards
        leaves = sizes.port_y(nodes[line.source], line.port)
        here, there = (line.target, line.source) if backwards else (line.source, line.target)
        y = sizes.back_y(nodes[line.target]) if backwards else leaves
        for column in range(columns[here] + 1, columns[there]):
            key = (column, line.source if backwards else None, line.target, line.style)
            if key not in stops:
                stops[key] = len(self._items)
                self._items.append(_Item(None, 0.0))
                self._columns[column].append(stops[key])
            self._piece(column - 1, here, y, stops[key], 0.0, line, backwards)
            here, y = stops[key], 0.0
        self._piece(
            columns[there] - 1, here, y, there, leaves if backwards else sizes.entry_y(nodes[there]), line, backwards
        )

    def _piece(self, column: int, left: int, left_y: float, right: int, right_y: float, line: Line, back: bool) -> None:
        key = (left, left_y, right, line.style, back)
        piece = self._pieces[column].setdefault(key, _Piece(left, left_y, right, right_y, line.style, back, []))
        piece.lines.append(line)

    def done(self) -> Layout:
        links = [[self._link(piece) for piece in pieces.values()] for pieces in self._pieces]
        self._columns = ordered(self._columns, links)
        self._level()
        x, lefts = MARGIN, []
        widths = [self._width(column) for column in self._columns]
        for column, width in enumerate(widths):
            lefts.append(x)
            x += width + self._gap(column)
        right = lefts[-1] + widths[-1] + MARGIN
        highest = min((item.y for item in self._items), default=0.0)
        for item in self._items:
            item.y += TOP - highest
        bottom = max((item.y + item.height for item in self._items), default=TOP) + MARGIN
        boxes = []
        for index, node in enumerate(self._scene.nodes):
            column, item = self._ranked.columns[index], self._items[index]
            wide = sizes.width(node) if node.kind is Kind.GATE else widths[column]
            boxes.append(Box(lefts[column] + (widths[column] - wide) / 2, item.y, wide, item.height))
        return Layout(right, bottom, tuple(boxes), tuple(self._segments(lefts, widths, boxes)), self._ranked.columns)

    def _width(self, column: Sequence[int]) -> float:
        nodes = self._scene.nodes
        return max(
            (sizes.width(nodes[one.node]) for one in map(self._items.__getitem__, column) if one.node is not None),
            default=0.0,
        )

    def _gap(self, column: int) -> float:
        """Between this column and the next, wider where many lines cross; next to gates alone it is narrower."""
        beside = [*self._columns[column], *(self._columns[column + 1] if column + 1 < len(self._columns) else ())]
        gates = any(one < len(self._scene.nodes) and self._scene.nodes[one].kind is Kind.GATE for one in beside)
        return (GATE_GAP if gates else GAP) + min(len(self._pieces[column]), MANY) * 2.5

    def _segments(self, lefts: Sequence[float], widths: Sequence[float], boxes: Sequence[Box]) -> list[Segment]:
        found = []
        for column, pieces in enumerate(self._pieces):
            for piece in pieces.values():
                left, right = self._items[piece.left], self._items[piece.right]
                from_x = lefts[column] + widths[column]
                to_x = through = lefts[column + 1]
                if left.node is not None:
                    from_x = boxes[left.node].x + boxes[left.node].width
                if right.node is not None:
                    to_x = through = boxes[right.node].x
                else:
                    through = lefts[column + 1] + widths[column + 1]
                found.append(
                    Segment(
                        (from_x, left.y + piece.left_y),
                        (to_x, right.y + piece.right_y),
                        through,
                        tuple(piece.lines),
                        piece.backwards,
                    )
                )
        return found

    def _link(self, piece: _Piece) -> Link:
        return piece.left, self._part(piece.left, piece.left_y), piece.right, self._part(piece.right, piece.right_y)

    def _part(self, item: int, y: float) -> float:
        """How far down an item a line meets it, from 0 to less than 1."""
        height = self._items[item].height
        return y / (height + 1) if height else 0.5

    # Heights: each item wants to be level with its neighbours, and keeps its order and distance.

    def _level(self) -> None:
        for column in self._columns:
            needed = sum(self._items[item].height for item in column) + sum(self._apart(column))
            self._tallest = max(self._tallest, needed)
        for column in self._columns:
            self._spread(column, [0.0] * len(column), [1.0] * len(column))
        for sweep in range(SWEEPS):
            forward = sweep % 2 == 0
            both = sweep >= SWEEPS - 6
            span = range(len(self._columns)) if forward else range(len(self._columns) - 1, -1, -1)
            for at in span:
                self._level_column(at, both or forward, both or not forward)

    def _level_column(self, column: int, look_left: bool, look_right: bool) -> None:
        wanted: dict[int, list[tuple[float, float]]] = {}
        if look_left and column:
            for piece in self._pieces[column - 1].values():
                there = self._items[piece.left].y + piece.left_y
                wanted.setdefault(piece.right, []).append((there - piece.right_y, self._pull(piece)))
        if look_right:
            for piece in self._pieces[column].values():
                there = self._items[piece.right].y + piece.right_y
                wanted.setdefault(piece.left, []).append((there - piece.left_y, self._pull(piece)))
        items = self._columns[column]
        targets, weights = [], []
        for item in items:
            pulls = wanted.get(item, [])
            weight = sum(pull for _, pull in pulls)
            targets.append(sum(y * pull for y, pull in pulls) / weight if weight else self._items[item].y)
            weights.append(weight or 0.05)
        self._spread(items, targets, weights)

    def _pull(self, piece: _Piece) -> float:
        """Lines that pass columns want to be straight more than others."""
        stops = (self._items[piece.left].node is None) + (self._items[piece.right].node is None)
        return (1.0, 2.0, 8.0)[stops] * (0.3 if piece.style is Style.PLACE else 1.0)

    def _spread(self, items: Sequence[int], targets: Sequence[float], weights: Sequence[float]) -> None:
        heights = [self._items[item].height for item in items]
        apart = self._apart(items)
        # Where another column is much taller, this one takes more room, so that lines are less steep.
        between = sum(gap for gap in apart if gap == BOX_GAP)
        room = self._tallest * SPREAD - sum(heights) - sum(apart)
        more = min(max(room / between, 0.0), MOST_SPREAD) if between else 0.0
        apart = [gap + gap * more if gap == BOX_GAP else gap for gap in apart]
        for item, y in zip(items, levelled(targets, weights, heights, apart), strict=True):
            self._items[item].y = y

    def _apart(self, items: Sequence[int]) -> list[float]:
        """The least distance of each item of a column to the next one."""
        stops = [self._items[item].node is None for item in items]
        return [(BOX_GAP, BOX_GAP - 4, STOP_GAP)[above + below] for above, below in pairwise(stops)]
