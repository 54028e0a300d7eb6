"""Against what a scenario is read, and how the arguments in it are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError, ValidationInfo
from pydantic_core import to_json

from harness.scenario.messages import Found, explain
from harness.scenario.vocabulary import Vocabulary

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reading:
    """Validation context: against what a scenario is read. ``name`` is the one its file name asks for."""

    vocabulary: Vocabulary
    name: str | None = None


def reading_of(info: ValidationInfo) -> Reading | None:
    return info.context if isinstance(info.context, Reading) else None


def typed_args(kind: type[M], value: object) -> tuple[M | None, list[Found]]:
    """Arguments of a fault, an expectation, a stop condition or an observation, validated by its own model."""
    if isinstance(value, kind):
        return value, []
    try:
        return kind.model_validate_json(to_json(value)), []  # JSON mode takes lists for tuples
    except ValidationError as error:
        return None, list(explain(error, kind))
