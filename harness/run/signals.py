"""Signals, and whatever else is to end a run, become an exception once, when the run can be ended in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
KNOCK = signal.SIGUSR1  # how another thread gets the main one out of whatever it waits for
LOOK_EVERY = 0.2  # seconds between two looks of a watch


class EndedEarly(BaseException):
    """The run is to end now. Not an Exception: nothing may swallow it on the way to the undo."""

    ending = "crashed"

    @property
    def reason(self) -> str:
        return str(self)


class Interrupted(EndedEarly):
    """Somebody asked the run to end, by a signal."""

    ending = "interrupted"

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def name(self) -> str:
        return signal.Signals(self.number).name


class Stopped(EndedEarly):
    """A watch saw a reason to end the run: the stop lever, or a fault that was on for too long."""

    ending = "stopped"


class SignalGate:
    """While open, the first reason to end raises in the main thread; while closed, reasons are only noted.

    The gate is closed for undo and tear-down: a second Ctrl-C must not leave a fault on.
    """

    def __init__(self) -> None:
        self._open = False
        self._installed = False
        self._stop: str | None = None
        self._for_good: str | None = None
        self.noted: int | None = None

    @contextmanager
    def installed(self) -> Iterator[SignalGate]:
        # Whoever started us with hang-ups ignored (nohup) wants us to go on without a terminal.
        heeded = [one for one in SIGNALS if one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle) for number in heeded}
        before[KNOCK] = signal.signal(KNOCK, self._answer)
        self._open = self._installed = True
        try:
            yield self
        finally:
            self._open = self._installed = False
            for number, handler in before.items():
                signal.signal(number, handler)

    def open(self) -> None:
        """Let signals through (again). What was to stop only the run before is forgotten."""
        self._stop = self._for_good
        self._open = True
        self.heed()

    def heed(self) -> None:
        """Raise if a signal has come: where it came, it may have been swallowed, as in a ``__del__``."""
        if self.noted is not None:
            self._open = False
            raise Interrupted(self.noted)
        if self._stop is not None:
            self._open = False
            raise Stopped(self._stop)

    def close(self) -> None:
        self._open = False

    def stop(self, reason: str, *, for_good: bool) -> None:
        """End the run, from any thread; *for_good* also those to come. The first reason of each kind counts."""
        if for_good and self._for_good is None:
            self._for_good = reason
        if self._stop is None:
            self._stop = reason
            if self._installed:
                signal.pthread_kill(threading.main_thread().ident or 0, KNOCK)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        first = self.noted is None
        if first:
            self.noted = number
        if self._open and first:
            self._open = False
            raise Interrupted(number)

    def _answer(self, _number: int, _frame: FrameType | None) -> None:
        """Somebody knocked: the reason, if there is one, is known already."""
        if self._open and self._stop is not None:
            self._open = False
            raise Stopped(self._stop)


@contextmanager
def watched(gate: SignalGate, reason: Callable[[], str | None], *, for_good: bool = False) -> Iterator[None]:
    """While the block runs, a thread of its own asks for a *reason* to stop, and stops the run when there is one.

    So it works also while the main thread waits for something that does not come.
    """
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY):
            if (why := reason()) is not None:
                gate.stop(why, for_good=for_good)
                return

    thread = threading.Thread(target=look, name="stop-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
