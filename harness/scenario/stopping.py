"""When a run ends early: one entry of a scenario's ``stop_if``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SerializationInfo, ValidationInfo, field_validator, model_serializer, model_validator

from harness.scenario.base import StrictModel
from harness.scenario.messages import Found, nested
from harness.scenario.problems import unknown
from harness.scenario.steps import reading_of, typed_args


class StopCondition(StrictModel):
    """One condition, written as its name with its arguments: ``any_workload_down_for: 60s``."""

    name: str
    args: BaseModel

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: object, info: ValidationInfo) -> object:
        if not isinstance(data, dict) or isinstance(data.get("args"), BaseModel):
            return data
        reading = reading_of(info)
        if reading is None:
            raise ValueError("a scenario is read against a vocabulary")
        known = reading.vocabulary.stops
        found = [
            Found((name,), unknown("stop condition", name, known), on_key=True) for name in data if name not in known
        ]
        if found:
            raise nested(found)
        if len(data) != 1:
            raise nested([Found((), f"write exactly one stop condition in each entry; known: {', '.join(known)}")])
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
