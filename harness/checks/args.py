"""Building blocks for the arguments of expectations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.scenario.base import Duration, StrictModel, format_duration


class ExpectationArgs(StrictModel):
    """Base of all arguments of expectations."""

    def in_words(self) -> str:
        """The claim in words for a column of a table, such as ``within 10s after undo``; may be empty."""
        return ""


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
