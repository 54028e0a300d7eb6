"""Which cells there are, and how the command chooses among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.faults import registry
from tests.matrix import __main__ as command
from tests.matrix.endings import ENDINGS
from tests.matrix.engine import NOT_ASKED, NOT_OURS
from tests.matrix.matrix import Cell, all_cells, on_one_lab, on_their_own, sample
from tests.matrix.playing import Tell
from tests.matrix.results import read_results, result_of

PART = ["--family", "tokens", "--family", "vault_sealed", "--ending", "SIGINT", "--ending", "engine-restarted"]


def test_every_family_meets_every_ending_of_the_issue() -> None:
    families = {registry.get(name).family for name in registry.fault_names()}
    endings = {
        "completes",
        "probe-raises",
        "engine-exception",
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
        "SIGKILL",
        "target-dies",
        "engine-restarted",
    }
    assert {(cell.family, cell.ending) for cell in all_cells()} == {(f, e) for f in families for e in endings}
    assert len(all_cells()) == len(families) * len(endings)


def test_only_what_a_lab_outlives_is_played_on_one_lab() -> None:
    shared, alone = on_one_lab(all_cells()), on_their_own(all_cells())
    assert {cell.ending for cell in alone} == {"engine-restarted"}
    assert sorted(map(str, shared + alone)) == sorted(map(str, all_cells()))


def test_a_sample_has_one_ending_of_each_family() -> None:
    chosen = sample(all_cells(), 7)
    assert len(chosen) == len({cell.family for cell in chosen}) == len({cell.family for cell in all_cells()})
    assert {cell.ending for cell in chosen} == set(ENDINGS)


@pytest.fixture
def labs(monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """Stands in for all labs: what has been played, all of it well; an engine of somebody else."""
    done: list[Cell] = []

    def play(todo: list[Cell], labs: int, tell: Tell, left_out: dict[Cell, str]) -> None:
        for cell in todo:
            if ENDINGS[cell.ending].ends_lab:
                left_out[cell] = NOT_OURS
            else:
                done.append(cell)
                tell(result_of(cell, 1, ()))

    monkeypatch.setattr(command, "_labs", play)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    return done


def test_what_cannot_be_played_on_this_engine_is_told_and_fails_nothing(
    labs: list[Cell], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([*PART, "--restart-engine"]) == 0
    assert f"not played: 2 cells: {NOT_OURS}\n2 of 4 cells: as new" in capsys.readouterr().out


def test_no_engine_is_restarted_unasked(
    labs: list[Cell], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Cell] = []
    monkeypatch.setattr(command, "_labs", lambda todo, labs, tell, left_out: asked.extend(todo))
    command.main(PART)
    assert {cell.ending for cell in asked} == {"SIGINT"}
    assert f"not played: 2 cells: {NOT_ASKED}" in capsys.readouterr().out
    asked.clear()
    command.main([*PART, "--restart-engine"])
    assert {cell.ending for cell in asked} == {"SIGINT", "engine-restarted"}


def test_only_what_is_missing_is_played_and_all_of_it_counts(
    labs: list[Cell], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results"
    both = ["--results", str(file), "--missing", str(file)]
    assert command.main([*PART, *both, "--family", "network"]) == 0
    assert len(labs) == len(read_results(file)[0]) == 3
    labs.clear()
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if '"tokens"' not in line))
    assert command.main([*PART, *both]) == 0
    assert [cell.family for cell in labs] == ["tokens"]
    assert len(read_results(file)[0]) == 3
    out = capsys.readouterr().out
    assert "1 of 4 cells have a result already" in out
    assert out.rstrip().splitlines()[-1].startswith("2 of 4 cells: as new")


def test_a_result_that_was_wrong_still_fails(labs: list[Cell], tmp_path: Path) -> None:
    file = tmp_path / "results"
    (cell,) = (one for one in all_cells() if (one.family, one.ending) == ("tokens", "SIGINT"))
    with command.written_to(file) as tell:
        tell(result_of(cell, 1, ("policy x is gone",)))
    assert command.main([*PART, "--missing", str(file)]) == 1
    assert cell not in labs


def test_an_interrupt_tells_what_there_is(
    monkeypatch: pytest.MonkeyPatch, labs: list[Cell], capsys: pytest.CaptureFixture[str]
) -> None:
    def play(todo: list[Cell], labs: int, tell: Tell, left_out: dict[Cell, str]) -> None:
        tell(result_of(todo[0], 1, ()))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_labs", play)
    assert command.main([*PART, "--restart-engine"]) == command.INTERRUPTED
    assert "not played: 3 cells: it was ended before\n1 of 4 cells: as new" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--family", "tokenz"], "tokenz"),
        (["--ending", "SIGFOO"], "target-dies"),
        (["--labs", "0"], "1 to 4 would be right"),
        (["--results", "/nowhere/results"], "/nowhere/results"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_played(
    labs: list[Cell], arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert labs == []
