"""What a stop condition sees of a run that is going on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MOST_PROBES = 2000  # of one workload that are remembered while it runs, and so can be counted


@dataclass(frozen=True, slots=True)
class Tally:
    """The probes of one workload that were answered, or given up, in the last so many seconds."""

    failed: int
    total: int
    planned: int  # how many there would be if none was late

    @property
    def covers_all(self) -> bool:
        """Whether they are most of what was planned: the first probe of a run is no rate."""
        return self.total >= max(1, self.planned / 2)


@dataclass(frozen=True, slots=True)
class FaultOn:
    """A fault that is on, or on its way on or off."""

    fault: str
    target: str
    lasted: float  # seconds since its injection began
    observed: bool  # it was seen to bite


@dataclass(frozen=True, slots=True)
class StopView:
    """One moment of a run. Times in seconds."""

    down: Mapping[str, float]  # for how long each workload has been down; 0 for one that is up
    bystanders: frozenset[str]  # workloads that need nothing a fault of this run is aimed at
    faults: tuple[FaultOn, ...]
    tally: Callable[[str, float], Tally]  # of a workload, over so many seconds
