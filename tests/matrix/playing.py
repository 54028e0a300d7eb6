"""Plays cells on one or several labs at a time: each is independent of the others, and most of a cell is waiting."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack
from threading import Event, Lock
from typing import Protocol

from tests.matrix.matrix import Cell, Played
from tests.matrix.results import Result, result_of


class Plays(Protocol):
    """A lab that is as new, on which cells can be played: ``matrix.Board``."""

    def play(self, cell: Cell, number: int) -> Played: ...


Open = Callable[[], AbstractContextManager[Plays]]
Tell = Callable[[Result], None]


def play_all(cells: Sequence[Cell], labs: int, opened: Open, tell: Tell) -> None:
    """Play *cells* on at most so many *labs* at a time, and *tell* what came of each at once, of one at a time.

    A cell after which its lab is not as new spoils no other: the next gets a new lab. Whoever interrupts this waits
    for the cells that are under way, which are told, too. Raises what *opened* and *tell* raise.
    """
    table = _Table(cells, opened, tell)
    with ThreadPoolExecutor(max_workers=labs, thread_name_prefix="lab") as pool:
        workers = [pool.submit(table.work) for _ in range(min(labs, len(cells)))]
        try:
            for worker in as_completed(workers):
                worker.result()
        finally:
            table.stop.set()


class _Table:
    def __init__(self, cells: Sequence[Cell], opened: Open, tell: Tell) -> None:
        self.stop = Event()
        self._left = deque(enumerate(cells))
        self._opened = opened
        self._tell = tell
        self._opening, self._telling = Lock(), Lock()

    def work(self) -> None:
        while self._left and not self.stop.is_set():
            with ExitStack() as stack:
                with self._opening:  # a dozen containers starting take all of a small machine
                    lab = stack.enter_context(self._opened())
                self._play_on(lab)

    def _play_on(self, lab: Plays) -> None:
        """Until nothing is left, or *lab* is no longer fit."""
        while not self.stop.is_set():
            try:
                number, cell = self._left.popleft()
            except IndexError:
                return
            began = time.monotonic()
            wrong = lab.play(cell, number).wrong
            result = result_of(cell, time.monotonic() - began, wrong)
            with self._telling:
                self._tell(result)
            if wrong:
                return
