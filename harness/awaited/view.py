"""What an observation sees of a run that is going on. All times are seconds on the run's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.awaited.args import Kind


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a workload has access, by its probes."""

    up: bool
    since: float  # when the first probe of the row was sent that says so
    failed: float | None = None  # when the last one was sent that failed


@dataclass(frozen=True, slots=True)
class Over:
    """The last of certain credentials has ended."""

    t: float
    proof: str  # who says so, to go on from "ended at …: "


@dataclass(frozen=True, slots=True)
class Login:
    """A workload asked for a new credential in its own name, by the journal of who was asked."""

    t: float
    service: str
    ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class StepSoFar:
    """What became of one step of the timeline up to now."""

    name: str  # of the fault or the operator's act
    target: str
    evidence: str = ""  # that it bites; empty as long as that was not seen
    undone: bool = False  # and seen to be


@dataclass(frozen=True, slots=True)
class View:
    """One moment of a run, for a step that has been waiting since ``since``."""

    now: float
    since: float
    access: Mapping[str, Access]  # by workload; nothing of one that has not answered yet
    over: Callable[[Kind, str | None], Over | None]  # credentials of one workload, or of all; None while one may live
    logins: Callable[[str], Sequence[Login]]  # the newest of a workload, of each service one accepted and one refused
    steps: Mapping[str, StepSoFar]  # by id ("timeline.N"), also of those that are still to come

    def step(self, named: int | str) -> StepSoFar | None:
        """The step that is called so, or stands there."""
        wanted = f"timeline.{named}" if isinstance(named, int) else named
        return self.steps.get(wanted) or next((one for one in self.steps.values() if one.name == wanted), None)

    def lasted(self, since: float, hold: float) -> bool:
        """Whether *hold* seconds have gone since *since*; exactly then they have."""
        return round(self.now - since, 6) >= hold
