"""How a terminal shows long work: a spinner with the time it has taken; what is done stays as a line."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import IO, Self, cast

from rich.console import Console
from rich.status import Status
from rich.text import Text

from harness.lab.progress import PlainLines, Unheeded


class Spinner:
    """Implements Progress on a terminal, on stderr, so that stdout stays free for results."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        self._began = time.monotonic()
        self._show(Text(text))

    def update(self, text: str) -> None:
        self._show(Text(f"{text[: self._console.width - 12]}", style="dim"))

    def done(self, text: str) -> None:
        took = time.monotonic() - self._began
        line = Text(text)
        if took >= 1:
            line.append(f"  {took:.1f} s", style="dim")
        self._console.print(line)
        self._began = time.monotonic()

    def _show(self, text: Text) -> None:
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()


class Lines(PlainLines):
    """Plain lines, for CI and pipes, usable where a Spinner is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""


def shown_progress() -> Spinner | Lines:
    """A spinner when somebody watches, plain lines otherwise."""
    if not sys.stderr.isatty():
        return Lines()
    # rich ends the program when it meets a broken pipe; so it must not meet one.
    return Spinner(Console(file=cast("IO[str]", Unheeded(sys.stderr)), highlight=False))
