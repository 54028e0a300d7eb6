"""``python -m tests.matrix``: the whole matrix, or a part of it, and how much of it held."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from harness.lab.engine import ensure_engine
from harness.lab.plugins import ensure_compose
from harness.lab.progress import PlainLines
from tests.integration.labs import WHOLE, brought_up
from tests.matrix.matrix import Board, all_cells, sample


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--family", action="append", default=[], help="only this family; may be repeated")
    parser.add_argument("--ending", action="append", default=[], help="only this ending; may be repeated")
    parser.add_argument("--sample", action="store_true", help="one ending for each family")
    parser.add_argument("--seed", type=int, help="of the sample")
    options = parser.parse_args()
    cells = [
        cell
        for cell in all_cells()
        if cell.family in (options.family or [cell.family]) and cell.ending in (options.ending or [cell.ending])
    ]
    if options.sample:
        seed = options.seed if options.seed is not None else secrets.randbits(32)
        print(f"sample by seed {seed}")
        cells = sample(cells, seed)
    if not cells:
        parser.error("no cell is meant; families: " + ", ".join(sorted({cell.family for cell in all_cells()})))
    held: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        progress = PlainLines()
        with brought_up(WHOLE, home, ensure_engine(progress), ensure_compose(progress)) as lab:
            board = Board(lab, home / "cells")
            for number, cell in enumerate(cells):
                began = time.monotonic()
                played = board.play(cell, number)
                held[cell.family] += not played.wrong
                said = "as new" if not played.wrong else "; ".join(played.wrong)
                print(f"{time.monotonic() - began:5.1f} s  {cell}: {said}", flush=True)
    print(f"{sum(held.values())} of {len(cells)} cells: everything as it was")
    return 0 if sum(held.values()) == len(cells) else 1


if __name__ == "__main__":
    sys.exit(main())
