"""The clock of a run: offsets on the monotonic clock, with the wall time beside them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

LOOK = 0.01  # seconds between a look at one clock and one at the other; after more, the thread was held up
STEP = 0.1  # seconds of drift that count as a step of the wall clock; less may be slewing


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
        """The stamp for an engine timestamp in seconds since the epoch, which was taken just now.

        By where the wall clock stands now: so a step that it made before does no harm, only one in between does.
        """
        t = round(wall - self.engine_skew - self._wall_start - self._stepped(), 6)
        return self.at(t)

    def engine_start(self) -> float:
        """The engine's wall clock at offset 0, in seconds since the epoch; the earlier reading if it stepped since."""
        return self._wall_start + self.engine_skew + min(0.0, self._stepped())

    def _stepped(self) -> float:
        """The drift, if it is a step. An engine whose clock is not ours does not make the steps that ours makes."""
        drift = self.drift()
        return drift if abs(drift) > STEP and not self.engine_skew else 0.0

    def drift(self) -> float:
        """Seconds by which wall time has moved against monotonic time since the start."""
        before, wall = self.now(), self._wall()
        while (now := self.now()) - before > LOOK:
            before, wall = now, self._wall()
        return (wall - self._wall_start) - before


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_engine_time(text: str) -> float:
    """Seconds since the epoch for the engine's ``2026-11-22T10:00:00.123456789Z``."""
    head, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(head).replace(tzinfo=UTC).timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
