"""The map as a page and as a picture: what it says, and that it can be read by anybody and harm nobody."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path as File

import pytest
from hypothesis import given, settings

from harness.domains.analyse import analyse
from harness.domains.map import render, render_svg
from harness.domains.map.matrix import MOST_CELLS, matrix
from harness.domains.map.says import further, headline
from harness.domains.map.scene import Style
from harness.domains.model import AllOf, AnyOf, Component, Estate, Need, Path, Workload
from harness.domains.predict import standing
from tests.unit.report.test_html import Page

from .estates import estate, estates

SVG = "{http://www.w3.org/2000/svg}"
CSS = (File(__file__).parents[3] / "harness/domains/map/templates/drawing.css").read_text()

WHOLE = Estate(
    (
        Component("db", "database"),
        Component("hsm", None),
        Component("idle", "workload"),
        Component("orders", "workload"),
        Component("reports", "workload"),
        Component("v1", "vault", "zone", "v2"),
        Component("v2", "vault", "zone", "v1"),
        Component("zone", "place"),
    ),
    (
        Workload("orders", (Path("primary", AllOf(("v1", "db"))), Path("secondary", AllOf(("v2", "db"))))),
        Workload("reports", (Path("primary", "v1"), Path("cached", AllOf(()), 90.0), Path("break-glass", "hsm"))),
    ),
    ("idle",),
)


def page_of(of: Estate, title: str = "it.yaml") -> Page:
    return Page(render(of, analyse(of), title))


def picture_of(of: Estate, title: str = "it.yaml") -> ET.Element:
    return ET.fromstring(render_svg(of, analyse(of), title))


def classes(element: ET.Element) -> set[str]:
    return set(element.get("class", "").split())


def by_name(picture: ET.Element) -> dict[str, ET.Element]:
    return {one.get("data-name", ""): one for one in picture.iter(f"{SVG}g") if one.get("data-name")}


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (estate({"v": None}, {}), "No workload declares an access path: nothing can be said."),
        (estate({"v": None}, {"a": {"primary": "v"}}), "Losing v alone locks out the only workload."),
        (
            estate({"v": None, "w": None}, {"a": {"primary": AllOf(("v", "w"))}, "b": {"primary": AllOf(("v", "w"))}}),
            "Losing v or w alone locks out both workloads.",
        ),
        (
            estate({"v": None, "w": None}, {**{f"a{at}": {"primary": "v"} for at in range(5)}, "b": {"primary": "w"}}),
            "Losing v alone locks out 5 of 6 workloads.",
        ),
        (
            estate({"v": None}, {f"a{at}": {"primary": "v"} for at in range(3)}),
            "Losing v alone locks out all 3 workloads.",
        ),
        (
            estate(dict.fromkeys("stuvw"), {"a": {"primary": AllOf(tuple("stuvw"))}}),
            "Losing any one of 5 components locks out the only workload.",
        ),
        (
            estate({"v": None, "w": None}, {"a": {"primary": AnyOf(("v", "w"))}}),
            "No single loss locks a workload out.",
        ),
    ],
)
def test_the_worst_in_one_sentence(of: Estate, said: str) -> None:
    assert headline(of, analyse(of)) == said
    assert said in page_of(of).words
    description = picture_of(of).find(f"{SVG}desc")
    assert description is not None
    assert (description.text or "").startswith(said)


def test_the_page_says_all_there_is_to_say() -> None:
    words = page_of(WHOLE).words
    for said in (
        "8 components, 2 workloads with access paths",
        "v1 and v2 depend on each other: stopped all at once, none of them comes back.",
        "The primary and secondary paths of orders fall together with the loss of zone.",
        "Nothing is known of idle, which declares no access path.",
        "✘ locked out",
        "! degraded, by secondary",
        "! degraded, by break-glass",
        "✔ safe",
        "1 component: db ; zone",
        "2 components: v1 + v2",
        "The loss of any of these alone leaves every workload on its primary path: hsm, v2.",
    ):
        assert said in words
    assert re.search(r"v1 → v2 → v1|v2 → v1 → v2", words)


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ("v", "All of these lockouts come only after 10s to 30s, for as long as cached credentials last."),
        # What the cached path itself needs takes everybody at once.
        (
            AllOf(("v", "zone")),
            "Some of these lockouts come only after 10s to 30s, for as long as cached credentials last.",
        ),
    ],
)
def test_a_delay_is_not_claimed_of_losses_that_are_felt_at_once(needs: Need, said: str) -> None:
    cached: Need = AllOf(()) if needs == "v" else "zone"
    workloads = tuple(
        Workload(name, (Path("primary", needs), Path("cached", cached, lasts)))
        for name, lasts in (("a", 10.0), ("b", 30.0))
    )
    of = Estate(
        (*(Component(name, "workload") for name in "ab"), Component("v", "vault"), Component("zone", "place")),
        workloads,
    )
    assert said in list(further(of, analyse(of), 0))


def test_nothing_is_said_of_a_delay_where_there_is_none() -> None:
    of = estate({"v": None}, {"a": {"primary": "v"}})
    assert list(further(of, analyse(of), 0)) == []


def test_of_a_component_it_is_told_what_falls_with_it() -> None:
    node = by_name(picture_of(WHOLE))["zone"]
    assert node.get("aria-label") == (
        "zone (place). Locked out: orders. Degraded, by break-glass: reports. Fall with it: v1 and v2."
    )
    assert by_name(picture_of(WHOLE))["orders"].get("aria-label") == (
        "orders (workload). Locked out by the loss of db or zone."
    )


def test_single_points_and_cycles_are_marked_in_words() -> None:
    nodes = by_name(picture_of(WHOLE))
    assert {name for name, one in nodes.items() if "single" in classes(one)} == {"db", "zone"}
    assert [one.text for one in nodes["zone"].iter(f"{SVG}text")] == ["zone", "place", "✘ locks out 1"]
    assert "↻ stays down" in [one.text for one in nodes["v1"].iter(f"{SVG}text")]
    cyclic = [one for one in picture_of(WHOLE).iter(f"{SVG}path") if {"line", "cyclic"} <= classes(one)]
    assert sorted(one.get("data-of", "") for one in cyclic) == ["v1>v2", "v2>v1"]


def test_every_kind_of_line_has_a_pattern_and_every_path_a_label() -> None:
    patterns = [re.findall(rf"\.line\.{style} {{[^}}]*stroke-dasharray: ([^;]+);", CSS) for style in Style]
    assert [len(found) for found in patterns] == [0, 1, 1, 1, 0, 1, 0]
    assert len({found[0] for found in patterns if found}) == 4
    texts = {one.text for one in picture_of(WHOLE).iter(f"{SVG}text")}
    assert {"primary", "secondary", "cached, 90s", "break-glass", "to start"} <= texts


@given(estates())
@settings(max_examples=25, deadline=None)
def test_what_is_chosen_shows_what_falls_with_it(of: Estate) -> None:
    nodes = by_name(picture_of(of))
    assert nodes.keys() == of.component.keys()
    for lost, node in nodes.items():
        number = node.get("id", "").removeprefix("n")
        fallen = {name for name, one in nodes.items() if f"x{number}" in classes(one)}
        assert fallen == of.component.keys() - standing(of, {lost})


def test_the_path_by_which_a_workload_lives_on_does_not_fade() -> None:
    picture = picture_of(WHOLE)
    number = by_name(picture)["v1"].get("id", "").removeprefix("n")
    kept = [one for one in picture.iter() if f"k{number}" in classes(one)]
    assert {one.get("data-of") for one in kept if one.tag == f"{SVG}path"} == {"orders>v2", "orders>db", "reports>hsm"}
    texts = {one.findtext(f"{SVG}text") for one in kept if "port" in classes(one)}
    assert texts == {"secondary", "break-glass"}


def test_lines_that_run_together_are_one_so_that_dashes_stay_dashes() -> None:
    paths: dict[str, Need] = {"primary": "near", "secondary": "far"}
    of = estate({"near": "far", "far": None, "other": None}, {"a": paths, "b": {**paths, "break-glass": "other"}})
    runs = [one for one in picture_of(of).iter(f"{SVG}path") if re.fullmatch(r"M\S+ \S+H\S+", one.get("d", ""))]
    assert [one.get("data-of") for one in runs if "line" in classes(one)] == ["a>far b>far"]


@given(estates())
@settings(max_examples=25, deadline=None)
def test_page_and_picture_are_well_formed(of: Estate) -> None:
    tags = page_of(of).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in tags if tag == "a"}
    assert links <= {f"#{one}" for one in ids}
    picture = picture_of(of)
    assert {one.get("data-name") for one in picture.iter(f"{SVG}g") if one.get("tabindex") == "0"} - {None} == set(
        of.component
    )


HOSTILE = "<script>alert('x')</script>&\"\u202e"


def test_names_cannot_break_out() -> None:
    of = estate({HOSTILE: None}, {f"w{HOSTILE}": {"primary": HOSTILE}}, **{HOSTILE: HOSTILE})
    text = render(of, analyse(of), HOSTILE)
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed", "link", "img"}
    assert not {name for _, attributes in page.tags for name in attributes if name.startswith("on")}
    assert "\u202e" not in text
    assert "<script>alert('x')</script>" in page.words
    picture = picture_of(of, HOSTILE)
    assert {one.tag.removeprefix(SVG) for one in picture.iter()} <= {
        "svg", "title", "desc", "style", "rect", "path", "text", "g"
    }  # fmt: skip


@pytest.mark.parametrize("odd", ["\x00", "\x0b", "\x7f", "\ud800", "\u2028", "\ufffe", "\uffff", "]]>"])
def test_a_title_that_xml_does_not_allow_leaves_the_picture_well_formed(odd: str) -> None:
    title = picture_of(WHOLE, f"a{odd}b").findtext(f"{SVG}title", "")
    assert title.startswith("Failure domains of a")
    assert title.endswith("b")


def test_nothing_is_loaded_from_elsewhere() -> None:
    for text in (render(WHOLE, analyse(WHOLE), "it.yaml"), render_svg(WHOLE, analyse(WHOLE), "it.yaml")):
        assert set(re.findall(r"[a-z]+://[^\"' ]*", text)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"@import|url\((?!#)|\bsrc=|<script", text)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', render(WHOLE, analyse(WHOLE), "it.yaml"))
    assert policy.startswith("default-src 'none'; ")


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "from tests.unit.domains.test_map import WHOLE, analyse, render, render_svg\n"
        "print(render(WHOLE, analyse(WHOLE), 'it') + render_svg(WHOLE, analyse(WHOLE), 'it'))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            cwd=File(__file__).parents[3],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
    assert b"<svg" in found.pop()


def test_the_table_has_the_longer_list_as_rows() -> None:
    chain = estate({"v": None, "w": "v"}, {"a": {"primary": "w"}, "b": {"primary": "w"}})
    found = matrix(chain, analyse(chain))
    assert [one.names for one in found.columns] == [("a", "b")]
    assert [(head.names, [cell.words for cell in cells]) for head, cells in found.rows] == [
        (("v",), ["locked out"]),
        (("w",), ["locked out"]),
    ]
    one = estate({"v": None, "w": None}, {"a": {"primary": "v"}, "b": {"primary": "v", "secondary": "w"}})
    turned = matrix(one, analyse(one))
    assert [head.names for head in turned.columns] == [("v",)]
    assert [(head.names, [cell.words for cell in cells]) for head, cells in turned.rows] == [
        (("a",), ["locked out"]),
        (("b",), ["degraded, by secondary"]),
    ]
    assert (turned.losses_down, turned.harmless) == (False, ("w",))


def test_the_table_has_only_the_worst_when_there_are_too_many() -> None:
    components: dict[str, Need | None] = {f"c{at:03}": None for at in range(80)}
    workloads: dict[str, dict[str, Need]] = {
        f"w{at:03}": {"primary": AllOf(("c000", f"c{at:03}"))} for at in range(1, 80)
    }
    of = estate(components, workloads)
    found = matrix(of, analyse(of))
    assert found.left_out == 80 - MOST_CELLS // 79
    assert len(found.rows) * len(found.columns) <= MOST_CELLS
    assert f"{found.left_out} losses that hit fewer workloads are left out here" in page_of(of).words


def test_of_a_large_estate_it_says_that_not_all_is_drawn() -> None:
    of = estate({"v": None, **{f"x{at:03}": None for at in range(160)}}, {"a": {"primary": "v"}})
    assert "160 components of 162 are not drawn" in page_of(of).words
    assert by_name(picture_of(of)).keys() == {"v", "a"}


def test_nothing_at_all() -> None:
    assert "nothing can be said" in page_of(Estate((), ())).words
    assert picture_of(Estate((), ())).tag == f"{SVG}svg"
