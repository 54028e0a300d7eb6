"""One step of a timeline: a fault, or the planned act of a person, on one service, at one time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, SerializeAsAny, ValidationError, ValidationInfo, field_validator
from pydantic_core import to_json

from harness.scenario.base import LONGEST_FAULT, Duration, StrictModel, between, format_duration
from harness.scenario.messages import Found, explain, nested
from harness.scenario.problems import unknown
from harness.scenario.vocabulary import FaultKind, Vocabulary

SHORTEST_FAULT = 0.1  # seconds

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reading:
    """Validation context: against what a scenario is read. ``name`` is the one its file name asks for."""

    vocabulary: Vocabulary
    name: str | None = None


def reading_of(info: ValidationInfo) -> Reading | None:
    return info.context if isinstance(info.context, Reading) else None


def typed_args(kind: type[M], value: object) -> tuple[M | None, list[Found]]:
    """Arguments of a fault, an expectation or a stop condition, validated by its own model."""
    if isinstance(value, kind):
        return value, []
    try:
        return kind.model_validate_json(to_json(value)), []  # JSON mode takes lists for tuples
    except ValidationError as error:
        return None, list(explain(error, kind))


class Step(StrictModel):
    """One fault or one planned act of an operator on the timeline."""

    fault: str | None = Field(None, description="What breaks.")
    operator: str | None = Field(
        None, validate_default=True, description="What a person does, such as opening break-glass."
    )
    at: Annotated[Duration, between(0, 3600)] = Field(
        description="When it begins, counted from the moment at which the steady state was proven."
    )
    on: str = Field(min_length=1, description="The Compose service it is aimed at.")
    lasts: Duration | None = Field(
        None,
        alias="for",
        validate_default=True,
        description=f"How long until it is undone; at most `{format_duration(LONGEST_FAULT)}`, less for some faults.",
    )
    args: SerializeAsAny[StrictModel] = Field(
        default_factory=dict, alias="with", validate_default=True, description="Arguments of the fault."
    )

    @property
    def name(self) -> str:
        """The fault or the operator's act."""
        return self.fault or self.operator or ""

    @property
    def end(self) -> float:
        """When it is taken back, in seconds; for an instantaneous one, when it happens."""
        return round(self.at + (self.lasts or 0.0), 6)  # 1.1 + 2.2 and 3.3 are one moment

    @field_validator("fault", "operator")
    @classmethod
    def _known(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is None or (reading := reading_of(info)) is None:
            return name
        as_operator = info.field_name == "operator"
        kind = reading.vocabulary.faults.get(name)
        if kind is None:
            known = (k.name for k in reading.vocabulary.faults.values() if k.operator == as_operator)
            raise ValueError(unknown("operator step" if as_operator else "fault", name, known))
        if kind.operator and not as_operator:
            raise ValueError(f"{name!r} is the act of a person: write 'operator: {name}'")
        if as_operator and not kind.operator:
            raise ValueError(f"{name!r} is a fault: write 'fault: {name}'")
        return name

    @field_validator("operator")
    @classmethod
    def _one_kind(cls, operator: str | None, info: ValidationInfo) -> str | None:
        fault = info.data.get("fault", "")  # absent when it was refused; then that is the error to report
        if operator is None and fault is None:
            raise nested([Found((), "a step needs 'fault: <name>' or 'operator: <name>'")], up=1)
        if operator is not None and fault:
            raise nested([Found((), "'fault' and 'operator' exclude each other; make two steps of it")], up=1)
        return operator

    @field_validator("lasts")
    @classmethod
    def _lasts_or_not(cls, lasts: float | None, info: ValidationInfo) -> float | None:
        kind = _kind(info)
        longest = LONGEST_FAULT if kind is None else kind.longest
        if lasts is not None and lasts < SHORTEST_FAULT:
            raise ValueError(f"{format_duration(lasts)} is too short; at least {format_duration(SHORTEST_FAULT)}")
        if kind is None:
            return lasts
        if kind.instant and lasts is not None:
            raise ValueError(f"{kind.name!r} happens in an instant and cannot be undone; remove 'for'")
        if not kind.instant and lasts is None:
            raise nested([Found((), f"required key 'for' is missing: how long does {kind.name!r} last?")], up=1)
        if lasts is not None and lasts > longest:
            raise ValueError(
                f"{format_duration(lasts)} is past the limit: {kind.name!r} lasts {format_duration(longest)} at most"
            )
        return lasts

    @field_validator("args", mode="plain")
    @classmethod
    def _args_of_fault(cls, value: object, info: ValidationInfo) -> StrictModel:
        kind = _kind(info)
        if kind is None:
            # Without a known fault there is nothing to check against, and the fault itself is the error.
            return value if isinstance(value, StrictModel) else StrictModel()
        given = isinstance(value, StrictModel) or value != {}
        args, found = typed_args(kind.args, value)
        if args is None:
            raise nested([_without_with(one, kind.name) for one in found] if not given else found, up=not given)
        return args


def _without_with(found: Found, fault: str) -> Found:
    """What a missing argument is called when there is no ``with`` at all."""
    return Found((), f"{found.message} (under 'with', for {fault!r})")


def _kind(info: ValidationInfo) -> FaultKind | None:
    name = info.data.get("fault") or info.data.get("operator")
    reading = reading_of(info)
    return reading.vocabulary.faults.get(name) if reading and name else None
