from __future__ import annotations

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json

from harness.scenario.base import StrictModel
from harness.scenario.messages import Found, explain, keys_at


class Inner(StrictModel):
    count: int = Field(1, ge=1, le=9)
    ratio: float = Field(0.5, gt=0, lt=1)


class Outer(StrictModel):
    which: int | str | None = None
    flag: bool = False
    inner: Inner | None = None
    many: dict[str, Inner] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)


def explained(model: type[BaseModel], document: object) -> list[Found]:
    try:
        model.model_validate_json(to_json(document))
    except ValidationError as error:
        return list(explain(error, model))
    return []


def messages(document: object) -> list[tuple[str, str]]:
    return [(".".join(map(str, found.where)), found.message) for found in explained(Outer, document)]


def test_a_union_is_one_error() -> None:
    assert messages({"which": 1.5}) == [("which", "expected a whole number or text, not the number 1.5")]
    assert messages({"which": []}) == [("which", "expected a whole number or text, not a list")]


def test_a_key_named_like_a_type_is_a_key() -> None:
    assert messages({"names": {"int": 5}}) == [("names.int", "expected text, not the number 5; quote it")]


def test_limits() -> None:
    assert messages({"inner": {"count": 0}}) == [("inner.count", "must be at least 1, not the number 0")]
    assert messages({"inner": {"count": 10}}) == [("inner.count", "must be at most 9, not the number 10")]
    assert messages({"inner": {"ratio": 0}}) == [("inner.ratio", "must be more than 0, not the number 0")]
    assert messages({"inner": {"ratio": 1}}) == [("inner.ratio", "must be less than 1, not the number 1")]


def test_types() -> None:
    assert messages({"flag": "no"}) == [("flag", "expected true or false, not 'no'")]
    assert messages({"flag": 1}) == [("flag", "expected true or false, not the number 1")]
    assert messages({"inner": {"count": True}}) == [("inner.count", "expected a whole number, not true")]
    assert messages({"inner": [1]}) == [("inner", "expected a mapping, not a list")]
    assert messages({"names": {"a": True}}) == [("names.a", "expected text, not true; quote it")]


def test_long_texts_are_cut() -> None:
    ((_, message),) = messages({"flag": "x" * 500})
    assert message == f"expected true or false, not '{'x' * 57}...'"


def test_keys_that_look_like_our_own_marks_are_only_unknown() -> None:
    for key in ("(vault)", "[key]", "int", "", "claims"):
        (found,) = explained(Outer, {key: 1})
        assert (found.at, found.on_key, found.where) == ((key,), True, ())
        assert found.message.startswith(f"unknown key {key!r}")


def test_suggestions_come_from_the_model_at_that_place() -> None:
    assert messages({"many": {"a": {"cuont": 1}}}) == [("many.a", "unknown key 'cuont', did you mean 'count'?")]
    assert keys_at(Outer, ("inner",)) == {"count", "ratio"}
    assert keys_at(Outer, ()) == {"which", "flag", "inner", "many", "names"}
    assert keys_at(Outer, ("nowhere", "at", "all")) == frozenset()
