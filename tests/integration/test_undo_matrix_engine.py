"""The engine is restarted while a fault is on: one family a day; all: ``python -m tests.matrix --restart-engine``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.lab.engine import Engine
from harness.lab.plugins import Compose
from tests.integration.parts import ALL, TODAY
from tests.matrix.engine import Refused
from tests.matrix.matrix import Cell, all_cells, on_their_own, play_alone

# Whatever else is on the engine ends with it: only where the machine is there for these tests, or all are asked for.
ALONE = "CI" in os.environ or ALL
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not ALONE, reason="restarts the container engine: set CI, or LOCKOUT_TESTS=all"),
]

CELLS = on_their_own(all_cells())
PART = CELLS if ALL else [CELLS[TODAY % len(CELLS)]]


@pytest.mark.parametrize("cell", PART, ids=str)
def test_nothing_is_left(cell: Cell, tmp_path: Path, engine: Engine, compose: Compose, images_present: None) -> None:
    try:
        played = play_alone(cell, 0, tmp_path, engine, compose)
    except Refused as refused:
        pytest.skip(str(refused))
    again = f"python -m tests.matrix --restart-engine --family {cell.family} --ending {cell.ending}"
    assert played.wrong == (), again
