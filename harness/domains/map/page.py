"""The map as a page of its own, or as a picture alone: no script, nothing fetched."""

from __future__ import annotations

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.domains.map import says
from harness.domains.map.drawing import Picture, draw
from harness.domains.map.fallen import Fallen, chosen_rules
from harness.domains.map.layout import layout
from harness.domains.map.matrix import matrix
from harness.domains.map.scene import LIMIT, Kind, Scene, scene
from harness.domains.model import Analysis, CutSets, Estate
from harness.report import words

MOST_SETS = 30
"""So many cut sets of one size are on the page; ``--json`` has all."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("harness.domains.map", "templates"), PackageLoader("harness.report", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clean=words.clean, count=words.count, listing=words.listing)
    return environment


def render(estate: Estate, analysis: Analysis, title: str, limit: int = LIMIT) -> str:
    """A complete HTML page. *limit*: of more components than that only what matters most is drawn."""
    picture = _picture(estate, analysis, limit)
    seen, fallen = picture.scene, picture.fallen
    return (
        _environment()
        .get_template("map.html.j2")
        .render(
            title=title,
            estate=estate,
            analysis=analysis,
            headline=says.headline(estate, analysis),
            further=tuple(says.further(estate, analysis, seen.left_out)),
            # The drawing escapes what it quotes itself, and the rules are made of numbers.
            drawing=Markup(draw(picture, title)),  # noqa: S704
            chosen=Markup(chosen_rules(fallen.numbers.values())),  # noqa: S704
            upright=picture.layout.height > picture.layout.width,
            losses={number: says.loss(estate, analysis, fallen, name) for name, number in fallen.numbers.items()},
            numbers=fallen.numbers,
            drawn=_drawn(seen, analysis),
            matrix=matrix(estate, analysis),
            cuts=_cuts(analysis),
            most_sets=MOST_SETS,
            cycles=[(cycle, says.cycle_words(cycle)) for cycle in analysis.cycles],
            shared=tuple(says.shared_groups(analysis)),
        )
    )


def render_svg(estate: Estate, analysis: Analysis, title: str, limit: int = LIMIT) -> str:
    """The picture as an SVG file."""
    picture = _picture(estate, analysis, limit)
    chosen = Markup(chosen_rules(picture.fallen.numbers.values()))  # noqa: S704 - made of numbers
    style = _environment().get_template("alone.css.j2").render(chosen=chosen)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{draw(picture, title, style)}\n'


def _picture(estate: Estate, analysis: Analysis, limit: int) -> Picture:
    seen = scene(estate, analysis, limit)
    fallen = Fallen(estate, analysis, (name for node in seen.nodes for name in node.names))
    return Picture(estate, analysis, seen, layout(seen), fallen)


def _cuts(analysis: Analysis) -> list[tuple[tuple[str, ...], CutSets, dict[int, list[tuple[str, ...]]]]]:
    """Workloads with the same cut sets, and these by size."""
    alike: dict[CutSets, list[str]] = {}
    for workload, cuts in analysis.cuts.items():
        alike.setdefault(cuts, []).append(workload)
    found = []
    for cuts, workloads in alike.items():
        by_size: dict[int, list[tuple[str, ...]]] = {}
        for one in cuts.sets:
            by_size.setdefault(len(one), []).append(tuple(sorted(one)))
        found.append((tuple(workloads), cuts, by_size))
    return found


def _drawn(seen: Scene, analysis: Analysis) -> frozenset[str]:
    """What occurs in the picture, for a legend that explains no more than that."""
    found = {line.style.value for line in seen.lines} | {node.kind.value for node in seen.nodes}
    found |= {"all" for node in seen.nodes for port in node.ports if port.gate}
    found |= {"single"} if analysis.single_points else set()
    found |= {"cyclic"} if analysis.cycles else set()
    found |= {"alike" for node in seen.nodes if node.kind is Kind.CARD and len(node.names) > 1}
    return frozenset(found)
