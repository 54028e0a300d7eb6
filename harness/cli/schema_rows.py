"""The keys of a schema in words: what may be written, whether it must be, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from harness.scenario.base import format_duration

WRITTEN = {
    "topology": "text, or a list of texts",
    "expect_status": "whole number, or a list of them",
    "with": "mapping",
}
"""Keys whose schema is wider or narrower than what may be written."""

Json = Mapping[str, Any]
"""A piece of JSON Schema, which is open by nature."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key or argument: what may be written, whether it must be, and what it means."""

    name: str
    kind: str
    default: str
    meaning: str


def rows(schema: Json, places: Mapping[str, str]) -> list[Row]:
    """The keys of an object's schema. *places* names headings for definitions that are not named by their class."""
    required = set(schema.get("required", ()))
    found = []
    for name, part in schema.get("properties", {}).items():
        kind = WRITTEN.get(name) or _kind(part, places)
        found.append(Row(name, kind, _default(name, part, required), _meaning(part)))
    return found


def _meaning(part: Json) -> str:
    """Its description, which stands one level down where the key may also be left out."""
    found = [
        part,
        *part.get("anyOf", ()),
        *(deeper for one in part.get("anyOf", ()) for deeper in one.get("anyOf", ())),
    ]
    return next((str(one["description"]) for one in found if "description" in one), "")


def _default(name: str, part: Json, required: set[str]) -> str:
    if name in required:
        return "required"
    value = part.get("default")
    if value is None or value in ([], {}, ""):
        return ""
    if isinstance(value, float) and _is_duration(part):
        value = format_duration(value)
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _is_duration(part: Json) -> bool:
    return "500ms" in part.get("examples", ())


def _kind(part: Json, places: Mapping[str, str]) -> str:
    """What may be written, in words."""
    for key in ("anyOf", "oneOf"):
        if key in part:
            return " or ".join(dict.fromkeys(_kind(one, places) for one in part[key] if one.get("type") != "null"))
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        heading = places.get(name) or words(name)
        return f"[{heading}](#{slug(heading)})" if name != "StrictModel" else "mapping"
    if "const" in part:
        return f"`{json.dumps(part['const']) if not isinstance(part['const'], str) else part['const']}`"
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    if _is_duration(part):
        return "duration"
    return _plain_kind(part, places)


def _plain_kind(part: Json, places: Mapping[str, str]) -> str:
    kind = part.get("type")
    if kind == "array":
        items = _kind(part.get("items", {}), places)
        return "list of texts" if items == "text" else f"list; each: {items}"
    if kind == "object":
        values = part.get("additionalProperties")
        return f"mapping; values: {_kind(values, places)}" if isinstance(values, Mapping) and values else "mapping"
    if kind == "integer":
        low, high = part.get("minimum"), part.get("maximum")
        limits = f", {low} to {high}" if high is not None and low is not None else ""
        return f"whole number{limits}"
    named = {"string": "text", "boolean": "`true` or `false`", "number": "number"}
    return "date" if part.get("format") == "date" else named.get(str(kind), "any value")


def arguments(model: type[BaseModel]) -> list[Row]:
    """What a fault, an expectation or a stop condition takes, one row each."""
    return rows(model.model_json_schema(), {})


def words(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name).lower()


def slug(heading: str) -> str:
    """The anchor that a heading gets in rendered Markdown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
