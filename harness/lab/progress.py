"""How long work tells what it is doing. The command line supplies a spinner on a terminal, plain lines in CI."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol, TextIO


class Progress(Protocol):
    """One piece of work at a time: `step` opens it, `update` says how far it is, `done` closes it.

    Never raises: nobody has to be watching for a fault to be undone.
    """

    def step(self, text: str) -> None: ...
    def update(self, text: str) -> None: ...
    def done(self, text: str) -> None: ...


class Silent:
    """Says nothing."""

    def step(self, text: str) -> None:
        del text

    def update(self, text: str) -> None:
        del text

    def done(self, text: str) -> None:
        del text


class Unheeded:
    """A text stream that falls silent when it breaks, as a terminal that was closed or a pipe without a reader does."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False

    @property
    def encoding(self) -> str:
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        self._unless_broken(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._unless_broken(self._stream.flush)

    def _unless_broken(self, act: Callable[[], object]) -> None:
        if not self._broken:
            try:
                act()
            except (OSError, ValueError):  # ValueError: it is closed
                self._broken = True


class PlainLines:
    """One line per step and per result; updates at most every `every` seconds, so a CI log stays readable."""

    def __init__(self, stream: TextIO | None = None, every: float = 15.0) -> None:
        self._stream = Unheeded(stream if stream is not None else sys.stderr)
        self._every = every
        self._last = time.monotonic()
        self._lock = threading.Lock()

    def step(self, text: str) -> None:
        self._line(f"{text} …")

    def update(self, text: str) -> None:
        if time.monotonic() - self._last >= self._every:
            self._line(f"  {text}")

    def done(self, text: str) -> None:
        self._line(text)

    def _line(self, text: str) -> None:
        with self._lock:
            self._last = time.monotonic()
            self._stream.write(text + "\n")
            self._stream.flush()
