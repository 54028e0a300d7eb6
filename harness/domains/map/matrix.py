"""Component by workload: what each loss means to whom. The picture's alternative in text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.domains.model import Analysis, Estate, Fate, Prediction
from harness.domains.text import fate_words, others
from harness.report.words import clean

MOST_CELLS = 5_000
"""The table has no more, and therefore only the worst losses."""

GLYPHS = {Fate.SAFE: "✔", Fate.DEGRADED: "!", Fate.LOCKED_OUT: "✘"}
SAFE = Prediction(Fate.SAFE)


@dataclass(frozen=True, slots=True)
class Head:
    """Of a row or a column: what is lost, or workloads that every loss means the same to."""

    names: tuple[str, ...]
    role: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    fate: str  # safe, degraded or locked-out
    glyph: str
    words: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """*losses_down*: the rows are losses and the columns workloads; else the other way round.

    *harmless*: components whose loss leaves everybody else safe; they are not in the table. *left_out*: how many others
    there was no room for.
    """

    losses_down: bool
    columns: tuple[Head, ...]
    rows: tuple[tuple[Head, tuple[Cell, ...]], ...]
    harmless: tuple[str, ...]
    left_out: int


def matrix(estate: Estate, analysis: Analysis) -> Matrix:
    telling = [name for name in analysis.domains if others(name, analysis.domains[name])]
    telling.sort(key=lambda name: (-len(analysis.single_points.get(name, ())), -len(analysis.domains[name]), name))
    shown, groups = telling, _alike(estate, analysis, telling)
    if len(shown) * len(groups) > MOST_CELLS:
        shown = telling[: max(MOST_CELLS // len(groups), 1)]
        groups = _alike(estate, analysis, shown)
    losses = [Head((name,), clean(estate.component[name].role or "")) for name in shown]
    workloads = [Head(tuple(names)) for names in groups.values()]
    cells = [tuple(_cell(prediction) for prediction in fates) for fates in groups]
    if len(losses) >= len(workloads):
        turned = tuple(zip(losses, zip(*cells, strict=True), strict=True)) if losses else ()
        return Matrix(True, tuple(workloads), turned, _harmless(estate, telling), len(telling) - len(shown))
    rows = tuple(zip(workloads, cells, strict=True))
    return Matrix(False, tuple(losses), rows, _harmless(estate, telling), len(telling) - len(shown))


def _alike(estate: Estate, analysis: Analysis, losses: Sequence[str]) -> dict[tuple[Prediction, ...], list[str]]:
    """Workloads that each of *losses* means the same to, by what they mean."""
    groups: dict[tuple[Prediction, ...], list[str]] = {}
    for one in estate.workloads:
        fates = tuple(analysis.domains[name].get(one.name, SAFE) for name in losses)
        groups.setdefault(fates, []).append(one.name)
    return groups


def _harmless(estate: Estate, telling: Sequence[str]) -> tuple[str, ...]:
    told = {*telling, *estate.workload, *estate.undeclared}
    return tuple(one.name for one in estate.components if one.name not in told)


def _cell(one: Prediction) -> Cell:
    return Cell(one.fate.value, GLYPHS[one.fate], fate_words(one))
