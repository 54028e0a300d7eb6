"""Building blocks for the arguments of expectations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from harness.scenario.base import Duration, StrictModel, format_duration


@dataclass(frozen=True, slots=True)
class Reach:
    """How far, in seconds from its inject, a scenario goes with a fault."""

    lasts: float  # until it is undone; 0 for one that happens in an instant
    left: float  # until the run ends

    def ends_before(self, limit: float) -> str:
        """Why something that is settled only after *limit* is out of reach; empty if it is not."""
        if limit < self.left:
            return ""
        return f"the run ends {format_duration(self.left)} after inject, before {format_duration(limit)}"


class ExpectationArgs(StrictModel):
    """Base of all arguments of expectations."""

    about_run: ClassVar[bool] = False
    """Whether the claim is about the run as a whole, and so stands in an entry without a workload."""

    about_access: ClassVar[bool] = True
    """Whether a failure means that the workload lost access, or did not get it back."""

    needs_step: ClassVar[str] = ""
    """A step without which the claim cannot be settled."""

    def in_words(self) -> str:
        """The claim in words for a column of a table, such as ``within 10s after undo``; may be empty."""
        return ""

    def out_of_reach(self, reach: Reach) -> str:
        """Why no run of a scenario could settle the claim; empty if one can."""
        del reach
        return ""


@dataclass(frozen=True, slots=True)
class Around:
    """What a claim about the run is about: who is probed and, if nothing is predicted of anybody, of whom why."""

    workloads: tuple[str, ...]
    unpredicted: str = ""


class AboutRun(ExpectationArgs):
    """Arguments of a claim about the run as a whole."""

    about_run = True
    about_access = False

    def pointless(self, around: Around) -> Iterator[tuple[str, str]]:
        """Why no run could settle or break the claim, each with the argument that makes it so; empty: the claim."""
        del around
        yield from ()


FaultRef = Annotated[
    int | str,
    Field(description="Which fault is meant: its position in the timeline, counted from 0, or its name."),
]


class AboutFault(ExpectationArgs):
    """Arguments of a claim that is about one fault, where the timeline has several."""

    fault: FaultRef | None = None


class Deadline(AboutFault):
    """Arguments of a claim that something happens within a time after a fault was injected or undone."""

    within: Duration = Field(gt=0, description="The limit; exactly at it is in time.")
    after: Literal["inject", "undo"] = Field("inject", description="What the limit counts from.")

    def in_words(self) -> str:
        return f"within {format_duration(self.within)} after {self.after}"
