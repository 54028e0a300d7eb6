"""How large nodes are, and where in them lines begin. Units of the drawing, from the top left of the node. Pure."""

from __future__ import annotations

from harness.domains.map.scene import Kind, Node, Port, Style
from harness.report import words

WIDE = 7.6  # a character of a name, on the safe side
NARROW = 6.0  # one of the small print
SHORTEST = 96.0
LONGEST_NAME = 32
NAME_ROW = 16.0
PATH_ROW = 19.0
HEADER = 38.0
PAD = 9.0
MOST_NAMES = 40
"""A card shows so many of its workloads by name."""
GATE_HEIGHT = 20.0
FINDING = 18.0
"""The strip at the bottom of a box for each thing found of it."""


def shown_name(name: str) -> str:
    """*name* without what could steer a reader, and not too long for its box."""
    name = words.clean(name)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def width(node: Node) -> float:
    if node.kind is Kind.GATE:
        return max(26.0, 12 + len(node.label) * NARROW)
    shown = [shown_name(name) for name in node.names[:MOST_NAMES]]
    widest = max(len(name) * WIDE for name in shown) + (28 if header_gate(node) else 0)
    small = [len(port.label) + (5 if port.gate else 0) for port in rows(node)]
    small.append(len(node.label))
    small += [len(found.text) for found in node.findings]
    return max(SHORTEST, widest + 2 * PAD, max(small) * NARROW + 2 * PAD + 8)


def height(node: Node) -> float:
    if node.kind is Kind.GATE:
        return GATE_HEIGHT
    return body_height(node) + FINDING * len(node.findings)


def body_height(node: Node) -> float:
    """Without the strips for what was found."""
    return rows_top(node) + len(rows(node)) * PATH_ROW + (3 if rows(node) else 0)


def rows(node: Node) -> tuple[Port, ...]:
    """The ports that are written out, one row each."""
    return tuple(port for port in node.ports if port.label)


def header_gate(node: Node) -> str:
    return next((port.gate for port in node.ports if not port.label and port.gate), "")


def names_height(node: Node) -> float:
    shown = min(len(node.names), MOST_NAMES) + (len(node.names) > MOST_NAMES)
    return shown * NAME_ROW + 10


def rows_top(node: Node) -> float:
    return names_height(node) + 3 if node.kind is Kind.CARD else HEADER


def port_y(node: Node, port: int) -> float:
    """The middle of the row of a port; those without one leave at the header."""
    if node.kind is Kind.GATE:
        return GATE_HEIGHT / 2
    one = node.ports[port]
    if one.label:
        return rows_top(node) + PATH_ROW * (rows(node).index(one) + 0.5)
    middle = entry_y(node)
    several = sum(not other.label for other in node.ports) > 1
    return middle + (0 if not several else 7 if one.style is Style.PLACE else -5)


def entry_y(node: Node) -> float:
    """Where lines from the left arrive."""
    if node.kind is Kind.GATE:
        return GATE_HEIGHT / 2
    return names_height(node) / 2 if node.kind is Kind.CARD else HEADER / 2


def back_y(node: Node) -> float:
    """Where a line of a circle arrives from the right: low, apart from those that leave."""
    return body_height(node) - 7 if node.kind is not Kind.GATE else GATE_HEIGHT / 2
