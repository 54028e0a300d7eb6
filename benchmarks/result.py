"""What a measurement yields: plain data, and the statistics that are shown of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

Statistic = Literal["median", "p99", "max"]

FEWEST_FOR_P99 = 100
"""Fewer values than this have no 99th percentile worth the name."""


class NotMeasured(Exception):  # noqa: N818
    """A figure could not be measured; the message says why, in words for the reader of the table."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of *values* that at least *share* (0 to 1) of them do not exceed (nearest rank).

    Raises ValueError without values.
    """
    if not values:
        raise ValueError("a percentile of nothing")
    return sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: one quantity, measured several times.

    With *floor*, the values of something to compare with, the target is for the ratio of the two medians;
    otherwise it is for *statistic* of the values. Without a *target* the line is for information.

    With a *column*, only its median is shown, in a table of one line for all that have the same *what*.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    target: float | None = None
    statistic: Statistic = "median"
    floor: tuple[float, ...] = ()
    column: str = ""

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"{self.what}: no value was measured")

    @property
    def p99(self) -> float | None:
        return percentile(self.values, 0.99) if len(self.values) >= FEWEST_FOR_P99 else None

    @property
    def ratio(self) -> float | None:
        """The median over the floor's median."""
        return median(self.values) / median(self.floor) if self.floor else None

    @property
    def judged(self) -> float:
        """The number that the target is for."""
        if self.ratio is not None:
            return self.ratio
        by_name = {"median": median(self.values), "p99": percentile(self.values, 0.99), "max": max(self.values)}
        return by_name[self.statistic]

    @property
    def met(self) -> bool | None:
        """Whether the target is met, exactly at the limit included; None without a target."""
        return None if self.target is None else self.judged <= self.target

    def as_document(self) -> dict[str, object]:
        return {
            "what": self.what,
            **({"column": self.column} if self.column else {}),
            "unit": self.unit,
            "min": min(self.values),
            "median": median(self.values),
            "p99": self.p99,
            "max": max(self.values),
            "ratio": self.ratio,
            "judged_by": "ratio of medians" if self.floor else self.statistic,
            "target": self.target,
            "met": self.met,
            "values": [round(value, 6) for value in self.values],
        }


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Where a quantity goes: parts in the order in which they come, in *unit*."""

    title: str
    unit: str
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FigureResult:
    """All that one figure yields. ``problem`` says why there is nothing, if there is nothing."""

    name: str
    rows: tuple[Row, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def missed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.met is False)

    def as_document(self) -> dict[str, object]:
        return {
            "name": self.name,
            "problem": self.problem or None,
            "rows": [row.as_document() for row in self.rows],
            "breakdowns": [
                {"title": b.title, "unit": b.unit, "parts": {k: round(v, 6) for k, v in b.parts.items()}}
                for b in self.breakdowns
            ],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Wish:
    """How to measure. ``runs`` is None for each figure's own number of repetitions."""

    runs: int | None = None
    verbose: bool = False
    say: Callable[[str], None] = field(default=lambda _text: None)

    def repetitions(self, default: int) -> int:
        return default if self.runs is None else self.runs


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``measure`` raises NotMeasured, or anything the harness raises for an unusable environment."""

    name: str
    summary: str
    measure: Callable[[Wish], FigureResult]


def medians(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Part by part, the median of several breakdowns, in the order of the first."""
    names = dict.fromkeys(name for one in parts for name in one)
    return {name: median(one.get(name, 0.0) for one in parts) for name in names}


def exit_code(results: Sequence[FigureResult], *, strict: bool) -> int:
    """0; 1 if something could not be measured, or, if *strict*, when a target was missed."""
    return int(any(r.problem for r in results) or (strict and any(r.missed for r in results)))
