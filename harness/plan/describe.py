"""A plan in words, line by line, for ``lockout plan``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.plan.model import Action, Plan, PlannedStep
from harness.scenario.base import format_duration
from harness.scenario.stopping import StopCondition
from harness.topology.model import Topology


def describe(plan: Plan, topology: Topology) -> tuple[str, ...]:
    """What would happen, one line each, without markup. Images are those of the Compose files."""
    return tuple(_lines(plan, topology))


def _lines(plan: Plan, topology: Topology) -> Iterator[str]:
    count = len(plan.workloads)
    yield f"{plan.scenario}: {format_duration(plan.length)} of timeline, seed {plan.seed}, plan {plan.hash()[:12]}"
    yield f"probe {count} workload{'s' * (count != 1)} every {format_duration(plan.period)}: " + ", ".join(
        plan.workloads
    )
    width = max(len(_at(moment)) for moment in [*(step.at for step in plan.steps), plan.length, 0.0])
    yield f"{_at(0.0):>{width}}  steady state proven, the clock starts"
    for step in plan.steps:
        yield f"{_at(step.at):>{width}}  {_sentence(step, topology)}"
    yield f"{_at(plan.length):>{width}}  end, after watching the recovery for {format_duration(plan.observe_for)}"
    for condition in plan.stop_if:
        yield f"stop early if {_condition(condition)}"
    if any(condition.name == "bystander_down_for" for condition in plan.stop_if):
        yield "bystanders: " + (", ".join(plan.bystanders) or "none, as the faults may reach every workload")


def _at(seconds: float) -> str:
    return format_duration(seconds)


def _sentence(step: PlannedStep, topology: Topology) -> str:
    verb = {Action.BEGIN: "inject", Action.END: "undo"}[step.action]
    if step.operator:
        verb = {Action.BEGIN: "operator:", Action.END: "operator takes back:"}[step.action]
    service = topology.services.get(step.target)
    facts = ", ".join(fact for fact in (service.role or "", service.image) if fact) if service else ""
    text = f"{verb} {step.fault} on {step.target}" + (f" ({facts})" if facts else "")
    if step.action is Action.END:
        return text
    args = " ".join(f"{key}={_value(value)}" for key, value in step.args.as_document().items())
    return text + (f" with {args}" if args else "") + (", not undone" if step.instant else "")


def _condition(condition: StopCondition) -> str:
    """``any workload down for 60s``, or ``workload down: workload=orders for=20s``."""
    words = condition.name.replace("_", " ")
    [value] = condition.as_document().values()
    if isinstance(value, Mapping):
        return f"{words}: " + " ".join(f"{key}={_value(one)}" for key, one in value.items())
    return f"{words} {value}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "all"
    return str(value)
