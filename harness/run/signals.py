"""Signals become an exception once, at a moment when the run can be ended in order."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody asked the run to end. Not an Exception: nothing may swallow it on the way to the undo."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def name(self) -> str:
        return signal.Signals(self.number).name


class SignalGate:
    """While open, the first signal raises Interrupted in the main thread; while closed, signals are only noted.

    The gate is closed for undo and tear-down: a second Ctrl-C must not leave a fault on.
    """

    def __init__(self) -> None:
        self._open = False
        self.noted: int | None = None

    @contextmanager
    def installed(self) -> Iterator[SignalGate]:
        # Whoever started us with hang-ups ignored (nohup) wants us to go on without a terminal.
        heeded = [one for one in SIGNALS if one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle) for number in heeded}
        self._open = True
        try:
            yield self
        finally:
            self._open = False
            for number, handler in before.items():
                signal.signal(number, handler)

    def open(self) -> None:
        """Let signals through (again)."""
        self._open = True
        self.heed()

    def heed(self) -> None:
        """Raise Interrupted if a signal has come: where it came, it may have been swallowed, as in a ``__del__``."""
        if self.noted is not None:
            self._open = False
            raise Interrupted(self.noted)

    def close(self) -> None:
        self._open = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        first = self.noted is None
        if first:
            self.noted = number
        if self._open and first:
            self._open = False
            raise Interrupted(number)
