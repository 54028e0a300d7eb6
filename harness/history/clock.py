"""The clock of a run: offsets on the monotonic clock, with the wall time beside them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something happened: *t* seconds since the run started, *wall* in RFC 3339, UTC."""

    t: float
    wall: str


class RunClock:
    """Offsets since construction.

    *engine_skew* is how far the container engine's wall clock is ahead of ours in seconds; with Docker Desktop it
    runs in a virtual machine with a clock of its own.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        engine_skew: float = 0.0,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._start = monotonic()
        self._wall_start = wall()
        self.engine_skew = engine_skew

    def now(self) -> float:
        return self._monotonic() - self._start

    def stamp(self) -> Stamp:
        return self.at(self.now())

    def at(self, t: float) -> Stamp:
        """The stamp for offset *t*."""
        return Stamp(round(t, 6), rfc3339(self._wall_start + t))

    def engine_stamp(self, wall: float) -> Stamp:
        """The stamp for an engine timestamp in seconds since the epoch."""
        ours = wall - self.engine_skew
        return Stamp(round(ours - self._wall_start, 6), rfc3339(ours))

    def engine_time(self, t: float) -> float:
        """The engine's wall clock at offset *t*, in seconds since the epoch."""
        return self._wall_start + t + self.engine_skew

    def drift(self) -> float:
        """Seconds by which wall time has moved against monotonic time since the start."""
        return (self._wall() - self._wall_start) - self.now()


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_engine_time(text: str) -> float:
    """Seconds since the epoch for the engine's ``2026-11-22T10:00:00.123456789Z``."""
    head, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(head).replace(tzinfo=UTC).timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
