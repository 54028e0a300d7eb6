"""Outages of known length, and how far what a verdict says of them is from the truth. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from harness.checks.summary import summarise
from harness.history.events import AnyEvent, FaultInjected, FaultInjecting, FaultUndoing, FaultUndone, RunEnded, Sample
from harness.history.index import History

SHORTEST, LONGEST = 0.3, 1.5  # seconds
UP = (0.8, 1.6)  # seconds between two outages
MARGIN = 0.7  # seconds around an outage that are looked at; below the shortest time between two


@dataclass(frozen=True, slots=True)
class TrueOutage:
    """What really happened, in seconds: *injected* before it, and *undone* some time before it ended."""

    injected: float
    closed: float
    undone: float
    opened: float


@dataclass(frozen=True, slots=True)
class Error:
    """By how many seconds a measured value is off, and whether that is within what was stated for it."""

    seconds: float
    stated: bool


def schedule(rng: Random, count: int) -> list[tuple[float, float]]:
    """*count* pairs of closing and opening, in seconds from a common start."""
    now = rng.uniform(0.0, 0.5)
    pairs = []
    for _ in range(count):
        closing = now + rng.uniform(*UP)
        now = closing + rng.uniform(SHORTEST, LONGEST)
        pairs.append((closing, now))
    return pairs


def with_fault(rng: Random, closed: float, opened: float) -> TrueOutage:
    """The outage with the moments of a fault that caused it.

    It is injected well before, so that its moment, which is known exactly, says nothing of when the outage began;
    it is undone while the outage lasts, and the workload recovers later, by itself.
    """
    injected = closed - rng.uniform(0.2, MARGIN - 0.1)
    return TrueOutage(injected, closed, closed + rng.uniform(0.1, 0.9) * (opened - closed), opened)


def errors(workload: str, samples: Iterable[Sample], true: TrueOutage) -> tuple[Error, Error] | None:
    """Of the outage's length and of the time to recover, as verdicts compute them; None if it was not seen at all."""
    start, end = true.injected - 0.1, true.opened + MARGIN
    wall = "2026-01-01T00:00:00Z"
    told: dict[str, Any] = {"wall": wall, "source": "conductor", "fault_id": "timeline.0"}
    events: list[AnyEvent] = [one for one in samples if start <= one.t <= end]
    events += [
        FaultInjecting(t=true.injected, fault="closed", target=workload, **told),
        FaultInjected(t=true.injected, **told),
        FaultUndoing(t=true.undone, **told),
        FaultUndone(t=true.undone, verified=True, evidence="", **told),
        RunEnded(t=end, wall=wall, source="conductor", ending="completed"),
    ]
    summary = summarise(History.from_events(events), workload, ())
    if summary.outage is None or summary.recover is None or not summary.outage.seconds:
        return None
    outage, recover = summary.outage, summary.recover
    return (
        _error(outage.seconds, outage.error, true.opened - true.closed),
        _error(recover.seconds, recover.error, true.opened - true.undone),
    )


def _error(measured: float, stated: float, truth: float) -> Error:
    return Error(abs(measured - truth), abs(measured - truth) <= stated + 1e-9)
