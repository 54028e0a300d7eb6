"""Puts validation errors into words for somebody who writes YAML, not Python."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from harness.scenario.problems import Loc, closest, unknown

_PRIVATE = frozenset({"admin_token", "entries", "env", "password", "headers"})
"""Below these keys a document may hold secrets, so what was found there is not repeated."""

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "date_type": "a date such as 2027-06-30",
    "none_required": "nothing",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One error, in words. ``at`` is where the user should look, ``where`` the place that is named."""

    at: Loc
    message: str
    on_key: bool = False  # point at the key rather than the value
    wrong_type: bool = False  # a value of another type was wanted, so YAML may have misread it
    named: Loc | None = None  # the place to name, when it is not ``at``

    @property
    def where(self) -> Loc:
        return self.at if self.named is None else self.named

    def below(self, loc: Loc) -> Found:
        named = None if self.named is None else (*loc, *self.named)
        return replace(self, at=(*loc, *self.at), named=named)


NESTED = "lockout.nested"


def nested(found: list[Found], *, up: int = 0) -> PydanticCustomError:
    """An error for a validator to raise that carries several, each relative to the validated value.

    *up* counts how many of the last segments of the validator's own place to leave out.
    """
    return PydanticCustomError(NESTED, "see nested errors", {"found": found, "up": up})


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[Found]:
    """Each error of *error*, which came from validating *model*, in words."""
    unions: dict[Loc, list[tuple[Loc, ErrorDetails]]] = {}  # errors of each type of a union of plain types
    for details in error.errors(include_url=False):
        loc = _place(details)
        if details["type"] == NESTED:
            base = loc[: len(loc) - details["ctx"]["up"]]
            yield from (found.below(base) for found in details["ctx"]["found"])
        elif details["type"] in _EXPECTED and loc and loc[-1] in ("int", "str", "float", "bool"):
            unions.setdefault(loc[:-1], []).append((loc, details))
        elif loc[-1:] == ("[key]",) and details["type"] != "extra_forbidden":
            # pydantic's way to say that a key of a mapping is wrong
            yield replace(_explain_one(details, loc[:-1], model), on_key=True, wrong_type=False)
        elif not (details["type"] == "too_short" and details["input"]):
            # A list with wrong entries also counts as too short; the entries are what is wrong.
            yield _explain_one(details, loc, model)
    for place, errors in unions.items():
        if len(errors) == 1:  # no union, but a key of that name
            yield _explain_one(errors[0][1], errors[0][0], model)
        else:
            wanted = " or ".join(dict.fromkeys(_EXPECTED[details["type"]] for _, details in errors))
            value = errors[0][1].get("input")
            yield Found(place, f"expected {wanted}, not {show(place, value)}", wrong_type=True)


def _place(details: ErrorDetails) -> Loc:
    """The place of an error without tags of unions: those stand in parentheses, and nowhere in the file."""
    loc = details["loc"]
    named = 1 if details["type"] in ("extra_forbidden", "missing") else 0  # ends in a key, whatever it looks like
    last = len(loc) - named
    return tuple(
        part for index, part in enumerate(loc) if index >= last or not (isinstance(part, str) and part[:1] == "(")
    )


def _explain_one(details: ErrorDetails, loc: Loc, model: type[BaseModel]) -> Found:
    kind, value, ctx = details["type"], details.get("input"), details.get("ctx", {})
    match kind:
        case "missing":
            return Found(loc[:-1], f"required key {str(loc[-1])!r} is missing")
        case "extra_forbidden":
            known = keys_at(model, loc[:-1])
            return Found(loc, unknown("key", str(loc[-1]), known), on_key=True, named=loc[:-1])
        case "value_error":
            return Found(loc, str(ctx["error"]))
        case "literal_error" | "enum":
            return Found(loc, _choice(loc, value, str(ctx["expected"])), wrong_type=True)
        case "too_short" | "string_too_short":
            return Found(loc, "must not be empty")
        case "greater_than_equal":
            return Found(loc, f"must be at least {ctx['ge']:g}, not {show(loc, value)}")
        case "greater_than":
            return Found(loc, f"must be more than {ctx['gt']:g}, not {show(loc, value)}")
        case "less_than_equal":
            return Found(loc, f"must be at most {ctx['le']:g}, not {show(loc, value)}")
        case "less_than":
            return Found(loc, f"must be less than {ctx['lt']:g}, not {show(loc, value)}")
        case "string_pattern_mismatch":
            return Found(loc, f"{show(loc, value)} does not match {ctx['pattern']}")
    if expected := _EXPECTED.get(kind):
        message = f"expected {expected}, not {show(loc, value)}"
        if kind == "string_type" and isinstance(value, bool | int | float):
            message += "; quote it"
        elif expected == "a mapping" and not isinstance(value, list):
            message += "; write {} when there is nothing to set"
        # What else a word might have meant helps only where a single value is wanted.
        return Found(loc, message, wrong_type=expected not in ("a mapping", "a list"))
    message = details["msg"]
    return Found(loc, message[:1].lower() + message[1:])


def _choice(loc: Loc, value: object, expected: str) -> str:
    options = [option.strip("'") for option in expected.replace(" or ", ", ").split(", ")]
    if len(options) == 1:
        return f"expected {expected}, not {show(loc, value)}"
    if isinstance(value, str) and (guess := closest(value, options)):
        return f"expected one of {', '.join(options)}, not {show(loc, value)}, did you mean {guess!r}?"
    return f"expected one of {', '.join(options)}, not {show(loc, value)}"


def show(loc: Loc, value: object) -> str:
    """*value* in a few words; only its kind where it may be a secret."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    private = not _PRIVATE.isdisjoint(loc)
    if isinstance(value, bool):
        return "true or false" if private else str(value).lower()
    if isinstance(value, int | float):
        return "a number" if private else f"the number {value}"
    text = str(value)
    if private:
        return "this text"
    return repr(text if len(text) <= 60 else text[:57] + "...")


def keys_at(model: type[BaseModel], loc: Loc) -> frozenset[str]:
    """The keys that may stand in a document at *loc*, as far as the types of *model* tell."""
    types: list[object] = [model]
    for part in loc:
        types = [inner for outer in types for inner in _inside(outer, part)]
    models = [found for candidate in types for found in _models(candidate)]
    return frozenset(field.alias or name for found in models for name, field in found.model_fields.items())


def _inside(annotation: object, part: str | int) -> Iterator[object]:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                yield field.annotation
    elif origin is dict and isinstance(part, str):
        yield args[1]
    elif origin in (tuple, list) and isinstance(part, int):
        yield args[0]
    else:
        for arg in args:  # Annotated and unions
            yield from _inside(arg, part)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) not in (dict, tuple, list):
        for arg in typing.get_args(annotation):
            yield from _models(arg)
