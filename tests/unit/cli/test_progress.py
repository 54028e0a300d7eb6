"""How long work tells what it is doing."""

from __future__ import annotations

import errno
import io
import sys

import pytest
from rich.console import Console

from harness.cli.progress import Lines, Spinner, shown_progress
from harness.lab.progress import PlainLines


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


class Gone(io.StringIO):
    """A terminal or pipe that goes away after some writes."""

    def __init__(self, error: Exception, writes: int = 0) -> None:
        super().__init__()
        self.error = error
        self.left = writes
        self.refused = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left == 0:
            self.refused += 1
            raise self.error
        self.left -= 1
        return super().write(text)


GONE = [BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError(errno.EIO, "Input/output error"), ValueError("closed")]


@pytest.mark.parametrize("error", GONE)
@pytest.mark.parametrize("writes", [0, 1])
def test_a_spinner_nobody_sees_any_more_gets_in_nobodys_way(
    error: Exception, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Gone(error, writes))
    with shown_progress() as progress:
        assert isinstance(progress, Spinner)
        progress.step("removing the lab")
        progress.done("lab removed")
        progress.update("of no interest")


@pytest.mark.parametrize("error", GONE)
def test_plain_lines_that_nobody_reads_are_tried_once(error: Exception) -> None:
    stream = Gone(error, writes=1)
    lines = PlainLines(stream, every=0.0)
    for text in ("first", "second", "third"):
        lines.step(text)
    lines.update("fourth")
    lines.done("fifth")
    assert (stream.getvalue(), stream.refused) == ("first …\n", 1)
