"""The typed scenario: one experiment, as somebody wrote it down.

Time in a scenario: **t = 0 is the moment at which the steady state has been proven**. ``at`` counts from
there, so what lies before the first step is the baseline; the first step comes no earlier than ``1s``, to leave
some baseline to compare with. A step that has a ``for`` is taken back at ``at + for``; after the last undo
the workloads are watched for ``observe_for``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    SerializationInfo,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import to_json

from harness.scenario.base import Day, Duration, StrictModel, Texts, between, format_duration
from harness.scenario.messages import Found, explain, nested
from harness.scenario.problems import unknown
from harness.scenario.vocabulary import FaultKind, Vocabulary

LONGEST_FAULT = 600.0  # seconds; design §7: every fault has a maximum duration
SHORTEST_BASELINE = 1.0

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[a-z0-9][a-z0-9.-]*:[A-Za-z0-9][A-Za-z0-9.()-]*")


@dataclass(frozen=True, slots=True)
class Reading:
    """Validation context: against what a scenario is read. ``name`` is the one its file name asks for."""

    vocabulary: Vocabulary
    name: str | None = None


def _reading(info: ValidationInfo) -> Reading | None:
    return info.context if isinstance(info.context, Reading) else None


def _typed_args(kind: type[StrictModel], value: object) -> tuple[StrictModel | None, list[Found]]:
    """Arguments of a fault or an expectation, validated by its own model; JSON mode takes lists for tuples."""
    if isinstance(value, StrictModel):
        return value, []
    try:
        return kind.model_validate_json(to_json(value)), []
    except ValidationError as error:
        return None, list(explain(error, kind))


class Step(StrictModel):
    """One fault or one planned act of an operator on the timeline."""

    fault: str | None = Field(None, description="What breaks.")
    operator: str | None = Field(
        None, validate_default=True, description="What a person does, such as opening break-glass."
    )
    at: Annotated[Duration, between(0, 3600)] = Field(
        description="When it begins, counted from the moment at which the steady state was proven."
    )
    on: str = Field(min_length=1, description="The Compose service it is aimed at.")
    lasts: Annotated[Duration, between(0.1, LONGEST_FAULT)] | None = Field(
        None, alias="for", validate_default=True, description="How long until it is undone, at most 10m."
    )
    args: SerializeAsAny[StrictModel] = Field(
        default_factory=dict, alias="with", validate_default=True, description="Arguments of the fault."
    )

    @property
    def name(self) -> str:
        """The fault or the operator's act."""
        return self.fault or self.operator or ""

    @property
    def end(self) -> float:
        """When it is taken back, in seconds; for an instantaneous one, when it happens."""
        return round(self.at + (self.lasts or 0.0), 6)  # 1.1 + 2.2 and 3.3 are one moment

    @field_validator("fault", "operator")
    @classmethod
    def _known(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is None or (reading := _reading(info)) is None:
            return name
        as_operator = info.field_name == "operator"
        kind = reading.vocabulary.faults.get(name)
        if kind is None:
            known = (k.name for k in reading.vocabulary.faults.values() if k.operator == as_operator)
            raise ValueError(unknown("operator step" if as_operator else "fault", name, known))
        if kind.operator and not as_operator:
            raise ValueError(f"{name!r} is the act of a person: write 'operator: {name}'")
        if as_operator and not kind.operator:
            raise ValueError(f"{name!r} is a fault: write 'fault: {name}'")
        return name

    @field_validator("operator")
    @classmethod
    def _one_kind(cls, operator: str | None, info: ValidationInfo) -> str | None:
        fault = info.data.get("fault", "")  # absent when it was refused; then that is the error to report
        if operator is None and fault is None:
            raise nested([Found((), "a step needs 'fault: <name>' or 'operator: <name>'")], up=1)
        if operator is not None and fault:
            raise nested([Found((), "'fault' and 'operator' exclude each other; make two steps of it")], up=1)
        return operator

    @field_validator("lasts")
    @classmethod
    def _lasts_or_not(cls, lasts: float | None, info: ValidationInfo) -> float | None:
        kind = _kind(info)
        if kind is None:
            return lasts
        if kind.instant and lasts is not None:
            raise ValueError(f"{kind.name!r} happens in an instant and cannot be undone; remove 'for'")
        if not kind.instant and lasts is None:
            raise nested([Found((), f"required key 'for' is missing: how long does {kind.name!r} last?")], up=1)
        return lasts

    @field_validator("args", mode="plain")
    @classmethod
    def _args_of_fault(cls, value: object, info: ValidationInfo) -> StrictModel:
        kind = _kind(info)
        if kind is None:
            # Without a known fault there is nothing to check against, and the fault itself is the error.
            return value if isinstance(value, StrictModel) else StrictModel()
        given = isinstance(value, StrictModel) or value != {}
        args, found = _typed_args(kind.args, value)
        if args is None:
            raise nested([_without_with(one, kind.name) for one in found] if not given else found, up=not given)
        return args


def _without_with(found: Found, fault: str) -> Found:
    """What a missing argument is called when there is no ``with`` at all."""
    return Found((), f"{found.message} (under 'with', for {fault!r})")


def _kind(info: ValidationInfo) -> FaultKind | None:
    name = info.data.get("fault") or info.data.get("operator")
    reading = _reading(info)
    return reading.vocabulary.faults.get(name) if reading and name else None


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
    """What is expected of one workload."""

    workload: str = Field(min_length=1, description="The Compose service the claims are about.")
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
        reading, raw = _reading(info), value if isinstance(value, dict) else {}
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
            args, wrong = _typed_args(kind.args, arguments)
            found.extend(one.below((name,)) for one in wrong)
            if args is not None:
                result.append(Expectation(name=name, args=args))
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
        return document | {
            one.name: one.args.model_dump(mode=info.mode, by_alias=bool(info.by_alias), exclude_none=info.exclude_none)
            for one in self.expectations
        }


_OWN_KEYS = frozenset({"workload", "accepted_risk", "controls"})


class StopCondition(StrictModel):
    """When to end a run early. Exactly one of the two."""

    any_workload_down_for: Annotated[Duration, between(0.1, 3600)] | None = None
    all_workloads_down_for: Annotated[Duration, between(0.1, 3600)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.any_workload_down_for is None) == (self.all_workloads_down_for is None):
            raise ValueError("write exactly one of 'any_workload_down_for' and 'all_workloads_down_for'")
        return self


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
    stop_if: Annotated[tuple[StopCondition, ...], Field(strict=False)] = ()
    sampling: Sampling = Field(default_factory=Sampling)
    seed: int | None = Field(None, ge=0, lt=2**63, description="For what is random in faults; drawn when absent.")
    tags: Texts = Field((), description="Words to find scenarios by; lockout itself ignores them.")

    @field_validator("name")
    @classmethod
    def _as_file_name(cls, name: str, info: ValidationInfo) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name: use lower-case letters, digits and single hyphens")
        reading = _reading(info)
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
    def _sound_timeline(cls, timeline: tuple[Step, ...]) -> tuple[Step, ...]:
        found = [*_too_early(timeline), *_overlaps(timeline)]
        if not any(step.fault for step in timeline):
            found.append(Found((), "nothing breaks: at least one step must be a fault"))
        if found:
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
                    message = f"already expected of {claims.workload!r} in expect.{first}"
                    found.append(Found((index, one.name), message, on_key=True))
        if found:
            raise nested(found)
        return expect


def _too_early(timeline: tuple[Step, ...]) -> list[Found]:
    least = format_duration(SHORTEST_BASELINE)
    return [
        Found((index, "at"), f"must be at least {least}, to leave a baseline before the first step")
        for index, step in enumerate(timeline)
        if step.at < SHORTEST_BASELINE
    ]


def _overlaps(timeline: tuple[Step, ...]) -> list[Found]:
    """The same fault twice at a time on one target: the first undo would take back the second, too."""
    found = []
    running: dict[tuple[str, str], int] = {}  # the window that ends last, by fault and target
    for index in sorted(range(len(timeline)), key=lambda index: timeline[index].at):
        step = timeline[index]
        latest = running.get((step.name, step.on))
        if latest is not None and step.at < timeline[latest].end:
            second, first = max(index, latest), min(index, latest)
            other = timeline[first]
            message = (
                f"overlaps with timeline.{first}: {step.name!r} on {step.on!r} already lasts from "
                f"{format_duration(other.at)} to {format_duration(other.end)}"
            )
            found.append(Found((second, "at"), message))
        if latest is None or step.end > timeline[latest].end:
            running[(step.name, step.on)] = index
    return found
