"""What people are told about faults: the one source of ``lockout faults`` and of the reference page."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import to_json

from harness.cli.schema_rows import Row, arguments
from harness.faults import registry
from harness.faults.base import AnyFault
from harness.faults.groups import GROUPS
from harness.scenario.base import StrictModel

LONGEST_LINE = 60  # of arguments in a step; longer ones take a line each

Json = dict[str, Any]
"""What stands under ``with``, which is open by nature."""


@dataclass(frozen=True, slots=True)
class FaultFacts:
    name: str
    group: str
    summary: str
    explanation: str  # the whole docstring, without its indentation
    roles: tuple[str, ...]
    instant: bool
    operator: bool
    longest: float  # seconds
    holds: tuple[str, ...]  # what it has to itself while it lasts, with the role for the target
    args: type[StrictModel]

    @property
    def heading(self) -> str:
        return f"{self.group}: {GROUPS[self.group]}"

    @property
    def lasting(self) -> str:
        """In one word, for a column."""
        return "instant" if self.instant else "lasting"

    @property
    def rows(self) -> list[Row]:
        return arguments(self.args)


def all_facts() -> tuple[FaultFacts, ...]:
    """Of every fault, by group and name."""
    known = [facts_of(registry.get(name)) for name in registry.fault_names()]
    return tuple(sorted(known, key=lambda one: (list(GROUPS).index(one.group), one.name)))


def facts_of(fault: AnyFault) -> FaultFacts:
    kind = type(fault)
    roles = tuple(sorted(fault.roles))
    return FaultFacts(
        name=fault.name,
        group=fault.group,
        summary=fault.summary,
        explanation=inspect.cleandoc(kind.__doc__ or ""),
        roles=roles,
        instant=fault.instant,
        operator=fault.operator,
        longest=fault.longest,
        holds=tuple(sorted(fault.holds(roles[0], example_args(fault.Args)))),
        args=fault.Args,
    )


def example_args(model: type[StrictModel]) -> StrictModel:
    """Arguments of *model* as far as it does not say itself what they are by default."""
    return model.model_validate_json(to_json(example(model)))


def example(model: type[StrictModel]) -> Json:
    """What has to stand under ``with``, with values that are at least possible."""
    found: Json = {}
    for row in arguments(model):
        if row.default == "required":
            found[row.name] = next(value for value in _tries(row) if _is_possible(model, row.name, value))
    return found


def _tries(row: Row) -> tuple[object, ...]:
    first_choice = row.kind.split("`")[1] if "`" in row.kind else row.name
    one, two = row.name, f"other-{row.name}"
    return (first_choice, one, "5s", 1, True, [one], [one, two], {one: one}, {})


def _is_possible(model: type[StrictModel], name: str, value: object) -> bool:
    try:
        model.model_validate_json(to_json({name: value}))
    except ValidationError as error:
        return not any(name in details["loc"] for details in error.errors() if details["type"] != "missing")
    return True


def snippet(one: FaultFacts, known: Json | None = None) -> str:
    """A step to paste into a timeline; *known* is a step of a scenario, whose target and arguments serve as example."""
    step: Json = {"at": "5s", "operator" if one.operator else "fault": one.name, "on": one.roles[0]}
    if not one.instant:
        step["for"] = "5s"
    args = example(one.args)
    if known is not None:
        step["on"] = known.get("on", step["on"])
        given = known.get("with")
        args = given if isinstance(given, dict) else args
    # PyYAML would quote "on", which to YAML 1.1 is a truth value.
    lines = [f"{key}: {_scalar(value)}" for key, value in step.items()]
    if args and len(flow := _scalar(args)) <= LONGEST_LINE:
        lines.append(f"with: {flow}")
    elif args:
        lines += ["with:", *(f"  {line}" for line in _block(args).splitlines())]
    return "timeline:\n  - " + "\n    ".join(lines) + "\n"


def _scalar(value: object) -> str:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _block(args: Json) -> str:
    return yaml.safe_dump(args, sort_keys=False, default_flow_style=False, allow_unicode=True)
