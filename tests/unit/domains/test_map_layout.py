"""Where the map puts things: nothing overlaps, every line leads where it should, and always in the same way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings

from harness.domains.analyse import analyse
from harness.domains.map import sizes
from harness.domains.map.layout import Box, Layout, layout
from harness.domains.map.levels import levelled
from harness.domains.map.order import Link, ordered
from harness.domains.map.ranks import ranks
from harness.domains.map.scene import Kind, Scene, Style, scene
from harness.domains.model import AllOf, AnyOf, AtLeast, Component, Estate, Need, Path, Workload
from harness.topology.needs import names

from .estates import estate, estates

LOOP = Estate(
    (
        Component("app", "workload"),
        Component("seal", "vault", None, "vault"),
        Component("vault", "vault", None, "seal"),
    ),
    (Workload("app", (Path("primary", "vault"),)),),
)


def seen(of: Estate, limit: int = 150) -> Scene:
    return scene(of, analyse(of), limit)


def leads_to(of: Scene, source: int, styles: frozenset[Style] = frozenset(Style)) -> set[str]:
    """Components that lines from a node come to, through gates."""
    found: set[str] = set()
    for line in of.lines:
        if line.source == source and line.style in styles:
            target = of.nodes[line.target]
            found |= leads_to(of, line.target) if target.kind is Kind.GATE else {target.names[0]}
    return found


def node(of: Scene, name: str) -> int:
    (found,) = (index for index, one in enumerate(of.nodes) if name in one.names)
    return found


@given(estates())
@settings(max_examples=60, deadline=None)
def test_every_component_is_there_once_with_all_that_it_needs(of: Estate) -> None:
    drawn = seen(of)
    for component in of.components:
        needed = {*names(component.needs), *names(component.needs_to_start)}
        if component.name in of.workload:
            needed |= {name for path in of.workload[component.name].paths for name in names(path.needs)}
        assert leads_to(drawn, node(drawn, component.name)) == needed
    assert sum(len(one.names) for one in drawn.nodes) == len(of.components)


@given(estates(12))
@settings(max_examples=60, deadline=None)
def test_nothing_overlaps(of: Estate) -> None:
    drawn = seen(of)
    laid = layout(drawn)
    for index, one in enumerate(laid.boxes):
        assert 0 <= one.x <= one.x + one.width <= laid.width
        assert 0 <= one.y <= one.y + one.height <= laid.height
        for other in laid.boxes[index + 1 :]:
            assert not overlap(one, other)
    for segment in laid.segments:
        run = Box(segment.end[0], segment.end[1], segment.through - segment.end[0], 0.1)
        assert segment.start[0] < segment.end[0] <= segment.through
        assert not any(run.width and overlap(run, box) for box in laid.boxes)


def overlap(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width - 0.01 and other.x < one.x + one.width - 0.01
    return across and one.y < other.y + other.height - 0.01 and other.y < one.y + one.height - 0.01


@given(estates(12))
@settings(max_examples=60, deadline=None)
def test_every_line_is_drawn_from_its_beginning_to_its_end(of: Estate) -> None:
    drawn = seen(of)
    laid = layout(drawn)
    for line in drawn.lines:
        pieces = sorted((one for one in laid.segments if line in one.lines), key=lambda one: one.start[0])
        source, target = laid.boxes[line.source], laid.boxes[line.target]
        assert pieces[0].start == (
            source.x + source.width,
            source.y + sizes.port_y(drawn.nodes[line.source], line.port),
        )
        assert pieces[-1].end == (target.x, target.y + sizes.entry_y(drawn.nodes[line.target]))
        for before, after in pairwise(pieces):
            assert after.start == (before.through, before.end[1])


def test_what_closes_a_circle_leads_back() -> None:
    drawn = seen(LOOP)
    laid: Layout = layout(drawn)
    (back,) = ranks(drawn).backwards
    assert {drawn.nodes[back.source].key, drawn.nodes[back.target].key} == {"seal", "vault"}
    assert laid.boxes[back.target].x < laid.boxes[back.source].x
    (piece,) = (one for one in laid.segments if back in one.lines)
    assert piece.backwards
    assert [one.text for one in drawn.nodes[back.source].findings][-1] == "↻ stays down"


def test_workloads_stand_left_gates_between_and_places_right() -> None:
    of = estate(
        {"zone": None, "a": "zone", "b": AnyOf(("c", "d")), "c": None, "d": None},
        {"w": {"primary": AllOf(("a", "b"))}},
        zone="place",
    )
    drawn = seen(of)
    columns = dict(zip((one.key for one in drawn.nodes), ranks(drawn).columns, strict=True))
    assert columns == {"w": 0, "a": 1, "b": 1, "gate-0": 2, "c": 3, "d": 3, "zone": 4}


def test_alike_workloads_share_a_card_unless_one_is_needed() -> None:
    of = estate({"vault": None, "x": "w3"}, {name: {"primary": "vault"} for name in ("w1", "w2", "w3")})
    cards = [one.names for one in seen(of).nodes if one.kind is Kind.CARD]
    assert cards == [("w1", "w2"), ("w3",)]


def test_a_card_tells_for_how_long_its_workloads_are_cached() -> None:
    of = Estate(
        (Component("v", None), Component("w1", "workload"), Component("w2", "workload")),
        tuple(
            Workload(name, (Path("primary", "v"), Path("cached", AllOf(()), lasts)))
            for name, lasts in (("w1", 2.0), ("w2", 90.0))
        ),
    )
    assert [one.label for one in seen(of).nodes[0].ports] == ["primary", "cached, 2s to 90s"]


@pytest.mark.parametrize(
    ("need", "mark", "gates"),
    [
        ("a", "", []),
        (AllOf(("a",)), "", []),
        (AllOf(("a", AllOf(("b", "c")))), "and", []),
        (AnyOf(("a", AnyOf(("b",)))), "", ["or"]),
        (AtLeast(2, ("a", "b", "c")), "", ["2 of 3"]),
        (AtLeast(3, ("a", "b", "c")), "and", []),
        (AllOf(("a", AnyOf(("b", AllOf(("a", "c")))))), "and", ["or", "and"]),
    ],
)
def test_gates_are_drawn_where_they_say_something(need: Need, mark: str, gates: list[str]) -> None:
    drawn = seen(estate({"a": None, "b": None, "c": None}, {"w": {"primary": need}}))
    assert drawn.nodes[0].ports[0].gate == mark
    assert [one.label for one in drawn.nodes if one.kind is Kind.GATE] == gates


def test_a_gate_that_several_share_is_drawn_once_in_the_style_of_none() -> None:
    quorum = AtLeast(2, ("a", "b", "c"))
    of = estate({"a": None, "b": None, "c": None, "d": quorum}, {"w": {"primary": AllOf((quorum, "d"))}})
    drawn = seen(of)
    (gate,) = (index for index, one in enumerate(drawn.nodes) if one.kind is Kind.GATE)
    assert {drawn.nodes[line.source].key for line in drawn.lines if line.target == gate} == {"w", "d"}
    assert {line.style for line in drawn.lines if line.source == gate} == {Style.NEEDS}


def test_of_a_large_estate_only_the_worst_is_drawn_with_lines_through_the_rest() -> None:
    components: dict[str, Need | None] = {"root": None, "left": "root", "right": "root"}
    for at in range(20):
        components[f"spare-{at:02}"] = AnyOf(("left", "right"))
    of = estate(components, {"app": {"primary": AnyOf(("spare-00", "spare-01"))}})
    assert seen(of, 24).left_out == 0
    drawn = seen(of, 23)
    assert {name for one in drawn.nodes for name in one.names} == {"root", "app"}
    assert drawn.left_out == 22
    assert leads_to(drawn, node(drawn, "app")) == {"root"}


def test_what_is_seen_behind_another_needs_no_line_of_its_own() -> None:
    components: dict[str, Need | None] = {"root": None, "mid": "root", "s1": "root", "s2": "root"}
    of = estate(components, {"app": {"primary": AllOf((AnyOf(("s1", "s2")), "mid"))}})
    assert leads_to(seen(of, 5), 0) == {"s1", "s2", "mid"}
    drawn = seen(of, 4)
    assert {name for one in drawn.nodes for name in one.names} == {"root", "mid", "app"}
    assert leads_to(drawn, node(drawn, "app")) == {"mid"}


def test_of_what_is_left_out_no_gate_is_claimed() -> None:
    components: dict[str, Need | None] = {"a": None, "b": None}
    workloads: dict[str, dict[str, Need]] = {f"w{at}": {"primary": name} for at, name in enumerate("ab")}
    components |= {f"x{at}": None for at in range(9)}
    of = estate(components, {**workloads, "z": {"primary": AllOf(("b", AnyOf(("a", "x1"))))}})
    drawn = seen(of, 13)
    assert drawn.left_out
    assert [one.kind for one in drawn.nodes if one.kind is Kind.GATE] == []
    assert not any(port.gate for one in drawn.nodes for port in one.ports)


def test_lines_that_can_be_parallel_do_not_cross() -> None:
    links: list[list[Link]] = [[(0, 0.5, 5, 0.5), (1, 0.5, 4, 0.5), (2, 0.5, 3, 0.5)], []]
    left, right = ordered([[0, 1, 2], [3, 4, 5]], links)
    assert [5 - one for one in left] == right


@pytest.mark.parametrize(
    ("wanted", "tops"),
    [
        ([0.0, 50.0], [0.0, 50.0]),  # both where they want to be
        ([10.0, 10.0], [2.5, 17.5]),  # ten high and five apart: each gives way by half
        ([30.0, 0.0], [7.5, 22.5]),  # the order stays
    ],
)
def test_each_stands_as_near_as_it_can(wanted: list[float], tops: list[float]) -> None:
    assert levelled(wanted, [1.0, 1.0], [10.0, 10.0], [5.0]) == tops
