"""Entries that are written as one name with its arguments: ``any_workload_down_for: 60s``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, SerializationInfo, ValidationInfo, field_validator, model_serializer, model_validator

from harness.scenario.base import StrictModel
from harness.scenario.messages import Found, nested
from harness.scenario.problems import unknown
from harness.scenario.reading import reading_of, typed_args
from harness.scenario.vocabulary import NamedKind, Vocabulary


class Named(StrictModel):
    """What a subclass says: what such an entry is called, and which of them a vocabulary has."""

    what: ClassVar[str]
    """How messages call one of them."""

    bare: ClassVar[bool] = False
    """Whether the name may stand alone, for one that takes no arguments."""

    name: str
    args: BaseModel

    @classmethod
    @abstractmethod
    def known(cls, vocabulary: Vocabulary) -> Mapping[str, NamedKind]: ...

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: object, info: ValidationInfo) -> object:
        if cls.bare and isinstance(data, str):
            data = {data: {}}
        if not isinstance(data, dict) or isinstance(data.get("args"), BaseModel):
            return data
        reading = reading_of(info)
        if reading is None:
            raise ValueError("a scenario is read against a vocabulary")
        known = cls.known(reading.vocabulary)
        found = [Found((name,), unknown(cls.what, name, known), on_key=True) for name in data if name not in known]
        if found:
            raise nested(found)
        if len(data) != 1:
            raise nested([Found((), f"write exactly one {cls.what} here; known: {', '.join(known)}")])
        [(name, value)] = data.items()
        args, wrong = typed_args(known[name].args, value)
        if args is None:
            raise nested([one.below((name,)) for one in wrong])
        return {"name": name, "args": args}

    @field_validator("args", mode="plain")
    @classmethod
    def _as_it_is(cls, args: BaseModel) -> BaseModel:
        return args

    @model_serializer(mode="plain")
    def _as_written(self, info: SerializationInfo) -> dict[str, Any]:
        by_alias, exclude_none = bool(info.by_alias), info.exclude_none
        return {self.name: self.args.model_dump(mode=info.mode, by_alias=by_alias, exclude_none=exclude_none)}
