"""Writes the history of a run, from any thread: the one place where events get their time and are redacted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from harness.history.clock import RunClock
from harness.history.events import AnyEvent, Event, PhaseEntered
from harness.history.writer import HistoryWriter

E = TypeVar("E", bound=Event)


class RunJournal:
    """Never raises for a disk that is full or gone: faults have to be undone all the same.

    The first such error stands in ``failure``, and nothing is written any more.
    """

    def __init__(self, writer: HistoryWriter, clock: RunClock) -> None:
        self._writer = writer
        self.clock = clock
        self.failure: OSError | None = None
        self._listeners: list[Callable[[AnyEvent], None]] = []

    def listen(self, listener: Callable[[AnyEvent], None]) -> None:
        """Tell *listener* every event from now on, on the thread that it comes from."""
        self._listeners.append(listener)

    def emit(self, event: AnyEvent) -> None:
        """Append an event that has its time already."""
        self._unless_failed(lambda: self._writer.append(event))
        for listener in self._listeners:
            listener(event)

    def now(self, kind: type[E], /, **fields: Any) -> None:
        """Append an event of *kind* that happens now, seen by the conductor."""
        stamp = self.clock.stamp()
        self.emit(kind(t=stamp.t, wall=stamp.wall, source="conductor", **fields))  # type: ignore[arg-type]

    def phase(self, name: str) -> None:
        """Enter a phase. All before it is on disk when this returns."""
        self.now(PhaseEntered, phase=name)
        self._unless_failed(self._writer.sync)

    def close(self) -> None:
        self._unless_failed(self._writer.close)

    def _unless_failed(self, write: Callable[[], None]) -> None:
        if self.failure is None:
            try:
                write()
            except OSError as error:
                self.failure = error
