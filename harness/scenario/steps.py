"""One step of a timeline: a fault, or the planned act of a person, on one service.

When it begins is a time (``at``), or what has to be seen first (``when``); when it ends likewise (``for``, ``until``).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator

from harness.scenario.awaiting import Awaited
from harness.scenario.base import LONGEST_FAULT, Duration, StrictModel, between, format_duration
from harness.scenario.messages import Found, nested
from harness.scenario.problems import unknown
from harness.scenario.reading import reading_of, typed_args
from harness.scenario.vocabulary import FaultKind

SHORTEST_FAULT = 0.1  # seconds
SHORTEST_WAIT = 0.1
LONGEST_WAIT = 3600.0


class Step(StrictModel):
    """One fault or one planned act of an operator on the timeline."""

    fault: str | None = Field(None, description="What breaks.")
    operator: str | None = Field(
        None, validate_default=True, description="What a person does, such as opening break-glass."
    )
    at: Annotated[Duration, between(0, 3600)] | None = Field(
        None, description="When it begins, counted from the moment at which the steady state was proven."
    )
    when: Awaited | None = Field(
        None,
        validate_default=True,
        description="What it begins with, instead of a time. It is waited for from when the step before has begun.",
    )
    within: Annotated[Duration, between(SHORTEST_WAIT, LONGEST_WAIT)] | None = Field(
        None,
        validate_default=True,
        description="For how long `when` is waited for. Not seen by then, the run ends, and is inconclusive.",
    )
    after: Annotated[Duration, between(0, LONGEST_WAIT)] | None = Field(
        None, description="How long after `when` was seen it begins; at once when absent."
    )
    on: str = Field(min_length=1, description="The Compose service it is aimed at.")
    lasts: Duration | None = Field(
        None,
        alias="for",
        validate_default=True,
        description=f"How long until it is undone; at most `{format_duration(LONGEST_FAULT)}`, less for some faults.",
    )
    until: Awaited | None = Field(None, validate_default=True, description="What it is undone with, instead of `for`.")
    at_most: Duration | None = Field(
        None,
        validate_default=True,
        description="How long it lasts at most when `until` is not seen; then it is undone, the run ends, and is "
        "inconclusive. As long as such a fault may last when absent.",
    )
    args: SerializeAsAny[StrictModel] = Field(
        default_factory=dict, alias="with", validate_default=True, description="Arguments of the fault."
    )

    @property
    def name(self) -> str:
        """The fault or the operator's act."""
        return self.fault or self.operator or ""

    @property
    def instant(self) -> bool:
        """Whether it happens at once, so that there is no end to it."""
        return self.lasts is None and self.until is None

    @property
    def longest(self) -> float:
        """How long it lasts, in seconds, or may last when that depends on what is seen; 0 for an instant."""
        return self.lasts or self.at_most or 0.0

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

    @field_validator("when")
    @classmethod
    def _time_or_observation(cls, when: Awaited | None, info: ValidationInfo) -> Awaited | None:
        if "at" not in info.data:
            return when  # refused, and told of that
        if when is None and info.data["at"] is None:
            raise nested([Found((), "a step needs 'at: <time>' or 'when: <observation>'")], up=1)
        if when is not None and info.data["at"] is not None:
            raise ValueError("'at' and 'when' exclude each other: a step begins at a time, or with what is seen")
        return when

    @field_validator("within")
    @classmethod
    def _waits_so_long(cls, within: float | None, info: ValidationInfo) -> float | None:
        when = info.data.get("when")
        if within is None and when is not None:
            message = f"required key 'within' is missing: for how long is {when.in_words()!r} waited for?"
            raise nested([Found((), message)], up=1)
        return _only_with("when", "within", within, info)

    @field_validator("after")
    @classmethod
    def _waits_before(cls, after: float | None, info: ValidationInfo) -> float | None:
        return _only_with("when", "after", after, info)

    @field_validator("lasts")
    @classmethod
    def _lasts_or_not(cls, lasts: float | None, info: ValidationInfo) -> float | None:
        kind = _kind(info)
        if kind is not None and kind.instant and lasts is not None:
            raise ValueError(f"{kind.name!r} happens in an instant and cannot be undone; remove 'for'")
        return _not_too_long(lasts, kind)

    @field_validator("until")
    @classmethod
    def _ends_somehow(cls, until: Awaited | None, info: ValidationInfo) -> Awaited | None:
        kind = _kind(info)
        if "lasts" not in info.data:
            return until
        lasts = info.data["lasts"]
        if until is not None and lasts is not None:
            raise ValueError("'for' and 'until' exclude each other; with 'until', 'at_most' says how long it may last")
        if kind is None:
            return until
        if kind.instant and until is not None:
            raise ValueError(f"{kind.name!r} happens in an instant and cannot be undone; remove 'until'")
        if not kind.instant and lasts is None and until is None:
            raise nested([Found((), f"required key 'for' is missing: how long does {kind.name!r} last?")], up=1)
        return until

    @field_validator("at_most")
    @classmethod
    def _never_for_ever(cls, at_most: float | None, info: ValidationInfo) -> float | None:
        kind = _kind(info)
        if info.data.get("until") is None:
            return _only_with("until", "at_most", at_most, info)
        return _not_too_long((kind.longest if kind else LONGEST_FAULT) if at_most is None else at_most, kind)

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


def _only_with(owner: str, key: str, value: float | None, info: ValidationInfo) -> float | None:
    if value is not None and owner in info.data and info.data[owner] is None:
        raise ValueError(f"{key!r} belongs to {owner!r}, and this step has none")
    return value


def _not_too_long(lasts: float | None, kind: FaultKind | None) -> float | None:
    if lasts is not None and lasts < SHORTEST_FAULT:
        raise ValueError(f"{format_duration(lasts)} is too short; at least {format_duration(SHORTEST_FAULT)}")
    if kind is not None and lasts is not None and lasts > kind.longest:
        longest = format_duration(kind.longest)
        raise ValueError(f"{format_duration(lasts)} is past the limit: {kind.name!r} lasts {longest} at most")
    return lasts


def _without_with(found: Found, fault: str) -> Found:
    """What a missing argument is called when there is no ``with`` at all."""
    return Found((), f"{found.message} (under 'with', for {fault!r})")


def _kind(info: ValidationInfo) -> FaultKind | None:
    name = info.data.get("fault") or info.data.get("operator")
    reading = reading_of(info)
    return reading.vocabulary.faults.get(name) if reading and name else None
