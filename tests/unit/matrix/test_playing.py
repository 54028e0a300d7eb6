"""Cells on labs that are stand-ins: each is played once, on a lab that is as new, whoever ends it and when."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.matrix.matrix import Cell, Played
from tests.matrix.playing import play_all
from tests.matrix.results import Result

CELLS = [Cell("family", f"fault-{number}", "SIGINT") for number in range(6)]


class Labs:
    """Opens labs and remembers what is played on which. ``spoils`` are faults after which a lab is not as new."""

    def __init__(self, spoils: frozenset[str] = frozenset(), together: int = 1) -> None:
        self.spoils = spoils
        self.played: list[list[str]] = []
        self.open = 0
        self.meeting = threading.Barrier(together)
        self.results: list[Result] = []

    @contextmanager
    def opened(self) -> Iterator[Lab]:
        self.open += 1
        faults: list[str] = []
        self.played.append(faults)
        try:
            yield Lab(self, faults)
        finally:
            self.open -= 1


class Lab:
    def __init__(self, labs: Labs, faults: list[str]) -> None:
        self._labs, self._faults = labs, faults

    def play(self, cell: Cell, number: int) -> Played:
        assert cell is CELLS[number]
        self._labs.meeting.wait(timeout=10)
        self._faults.append(cell.fault)
        return Played(cell, ("a policy is gone",) if cell.fault in self._labs.spoils else ())


def test_all_are_played_on_one_lab() -> None:
    labs = Labs()
    play_all(CELLS, 1, labs.opened, labs.results.append)
    assert labs.played == [[cell.fault for cell in CELLS]]
    assert [result.cell for result in labs.results] == CELLS
    assert labs.open == 0


def test_a_cell_that_spoils_its_lab_spoils_no_other() -> None:
    labs = Labs(spoils=frozenset({"fault-1", "fault-5"}))
    play_all(CELLS, 1, labs.opened, labs.results.append)
    assert labs.played == [["fault-0", "fault-1"], ["fault-2", "fault-3", "fault-4", "fault-5"]]
    assert [bool(result.wrong) for result in labs.results] == [False, True, False, False, False, True]


def test_labs_play_at_the_same_time_and_each_cell_once() -> None:
    labs = Labs(together=2)  # none goes on alone
    play_all(CELLS, 2, labs.opened, labs.results.append)
    assert [len(faults) for faults in labs.played] == [3, 3]
    assert sorted(result.fault for result in labs.results) == [cell.fault for cell in CELLS]


def test_no_lab_is_made_for_nobody() -> None:
    labs = Labs()
    play_all(CELLS[:1], 3, labs.opened, labs.results.append)
    play_all([], 3, labs.opened, labs.results.append)
    assert labs.played == [["fault-0"]]


def test_a_result_that_cannot_be_told_ends_it_and_removes_the_lab() -> None:
    labs = Labs()

    def full(result: Result) -> None:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        play_all(CELLS, 1, labs.opened, full)
    assert labs.played == [["fault-0"]]
    assert labs.open == 0


def test_a_lab_that_does_not_start_ends_it() -> None:
    @contextmanager
    def broken() -> Iterator[Lab]:
        raise RuntimeError("no lab")
        yield

    with pytest.raises(RuntimeError, match="no lab"):
        play_all(CELLS, 1, broken, lambda result: None)


def test_an_interrupt_loses_no_cell_that_was_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    labs = Labs(together=2)  # its lab and this thread

    def interrupted(workers: object) -> Iterator[object]:
        yield from ()
        threading.Timer(0.2, labs.meeting.wait).start()  # only then may the cell go on
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.matrix.playing.as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        play_all(CELLS, 1, labs.opened, labs.results.append)
    assert [result.fault for result in labs.results] == ["fault-0"]
    assert labs.open == 0
