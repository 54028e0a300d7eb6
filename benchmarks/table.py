"""Shows results on a terminal. Pure: from results to text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from benchmarks.result import Breakdown, FigureResult, Row

WIDTH = 118  # columns when nobody says how wide the terminal is


def number(value: float) -> str:
    """Three significant digits, without an exponent: 0.0123, 1.23, 12.3, 123, 1234."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:.{digits}f}"


def wanted(row: Row) -> str:
    """The target in words."""
    if row.target is None:
        return "–"
    if row.floor:
        return f"ratio ≤ {row.target:g}"
    return f"{row.statistic} ≤ {row.target:g} {row.unit}"


def verdict(row: Row) -> Text:
    if row.met is None:
        return Text("")
    return Text("yes", style="green") if row.met else Text(f"NO: {number(row.judged)}", style="bold red")


def as_table(results: Iterable[FigureResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("figure", overflow="fold")
    for head in ("n", "min", "median", "p99", "max"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("target", no_wrap=True)
    table.add_column("met", no_wrap=True)
    for result in results:
        table.add_row(Text(result.name, style="bold"))
        if result.problem:
            table.add_row(Text("  not measured", style="bold red"))
        for row in result.rows:
            if not row.column:
                table.add_row(*_cells(row))
        if side_by_side(result) is not None:
            table.add_row("  (a table of its own, below)")
    return table


def side_by_side(result: FigureResult) -> Table | None:
    """The medians of all rows that have a column, one line for each *what*; None where there are no such rows."""
    medians: dict[str, dict[str, str]] = {}
    for row in result.rows:
        if row.column:
            medians.setdefault(row.what, {})[f"{row.column} {row.unit}"] = number(median(row.values))
    if not medians:
        return None
    heads = list(dict.fromkeys(head for line in medians.values() for head in line))
    counts = sorted({len(row.values) for row in result.rows if row.column})
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{result.name}, medians of {' or '.join(map(str, counts))}", overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for what, line in medians.items():
        table.add_row(f"  {what}", *(line.get(head, "–") for head in heads))
    return table


def _cells(row: Row) -> list[RenderableType]:
    return [
        f"  {row.what}",
        str(len(row.values)),
        number(min(row.values)),
        number(median(row.values)),
        "" if row.p99 is None else number(row.p99),
        number(max(row.values)),
        row.unit,
        "" if row.ratio is None else number(row.ratio),
        wanted(row),
        verdict(row),
    ]


def breakdown_lines(one: Breakdown) -> list[str]:
    """One part a line, with a bar in proportion to the sum."""
    whole = sum(part for part in one.parts.values() if part > 0) or 1.0
    width = max(map(len, one.parts), default=0)
    lines = [f"{one.title} ({one.unit})"]
    for name, part in one.parts.items():
        bar = "█" * round(30 * max(0.0, part) / whole)
        lines.append(f"  {name:<{width}}  {number(part):>7}  {bar}".rstrip())
    return lines


def details(results: Sequence[FigureResult]) -> Group:
    """Breakdowns and notes of all figures."""
    lines: list[Text] = []
    for result in results:
        if result.problem:
            lines.append(Text(f"{result.name} was not measured: {result.problem}", style="red"))
        for breakdown in result.breakdowns:
            lines += [Text(""), *(Text(line) for line in breakdown_lines(breakdown))]
        if result.notes:
            lines += [Text(""), *(Text(f"{result.name}: {note}") for note in result.notes)]
    return Group(*lines)


def show(results: Sequence[FigureResult], console: Console | None = None) -> None:
    target = console or Console(highlight=False, soft_wrap=False)
    if console is None and not target.is_terminal:
        target = Console(highlight=False, width=WIDTH)
    target.print(as_table(results))
    for table in map(side_by_side, results):
        if table is not None:
            target.print(table)
    target.print(details(results), soft_wrap=True)
