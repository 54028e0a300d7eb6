"""The typed scenario: one experiment, as somebody wrote it down.

Time in a scenario: **t = 0 is the moment at which the steady state has been proven**. ``at`` counts from
there, so what lies before the first step is the baseline; the first step comes no earlier than ``1s``, to leave
some baseline to compare with. A step that has a ``for`` is taken back at ``at + for``; after the last undo
the workloads are watched for ``observe_for``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    SerializationInfo,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)

from harness.scenario.base import LONGEST_FAULT, Day, Duration, StrictModel, Texts, between
from harness.scenario.messages import Found, nested
from harness.scenario.problems import unknown
from harness.scenario.reading import reading_of, typed_args
from harness.scenario.steps import Step
from harness.scenario.stopping import StopCondition
from harness.scenario.timeline import unsound
from harness.scenario.vocabulary import ExpectationKind

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[a-z0-9][a-z0-9.-]*:[A-Za-z0-9][A-Za-z0-9.()-]*")


class AcceptedRisk(StrictModel):
    """Why a failure is tolerated, and for how long."""

    reason: str = Field(min_length=1, description="Why the failure is tolerated.")
    until: Day = Field(description="The last day on which it is tolerated.")


class Expectation(StrictModel):
    """One typed claim: the name of an expectation and its arguments."""

    name: str
    args: SerializeAsAny[StrictModel]


Control = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{_CONTROL.pattern}$"})]


class Claims(StrictModel):
    """What is expected of one workload, or of the run as a whole."""

    workload: str = Field(
        "", min_length=1, description="The Compose service the claims are about; absent: the run as a whole."
    )
    expectations: tuple[Expectation, ...] = Field(exclude=True)
    accepted_risk: AcceptedRisk | None = Field(None, description="Tolerate failure of these claims.")
    controls: Annotated[tuple[Control, ...], Field(strict=False)] = Field(
        (), description="Controls these claims are evidence for: nist-800-53r5:CP-10."
    )

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        """Every key that is none of ours is taken for the name of an expectation."""
        if not isinstance(data, dict) or isinstance(data.get("expectations"), tuple):
            return data
        own = {key: value for key, value in data.items() if key in _OWN_KEYS}
        return own | {"expectations": {key: value for key, value in data.items() if key not in _OWN_KEYS}}

    @field_validator("accepted_risk", mode="before")
    @classmethod
    def _not_left_empty(cls, risk: object) -> object:
        if risk is None:
            raise ValueError("must not be empty; write {reason: …, until: …}, or leave the key out")
        return risk

    @field_validator("expectations", mode="plain")
    @classmethod
    def _known(cls, value: object, info: ValidationInfo) -> tuple[Expectation, ...]:
        if isinstance(value, tuple):
            return value
        reading, raw = reading_of(info), value if isinstance(value, dict) else {}
        if reading is None:
            raise ValueError("a scenario is read against a vocabulary")
        if not raw:
            names = ", ".join(sorted(reading.vocabulary.expectations))
            raise nested([Found((), f"nothing is expected here; known expectations: {names}")], up=1)
        result, found = [], []
        for name, arguments in raw.items():
            kind = reading.vocabulary.expectations.get(name)
            if kind is None:
                known = reading.vocabulary.expectations.keys() | _OWN_KEYS
                found.append(Found((name,), unknown("expectation", name, known), on_key=True))
                continue
            args, wrong = typed_args(kind.args, arguments)
            found.extend(one.below((name,)) for one in wrong)
            if args is not None:
                result.append(Expectation(name=name, args=args))
        kinds = {name: kind for name in raw if (kind := reading.vocabulary.expectations.get(name))}
        found.extend(_misplaced(kinds, named=bool(info.data.get("workload", "refused"))))  # what is refused was given
        if found:
            raise nested(found, up=1)
        return tuple(result)

    @field_validator("controls")
    @classmethod
    def _control_shape(cls, controls: tuple[str, ...]) -> tuple[str, ...]:
        found = [
            Found((index,), f"{control!r} is not a control: write catalogue and id, such as nist-800-53r5:CP-10")
            for index, control in enumerate(controls)
            if not _CONTROL.fullmatch(control)
        ]
        if found:
            raise nested(found)
        return controls

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        document: dict[str, Any] = handler(self)
        if not self.workload:
            del document["workload"]
        return document | {
            one.name: one.args.model_dump(mode=info.mode, by_alias=bool(info.by_alias), exclude_none=info.exclude_none)
            for one in self.expectations
        }


_OWN_KEYS = frozenset({"workload", "accepted_risk", "controls"})


def _misplaced(kinds: Mapping[str, ExpectationKind], *, named: bool) -> Iterator[Found]:
    """Expectations about a workload in an entry that names none, and such about the run in one that does."""
    about_run = [name for name, kind in kinds.items() if kind.about_run]
    about_workload = [name for name in kinds if name not in about_run]
    if named:
        for name in about_run:
            yield Found((name,), "is about the run as a whole; write it into an entry without 'workload'", on_key=True)
    elif about_run:
        for name in about_workload:
            yield Found((name,), "is about one workload; write it into an entry with 'workload'", on_key=True)
    elif about_workload:
        yield Found((), "required key 'workload' is missing")


class Sampling(StrictModel):
    every: Annotated[Duration, between(0.01, 5)] = Field(0.1, description="Time between two probes of one workload.")


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Scenario(StrictModel):
    """One experiment. Read from files by :func:`harness.scenario.loader.load_scenario`."""

    name: str = Field(description="As in the file name: <name>.scenario.yaml.")
    summary: str = Field(min_length=1, description="One sentence: what is broken, and for how long.")
    topology: Annotated[Texts, BeforeValidator(_one_or_many)] = Field(
        min_length=1, description="Compose file, or files merged in this order, relative to the scenario."
    )
    services: Texts | None = Field(None, description="Start only these services and what they depend on.")
    env: dict[str, str] = Field(default_factory=dict, description="Variables for Compose interpolation.")
    timeline: Annotated[tuple[Step, ...], Field(strict=False)] = Field(
        min_length=1, description="What breaks, and what people do, and when."
    )
    observe_for: Annotated[Duration, between(0, LONGEST_FAULT)] = Field(
        10.0, description="How long to watch after the last undo."
    )
    expect: Annotated[tuple[Claims, ...], Field(strict=False)] = Field(
        min_length=1, description="What is expected of whom."
    )
    stop_if: Annotated[tuple[StopCondition, ...], Field(strict=False)] = Field(
        (), description="When to end the run early; the first that is met does."
    )
    sampling: Sampling = Field(default_factory=Sampling)
    seed: int | None = Field(None, ge=0, lt=2**63, description="For what is random in faults; drawn when absent.")
    tags: Texts = Field((), description="Words to find scenarios by; lockout itself ignores them.")

    @field_validator("name")
    @classmethod
    def _as_file_name(cls, name: str, info: ValidationInfo) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name: use lower-case letters, digits and single hyphens")
        reading = reading_of(info)
        if reading and reading.name is not None and name != reading.name:
            raise ValueError(f"{name!r} differs from the file name; write {reading.name!r}, or rename the file")
        return name

    @field_validator("summary")
    @classmethod
    def _one_line(cls, summary: str) -> str:
        if not summary.strip():
            raise ValueError("must not be empty")
        if not summary.strip().isprintable():
            raise ValueError("must be one line of plain text; with 'summary: >-' YAML joins lines to one")
        return summary.strip()

    @field_validator("topology", "services", "tags")
    @classmethod
    def _no_blanks_no_doubles(cls, entries: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if entries == ():
            return entries
        found = []
        for index, entry in enumerate(entries or ()):
            if not entry.strip():
                found.append(Found((index,), "must not be empty"))
            elif entries and entry in entries[:index]:
                found.append(Found((index,), f"{entry!r} is listed twice"))
        if found:
            raise nested(found)
        return entries

    @field_validator("services")
    @classmethod
    def _some_service(cls, services: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if services == ():
            raise ValueError("must not be empty; leave 'services' out to start all of them")
        return services

    @field_validator("env")
    @classmethod
    def _variable_names(cls, env: dict[str, str]) -> dict[str, str]:
        found = [
            Found((name,), f"{name!r} cannot be a variable name", on_key=True)
            for name in env
            if not _VARIABLE.fullmatch(name)
        ]
        if found:
            raise nested(found)
        return env

    @field_validator("timeline")
    @classmethod
    def _sound_timeline(cls, timeline: tuple[Step, ...], info: ValidationInfo) -> tuple[Step, ...]:
        reading = reading_of(info)
        if found := unsound(timeline, reading.vocabulary if reading else None):
            raise nested(found)
        return timeline

    @field_validator("expect")
    @classmethod
    def _no_repeated_claim(cls, expect: tuple[Claims, ...]) -> tuple[Claims, ...]:
        seen: dict[tuple[str, str, str], int] = {}
        found = []
        for index, claims in enumerate(expect):
            for one in claims.expectations:
                key = (claims.workload, one.name, one.args.model_dump_json())
                first = seen.setdefault(key, index)
                if first != index:
                    whom = repr(claims.workload) if claims.workload else "the run"
                    message = f"already expected of {whom} in expect.{first}"
                    found.append(Found((index, one.name), message, on_key=True))
        if found:
            raise nested(found)
        return expect
