"""What came of the cells, line by line in a file that outlives an interrupt, and what it all comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import msgspec

from tests.matrix.matrix import Cell


class Result(msgspec.Struct, frozen=True):
    """One line of the file. ``wrong`` is empty when everything is as it was."""

    family: str
    fault: str
    ending: str
    seconds: float
    wrong: tuple[str, ...] = ()

    @property
    def cell(self) -> Cell:
        return Cell(self.family, self.fault, self.ending)

    def __str__(self) -> str:
        return f"{self.seconds:5.1f} s  {self.cell}: {'; '.join(self.wrong) or 'as new'}"


def result_of(cell: Cell, seconds: float, wrong: Sequence[str]) -> Result:
    return Result(cell.family, cell.fault, cell.ending, round(seconds, 2), tuple(wrong))


def read_results(path: Path) -> tuple[dict[Cell, Result], tuple[int, ...]]:
    """The newest result of each cell, and the numbers of lines that are none, such as one that was cut off.

    A file that is not there has no results. Raises OSError for one that cannot be read.
    """
    found: dict[Cell, Result] = {}
    bad: list[int] = []
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            result = msgspec.json.decode(line, type=Result)
        except msgspec.DecodeError:
            bad.append(number)
        else:
            found[result.cell] = result
    return found, tuple(bad)


@contextmanager
def written_to(path: Path | None) -> Iterator[Callable[[Result], None]]:
    """Appends each result to *path*, at once. Without a path they go nowhere. Raises OSError."""
    if path is None:
        yield lambda result: None
        return
    cut_off = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("ab") as file:
        if cut_off:
            file.write(b"\n")

        def write(result: Result) -> None:
            file.write(msgspec.json.encode(result) + b"\n")
            file.flush()

        yield write


def summary(cells: Sequence[Cell], results: Mapping[Cell, Result], left_out: Mapping[Cell, str]) -> str:
    """A line for each ending, what was wrong, what was not played and why, and last, how much of *cells* held."""
    endings = list(dict.fromkeys(cell.ending for cell in cells))
    width = max(map(len, endings), default=0)
    lines = [f"{'ending':<{width}}  as new    of  seconds  median"]
    for ending in endings:
        wanted = [cell for cell in cells if cell.ending == ending]
        played = [results[cell] for cell in wanted if cell in results]
        held = sum(not result.wrong for result in played)
        seconds = [result.seconds for result in played]
        middle = f"{median(seconds):6.1f}" if seconds else f"{'–':>6}"
        lines.append(f"{ending:<{width}}  {held:6}  {len(wanted):4}  {sum(seconds):7.0f}  {middle}")
    known = [results[cell] for cell in cells if cell in results]
    lines += [f"wrong: {result.cell}: {'; '.join(result.wrong)}" for result in known if result.wrong]
    for reason in dict.fromkeys(left_out.values()):
        lines.append(f"not played: {sum(why == reason for why in left_out.values())} cells: {reason}")
    if unknown := len(cells) - len(known) - len(left_out):
        lines.append(f"not played: {unknown} cells: it was ended before")
    held = sum(not result.wrong for result in known)
    return "\n".join([*lines, f"{held} of {len(cells)} cells: as new"])
