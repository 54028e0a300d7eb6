"""How long work tells what it is doing."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from harness.cli.progress import Lines, Spinner, shown_progress


def test_without_a_terminal_there_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        assert isinstance(progress, Lines)
        progress.step("starting containers")
        progress.update("not worth a line yet")
        progress.done("12 containers started")
    out, err = capsys.readouterr()
    assert out == "", "stdout is for results"
    assert err == "starting containers …\n12 containers started\n"


def test_on_a_terminal_there_is_a_spinner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(shown_progress(), Spinner)


def test_what_is_done_stays_as_a_line() -> None:
    stream = io.StringIO()
    with Spinner(Console(file=stream, width=60, highlight=False)) as spinner:
        spinner.step("starting")
        spinner.update("x" * 500)
        spinner.done("12 containers [of 13] started")
    assert "12 containers [of 13] started\n" in stream.getvalue(), "and brackets are no markup"


def test_what_goes_wrong_meanwhile_is_not_swallowed() -> None:
    def fails() -> None:
        with Spinner(Console(file=io.StringIO())) as spinner:
            spinner.step("starting")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
