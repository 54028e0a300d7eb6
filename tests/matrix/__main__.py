"""``python -m tests.matrix``: the whole matrix, or a part of it, and how much of it held."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from harness.lab.engine import Engine, ensure_engine
from harness.lab.engine_start import recorded
from harness.lab.errors import EnvironmentUnusable
from harness.lab.plugins import Compose, ensure_compose
from harness.lab.progress import PlainLines
from tests.integration.labs import WHOLE, brought_up
from tests.matrix.endings import ENDINGS
from tests.matrix.engine import NOT_ASKED, NOT_OURS, Refused
from tests.matrix.matrix import Board, Cell, all_cells, on_one_lab, on_their_own, play_alone, sample
from tests.matrix.playing import Tell, play_all
from tests.matrix.results import Result, read_results, result_of, summary, written_to

MOST_LABS = 4  # an engine has address pools for about six
FAMILIES = tuple(dict.fromkeys(cell.family for cell in all_cells()))
INTERRUPTED = 130


def parsed(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument(
        "--family", action="append", default=[], choices=FAMILIES, metavar="FAMILY", help="only this; may be repeated"
    )
    parser.add_argument(
        "--ending", action="append", default=[], choices=ENDINGS, metavar="ENDING", help="only this; may be repeated"
    )
    parser.add_argument("--sample", action="store_true", help="one ending for each family")
    parser.add_argument("--seed", type=int, help="of the sample")
    parser.add_argument(
        "--restart-engine",
        action="store_true",
        help="play engine-restarted, too, if nobody else is on it",
    )
    parser.add_argument("--labs", type=int, default=1, help=f"labs at a time, 1 to {MOST_LABS} (default 1)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="append the result of each cell to FILE, at once")
    parser.add_argument(
        "--missing", type=Path, metavar="FILE", help="play only what has no result in FILE; what has one counts, too"
    )
    return parser, parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    parser, options = parsed(arguments)
    if not 1 <= options.labs <= MOST_LABS:
        parser.error(f"--labs {options.labs}: 1 to {MOST_LABS} would be right")
    cells = [
        cell
        for cell in all_cells()
        if cell.family in (options.family or [cell.family]) and cell.ending in (options.ending or [cell.ending])
    ]
    if options.sample:
        seed = options.seed if options.seed is not None else secrets.randbits(32)
        print(f"sample by seed {seed}")
        cells = sample(cells, seed)
    try:
        results, bad = read_results(options.missing) if options.missing else ({}, ())
        results = {cell: result for cell, result in results.items() if cell in cells}
        if bad:
            print(f"{options.missing}: no results, and passed over: lines {', '.join(map(str, bad))}")
        with written_to(options.results) as write:
            left_out = {} if options.restart_engine else dict.fromkeys(on_their_own(cells), NOT_ASKED)
            left_out = {cell: why for cell, why in left_out.items() if cell not in results}
            return _play(cells, results, left_out, options.labs, write)
    except OSError as error:
        parser.error(str(error))
    except EnvironmentUnusable as error:
        print(error, file=sys.stderr)
        return 1


def _play(cells: Sequence[Cell], results: dict[Cell, Result], left_out: dict[Cell, str], labs: int, write: Tell) -> int:
    """Play those of *cells* that have no result yet and are not left out; a sentence for each, and what it comes to."""
    numbers = count(1)
    began = time.monotonic()
    if results:
        print(f"{len(results)} of {len(cells)} cells have a result already")

    def tell(result: Result) -> None:
        write(result)
        results[result.cell] = result
        print(f"{next(numbers):3}  {result}", flush=True)

    interrupted = False
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _labs([cell for cell in cells if cell not in results and cell not in left_out], labs, tell, left_out)
    except KeyboardInterrupt:
        interrupted = True
    print(summary(cells, results, left_out), f"(in {time.monotonic() - began:.0f} s)")
    if interrupted:
        return INTERRUPTED
    meant = [cell for cell in cells if left_out.get(cell) not in (NOT_OURS, NOT_ASKED)]
    held = all(cell in results and not results[cell].wrong for cell in meant)
    return 0 if held else 1


def _labs(todo: Sequence[Cell], labs: int, tell: Tell, left_out: dict[Cell, str]) -> None:
    """*left_out* is told why a cell was not played. A cell's seconds leave out the start of a lab that others share."""
    if not todo:
        return
    progress = PlainLines()
    engine, compose = ensure_engine(progress), ensure_compose(progress)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        folders = (home / f"lab-{number}" for number in count(1))
        if shared := on_one_lab(todo):

            @contextmanager
            def opened() -> Iterator[Board]:
                (folder := next(folders)).mkdir()
                with brought_up(WHOLE, folder, ensure_engine(), compose) as lab:
                    yield Board(lab, folder / "cells")

            play_all(shared, labs, opened, tell)
        for number, cell in enumerate(on_their_own(todo)):
            (folder := next(folders)).mkdir()
            _alone(cell, number, folder, engine, compose, tell, left_out)


def _alone(
    cell: Cell, number: int, home: Path, engine: Engine, compose: Compose, tell: Tell, left_out: dict[Cell, str]
) -> None:
    if recorded() is None:
        left_out[cell] = NOT_OURS
        return
    began = time.monotonic()
    try:
        wrong = play_alone(cell, number, home, engine, compose).wrong
    except Refused as refused:
        left_out[cell] = str(refused)
    else:
        tell(result_of(cell, time.monotonic() - began, wrong))


if __name__ == "__main__":
    sys.exit(main())
