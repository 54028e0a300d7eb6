"""What the benchmark command shows."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from benchmarks.result import Breakdown, FigureResult, Row
from benchmarks.table import breakdown_lines, number, show


def shown(*results: FigureResult) -> list[str]:
    console = Console(file=StringIO(), width=118, highlight=False)
    show(results, console)
    file = console.file
    assert isinstance(file, StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01234, "0.012"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12345.6, "12346"),
        (-1.5, "-1.50"),
        (0, "0.000"),
    ],
)
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_line_has_spread_ratio_target_and_whether_it_is_met() -> None:
    lines = shown(FigureResult("overhead", (Row("run", "s", (3.0, 1.0, 2.0), target=1.5, floor=(2.0, 2.0)),)))
    line = next(line for line in lines if line.strip().startswith("run"))
    assert line.split() == ["run", "3", "1.00", "2.00", "3.00", "s", "1.00", "ratio", "≤", "1.5", "yes"]


def test_a_missed_target_is_said_plainly_with_the_number_that_missed_it() -> None:
    lines = shown(FigureResult("judge", (Row("memory", "MB", (400.0, 501.0), target=500, statistic="max"),)))
    line = next(line for line in lines if "memory" in line)
    assert "max ≤ 500 MB" in line
    assert line.endswith("NO: 501")


def test_a_line_without_a_target_says_nothing_of_one() -> None:
    line = next(line for line in shown(FigureResult("x", (Row("python", "s", (0.01,)),))) if "python" in line)
    assert line.split() == ["python", "1", "0.010", "0.010", "0.010", "s", "–"]


def test_what_was_not_measured_says_why() -> None:
    lines = shown(FigureResult("overhead", problem="no container engine"))
    assert any(line.strip() == "not measured" for line in lines)
    assert "overhead was not measured: no container engine" in lines


def test_rows_with_a_column_stand_side_by_side_in_a_table_of_medians() -> None:
    rows = (
        Row("vault-sealed", "ms", (1.0, 9.0, 2.0), column="inject"),
        Row("vault-sealed", "ms", (30.0, 20.0, 40.0), column="undo"),
        Row("token-revoked", "ms", (500.0,), column="inject"),
        Row("in all", "s", (7.0,)),
    )
    lines = shown(FigureResult("faults", rows))
    assert [line.split() for line in lines if "vault-sealed" in line] == [["vault-sealed", "2.00", "30.0"]]
    assert [line.split() for line in lines if "token-revoked" in line] == [["token-revoked", "500", "–"]]
    assert "faults, medians of 1 or 3 inject ms undo ms" in [" ".join(line.split()) for line in lines]
    assert [line.split()[:3] for line in lines if "in all" in line] == [["in", "all", "1"]]


def test_notes_name_their_figure() -> None:
    assert "judge: 249 MB" in shown(FigureResult("judge", notes=("249 MB",)))


def test_a_breakdown_has_bars_in_proportion() -> None:
    assert breakdown_lines(Breakdown("floor", "s", {"up": 3.0, "down": 1.0, "verify": -0.01})) == [
        "floor (s)",
        "  up         3.00  ██████████████████████",
        "  down       1.00  ████████",
        "  verify   -0.010",
    ]


def test_an_empty_breakdown_is_its_title() -> None:
    assert breakdown_lines(Breakdown("floor", "s", {})) == ["floor (s)"]
