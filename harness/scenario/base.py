"""Building blocks for every typed document a user writes: strict models and durations with units."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

LONGEST_FAULT = 600.0  # seconds; every fault has a maximum duration, and this is the longest

_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>ms|s|m|h)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(value: object) -> float:
    """Seconds for texts such as ``250ms``, ``20s``, ``2m``, ``1h``.

    Raises:
        ValueError: the text has no number, or no unit. A bare number is refused, because nobody
            reading ``for: 20`` knows whether seconds or minutes are meant.
    """
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match["number"]) * _SECONDS[match["unit"]]
    raise ValueError(f"{value!r} is not a duration: write a number with a unit, such as 500ms, 20s, 2m or 1h")


def format_duration(seconds: float) -> str:
    """The shortest text that :func:`parse_duration` reads back: ``0.25`` gives ``250ms``, ``90`` gives ``90s``."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:.12g}ms"
    return f"{seconds:.12g}s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h)$", "examples": ["500ms", "20s", "2m"]}),
]
"""A length of time: written with its unit in documents, held as seconds in code."""


def between(low: float, high: float) -> AfterValidator:
    """For ``Annotated[Duration, between(0.01, 5)]``: both limits, in seconds, are allowed."""

    def check(seconds: float) -> float:
        if not low <= seconds <= high:
            raise ValueError(
                f"{format_duration(seconds)} is outside the limits, {format_duration(low)} to {format_duration(high)}"
            )
        return seconds

    return AfterValidator(check)


def parse_day(value: object) -> date:
    """The date a text such as ``2027-06-30`` names.

    Raises:
        ValueError: it is no such text, or no day of the calendar.
    """
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a day of the calendar") from None
    raise ValueError(f"{value!r} is not a date: write year, month and day, such as 2027-06-30")


Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_DAY.pattern}$"}),
]
"""A day of the calendar, written ``2027-06-30``."""

Texts = Annotated[tuple[str, ...], Field(strict=False)]
"""A list of texts. Lists become tuples, which the strict mode of our models would otherwise refuse."""


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys and silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    def as_document(self) -> dict[str, Any]:
        """The model as plain data in the form a user would write it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
