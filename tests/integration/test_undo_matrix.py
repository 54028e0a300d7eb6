"""A part of the undo matrix, another one every day; the whole of it: ``python -m tests.matrix``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.lab.engine import Engine
from harness.lab.plugins import Compose
from tests.integration.labs import WHOLE, brought_up
from tests.integration.parts import ALL, TODAY
from tests.matrix.matrix import Board, Cell, all_cells, on_one_lab, sample

pytestmark = pytest.mark.engine

CELLS = on_one_lab(all_cells()) if ALL else sample(on_one_lab(all_cells()), TODAY)


@pytest.fixture(scope="module")
def board(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, compose: Compose, images_present: None
) -> Iterator[Board]:
    home = tmp_path_factory.mktemp("matrix")
    with brought_up(WHOLE, home, engine, compose) as lab:
        yield Board(lab, home / "cells")


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_everything_is_as_it_was(board: Board, cell: Cell, request: pytest.FixtureRequest) -> None:
    number = request.session.items.index(request.node)
    assert board.play(cell, number).wrong == (), f"python -m tests.matrix --sample --seed {TODAY}"
