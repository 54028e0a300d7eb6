"""How needs are written in ``x-lockout``: names of components, and gates over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from harness.scenario.base import StrictModel
from harness.scenario.messages import Found, nested
from harness.scenario.problems import Loc, closest
from harness.topology.fields import Count
from harness.topology.needs import AllOf, AnyOf, AtLeast, Need

GATES = ("all_of", "any_of", "at_least")


class AllOfGate(StrictModel):
    """Stands as long as every one of these stands."""

    TAG: ClassVar[str] = "all_of"

    all_of: Entries


class AnyOfGate(StrictModel):
    """Stands as long as one of these stands."""

    TAG: ClassVar[str] = "any_of"

    any_of: Entries


class AtLeastGate(StrictModel):
    """Stands as long as so many of these stand: a quorum."""

    TAG: ClassVar[str] = "at_least"

    at_least: Annotated[Count, Field(ge=1)]
    of: Entries

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.at_least > len(self.of):
            message = f"{self.at_least} of {len(self.of)} can never be met"
            raise nested([Found(("at_least",), f"{message}; write a number from 1 to {len(self.of)}")])
        return self


def _known_gate(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    keys = [str(key) for key in value]
    if len([key for key in keys if key in GATES]) == 1:
        return value
    for key in keys:
        if key not in GATES and (guess := closest(key, GATES)):
            raise nested([Found((key,), f"unknown gate {key!r}, did you mean {guess!r}?", on_key=True, named=())])
    raise PydanticCustomError("lockout.gate", "a gate has exactly one of 'all_of', 'any_of' and 'at_least'")


def _which(value: object) -> str | None:
    if isinstance(value, str):
        return "(name)"
    if isinstance(value, Mapping):
        return next((f"({key})" for key in GATES if key in value), None)
    tag = getattr(value, "TAG", None)
    return f"({tag})" if isinstance(tag, str) else None


def _once_each(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Refuses a name that stands twice below one gate, where it would count twice."""
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if isinstance(entry, str):
            if entry in seen:
                raise nested([Found((index,), f"{entry!r} stands here twice")])
            seen.add(entry)
    return entries


Entry = Annotated[
    Annotated[str, Field(min_length=1), Tag("(name)")]
    | Annotated[AllOfGate, Tag("(all_of)")]
    | Annotated[AnyOfGate, Tag("(any_of)")]
    | Annotated[AtLeastGate, Tag("(at_least)")],
    Discriminator(
        _which,
        custom_error_type="lockout.choice",
        custom_error_message="expected the name of a component, or a gate: all_of, any_of, or at_least with of",
    ),
    BeforeValidator(_known_gate),
]
Entries = Annotated[tuple[Entry, ...], Field(strict=False, min_length=1), AfterValidator(_once_each)]
Needs = Annotated[tuple[Entry, ...], Field(strict=False, min_length=1)]
"""Names and gates, all of which are needed. Names may be repeated: Compose joins the lists of merged files."""

for _gate in (AllOfGate, AnyOfGate, AtLeastGate):
    _gate.model_rebuild()


class Needing(StrictModel):
    """What depends on others."""

    needs: Needs | None = Field(None, description="What it does not run without.")
    needs_to_start: Needs | None = Field(None, description="What it does not come back without, once it was stopped.")


def need_of(entries: Sequence[Entry] | None) -> Need | None:
    """All of *entries* as one need, each once; None when there are none."""
    parts = tuple(dict.fromkeys(_need(entry) for entry in entries or ()))
    return parts[0] if len(parts) == 1 else AllOf(parts) if parts else None


def _need(entry: Entry) -> Need:
    if isinstance(entry, AllOfGate):
        return AllOf(tuple(map(_need, entry.all_of)))
    if isinstance(entry, AnyOfGate):
        return AnyOf(tuple(map(_need, entry.any_of)))
    if isinstance(entry, AtLeastGate):
        return AtLeast(entry.at_least, tuple(map(_need, entry.of)))
    return entry


def placed_names(entries: Sequence[Entry] | None, at: Loc) -> Iterator[tuple[Loc, str]]:
    """Every name in *entries*, which stand at *at*, with its place."""
    for index, entry in enumerate(entries or ()):
        here: Loc = (*at, index)
        if isinstance(entry, AllOfGate):
            yield from placed_names(entry.all_of, (*here, "all_of"))
        elif isinstance(entry, AnyOfGate):
            yield from placed_names(entry.any_of, (*here, "any_of"))
        elif isinstance(entry, AtLeastGate):
            yield from placed_names(entry.of, (*here, "of"))
        else:
            yield here, entry
