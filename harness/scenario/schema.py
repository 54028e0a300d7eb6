"""The JSON Schema of scenarios, for completion and checks in editors.

Draft-07, because that is what yaml-language-server documents; pydantic speaks 2020-12. Written by
``python -m harness.scenario.schema``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from harness.scenario.base import format_duration
from harness.scenario.model import Scenario
from harness.scenario.vocabulary import FaultKind, Vocabulary

SCHEMA_FILE = Path(__file__).parents[2] / "schemas" / "scenario-v1.schema.json"

Json = dict[str, Any]
"""A piece of JSON Schema, which is open by nature."""


def scenario_schema(vocabulary: Vocabulary) -> Json:
    """The schema of a scenario that may use *vocabulary*."""
    schema = Scenario.model_json_schema(ref_template="#/definitions/{model}")
    definitions: Json = schema.pop("$defs")
    for unused in ("StrictModel", "Expectation", "BaseModel", "AwaitedArgs"):
        definitions.pop(unused, None)
    for kind in vocabulary.faults.values():
        _add_args(definitions, f"with.{kind.name}", kind.args, kind.summary)
    for expectation in vocabulary.expectations.values():
        _add_args(definitions, f"expect.{expectation.name}", expectation.args, expectation.summary)
    for stop in vocabulary.stops.values():
        _add_args(definitions, f"stop_if.{stop.name}", stop.args, stop.summary)
    for awaited in vocabulary.awaited.values():
        _add_args(definitions, f"when.{awaited.name}", awaited.args, awaited.summary)
    definitions["StopCondition"] = _stop_condition(vocabulary)
    definitions["Awaited"] = _awaited(vocabulary)
    _type_step(definitions["Step"], vocabulary)
    _type_claims(definitions["Claims"], vocabulary)
    one = {"type": "string", "minLength": 1}
    schema["properties"]["topology"] = {
        "description": schema["properties"]["topology"].get("description", ""),
        "anyOf": [one, {"type": "array", "items": one, "minItems": 1}],
    }
    schema["properties"]["name"]["pattern"] = "^[a-z0-9]+(-[a-z0-9]+)*$"
    header = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "lockout scenario, version 1"}
    schema.pop("title", None)
    schema["description"] = "One experiment: a topology, a timeline of faults, and what is expected of whom."
    result = {**header, **schema, "definitions": dict(sorted(definitions.items()))}
    tidied = _tidy(result)
    assert isinstance(tidied, dict)  # noqa: S101 (narrows the type)
    return tidied


def _stop_condition(vocabulary: Vocabulary) -> Json:
    return {
        "type": "object",
        "description": "When to end a run early. Exactly one condition.",
        **_exactly_one("stop_if", vocabulary.stops),
    }


def _awaited(vocabulary: Vocabulary) -> Json:
    alone = [name for name, kind in sorted(vocabulary.awaited.items()) if not _required(kind.args)]
    one = {"type": "object", **_exactly_one("when", vocabulary.awaited)}
    return {"description": "What a step waits for. Exactly one observation.", "anyOf": [{"enum": alone}, one]}


def _exactly_one(place: str, names: Iterable[str]) -> Json:
    return {
        "properties": {name: {"$ref": f"#/definitions/{place}.{name}"} for name in sorted(names)},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _required(model: type[BaseModel]) -> bool:
    """Whether it has arguments that must be given."""
    return any(field.is_required() for field in model.model_fields.values())


def _add_args(definitions: Json, name: str, model: type[BaseModel], summary: str) -> None:
    """Puts the schema of *model* under *name*, and what it refers to under names of its own."""
    own = model.model_json_schema(ref_template=f"#/definitions/{name}.{{model}}")
    for inner, definition in own.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = definition
    own.pop("title", None)
    if short := getattr(model, "short", ""):
        own.pop("description", None)
        own = {"anyOf": [{"const": short}, own]}
    if alone := getattr(model, "alone", ""):
        own.pop("description", None)
        own = {"anyOf": [{**own["properties"][alone]}, own]}
    if summary:
        own["description"] = summary
    definitions[name] = own


def _type_step(step: Json, vocabulary: Vocabulary) -> None:
    kinds = vocabulary.faults.values()
    properties = step["properties"]
    for key, operator in (("fault", False), ("operator", True)):
        names = sorted(kind.name for kind in kinds if kind.operator == operator)
        properties[key] = {"description": properties[key].get("description", ""), "enum": names}
    properties["with"] = {"type": "object", "description": "Arguments of the fault."}
    step["oneOf"] = [{"required": ["fault"]}, {"required": ["operator"]}]
    begin = {"oneOf": [{"required": ["at"]}, {"required": ["when", "within"]}]}
    step["allOf"] = [begin, *(_when(kind) for kind in sorted(kinds, key=lambda kind: kind.name))]
    step["dependencies"] = {"within": ["when"], "after": ["when"], "at_most": ["until"]}


def _when(kind: FaultKind) -> Json:
    """What else a step of this kind must look like."""
    key = "operator" if kind.operator else "fault"
    properties: Json = {"with": {"$ref": f"#/definitions/with.{kind.name}"}}
    then: Json = {"properties": properties}
    if _required(kind.args):
        then["required"] = ["with"]
    if kind.instant:
        properties |= {"for": False, "until": False}
    else:
        then["oneOf"] = [{"required": ["for"]}, {"required": ["until"]}]
    return {"if": {"properties": {key: {"const": kind.name}}, "required": [key]}, "then": then}


def _type_claims(claims: Json, vocabulary: Vocabulary) -> None:
    """An entry is about a workload, which it names, or about the run, and then has only what is about that."""
    claims["properties"].pop("expectations", None)
    claims["properties"]["workload"].pop("default", None)
    claims.pop("required", None)
    claims["additionalProperties"] = False
    kinds = [vocabulary.expectations[name] for name in sorted(vocabulary.expectations)]
    for kind in kinds:
        claims["properties"][kind.name] = {"$ref": f"#/definitions/expect.{kind.name}"}
    of_workload = [kind.name for kind in kinds if not kind.about_run]
    of_run = [kind.name for kind in kinds if kind.about_run]
    claims["anyOf"] = [{"required": ["workload", name]} for name in of_workload]
    claims["anyOf"] += [{"required": [name]} for name in of_run]
    if of_run:
        claims["if"] = {"anyOf": [{"required": [name]} for name in of_run]}
        claims["then"] = {"properties": dict.fromkeys(("workload", *of_workload), False)}


def _tidy(node: object) -> object:
    """Without what only helps Python: titles of fields, null for a key left out, durations as numbers."""
    if isinstance(node, list):
        return [_tidy(entry) for entry in node]
    if not isinstance(node, Mapping):
        return node
    kept = {key: value for key, value in node.items() if not (key == "default" and value is None)}
    if "anyOf" in kept and {"type": "null"} in kept["anyOf"]:
        options = [option for option in kept.pop("anyOf") if option != {"type": "null"}]
        kept = {**(options[0] if len(options) == 1 else {"anyOf": options}), **kept}
    if isinstance(kept.get("default"), float) and kept.get("type") == "string":
        kept["default"] = format_duration(kept["default"])
    is_schema = any(key in kept for key in ("type", "$ref", "enum", "const", "properties", "anyOf"))
    if is_schema and isinstance(kept.get("title"), str) and "$schema" not in kept:
        del kept["title"]
    return {key: _tidy(value) for key, value in kept.items()}


def render(vocabulary: Vocabulary) -> str:
    """The schema as the text of its file."""
    return json.dumps(scenario_schema(vocabulary), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(render(Vocabulary.installed()), encoding="utf-8")
    sys.stdout.write(f"wrote {SCHEMA_FILE}\n")


if __name__ == "__main__":
    main()
