"""Arguments of observations. What most need is one name, which may be written alone: ``workload-down: orders``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from harness.scenario.base import Duration, StrictModel, between

Kind = Literal["token", "lease"]
"""What a Vault gives a workload, and takes back when its time is over."""


class AwaitedArgs(StrictModel):
    """Base of all arguments of observations."""

    alone: ClassVar[str] = ""
    """The argument that may be written without its name."""

    of_fault: ClassVar[bool] = False
    """Whether it is seen only once something is broken."""

    of_vault: ClassVar[Kind | None] = None
    """The credential that it is about, which a Vault has to be asked for."""

    moment: ClassVar[Literal["begin", "end"] | None] = None
    """What has to have happened to the step that it names, in ``step``, before it can be seen."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {cls.alone: value} if cls.alone and isinstance(value, str | int) else value

    @property
    def lasts(self) -> float:
        """For how many seconds it has to have been so."""
        return getattr(self, "hold", None) or 0.0


Hold = Annotated[Duration, between(0, 600)]


class OfWorkload(AwaitedArgs):
    """Arguments of what is seen of one workload."""

    alone = "workload"

    workload: str = Field(min_length=1, description="The Compose service that is meant.")


class StateOfWorkload(OfWorkload):
    """Arguments of what goes on for some time."""

    hold: Hold | None = Field(
        None, alias="for", description="For how long it has to have been so; at once when absent."
    )


class CredentialsOver(AwaitedArgs):
    """Arguments of the end of credentials."""

    alone = "workload"

    workload: str | None = Field(
        None, min_length=1, description="Whose; of all workloads that were given any when absent."
    )
    hold: Hold | None = Field(None, alias="for", description="How long ago it has to have been; at once when absent.")


class LoginOf(OfWorkload):
    """Arguments of a login."""

    at: str | None = Field(
        None, min_length=1, description="The Vault or identity provider that was asked; any when absent."
    )


class OfStep(AwaitedArgs):
    """Arguments of what became of another step of the timeline."""

    alone = "step"

    step: int | str = Field(
        description="The step: its position in the timeline, counted from 0 (`timeline.0`), or its name."
    )
