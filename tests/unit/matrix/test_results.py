"""Results of the undo matrix outlive an interrupt, and what they come to is told without flattery."""

from __future__ import annotations

from pathlib import Path

from tests.matrix.matrix import Cell
from tests.matrix.results import Result, read_results, result_of, summary, written_to

SEALED = Cell("vault_sealed", "vault-sealed", "SIGINT")
KILLED = Cell("vault_sealed", "vault-sealed", "SIGKILL")
TOKENS = Cell("tokens", "token-max-ttl", "SIGINT")


def write(path: Path, *results: Result) -> None:
    with written_to(path) as tell:
        for result in results:
            tell(result)


def test_each_result_is_in_the_file_before_the_next_cell(tmp_path: Path) -> None:
    path = tmp_path / "results"
    with written_to(path) as tell:
        tell(result_of(SEALED, 2.5, ()))
        assert read_results(path) == ({SEALED: result_of(SEALED, 2.5, ())}, ())
        tell(result_of(KILLED, 3, ("policy x is gone",)))
    assert read_results(path)[0][KILLED].wrong == ("policy x is gone",)


def test_results_are_added_and_the_newest_of_a_cell_counts(tmp_path: Path) -> None:
    path = tmp_path / "results"
    write(path, result_of(SEALED, 1, ("without access: orders",)), result_of(TOKENS, 1, ()))
    write(path, result_of(SEALED, 2, ()))
    found, bad = read_results(path)
    assert {cell: (one.seconds, one.wrong) for cell, one in found.items()} == {SEALED: (2, ()), TOKENS: (1, ())}
    assert bad == ()


def test_a_line_that_was_cut_off_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "results"
    write(path, result_of(SEALED, 1, ()), result_of(KILLED, 1, ()))
    path.write_bytes(path.read_bytes()[:-9])
    write(path, result_of(TOKENS, 1, ()))
    found, bad = read_results(path)
    assert (list(found), bad) == ([SEALED, TOKENS], (2,))


def test_a_line_of_something_else_is_no_result(tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text('{"family": "tokens"}\n\n[]\nhello\n')
    assert read_results(path) == ({}, (1, 3, 4))


def test_a_file_that_is_not_there_yet_has_no_results(tmp_path: Path) -> None:
    assert read_results(tmp_path / "results") == ({}, ())
    write(tmp_path / "results")
    assert read_results(tmp_path / "results") == ({}, ())


def test_the_summary_counts_every_cell_that_was_meant() -> None:
    results = {SEALED: result_of(SEALED, 4, ()), TOKENS: result_of(TOKENS, 2, ("orders is down",))}
    lines = summary([SEALED, KILLED, TOKENS], results, {}).splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["ending", "as", "new", "of", "seconds", "median"],
        ["SIGINT", "1", "2", "6", "3.0"],
        ["SIGKILL", "0", "1", "0", "–"],
    ]
    assert lines[3:] == [
        "wrong: token-max-ttl × SIGINT: orders is down",
        "not played: 1 cells: it was ended before",
        "1 of 3 cells: as new",
    ]


def test_what_was_left_out_is_told_with_its_reason() -> None:
    lines = summary([SEALED, KILLED], {SEALED: result_of(SEALED, 4, ())}, {KILLED: "others are here"}).splitlines()
    assert lines[-2:] == ["not played: 1 cells: others are here", "1 of 2 cells: as new"]
