"""A plan in words, line by line, for ``lockout plan``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.domains.model import Fate
from harness.history.events import PredictedFate
from harness.plan.model import Action, Plan, PlannedStep
from harness.scenario.base import format_duration
from harness.scenario.stopping import StopCondition
from harness.topology.model import Topology


def describe(plan: Plan, topology: Topology) -> tuple[str, ...]:
    """What would happen, one line each, without markup. Images are those of the Compose files."""
    return tuple(_lines(plan, topology))


def _lines(plan: Plan, topology: Topology) -> Iterator[str]:
    count = len(plan.workloads)
    length = f"{format_duration(plan.length)} of timeline" + (" at most" if plan.waits else "")
    yield f"{plan.scenario}: {length}, seed {plan.seed}, plan {plan.hash()[:12]}"
    yield f"probe {count} workload{'s' * (count != 1)} every {format_duration(plan.period)}: " + ", ".join(
        plan.workloads
    )
    end = ("by " if plan.waits else "") + _at(plan.length)
    width = max(len(text) for text in [*(_moment(step) for step in plan.steps), end, _at(0.0)])
    yield f"{_at(0.0):>{width}}  steady state proven, the clock starts"
    for step in plan.steps:
        yield f"{_moment(step):>{width}}  {_sentence(step, topology)}"
    yield f"{end:>{width}}  end, after watching the recovery for {format_duration(plan.observe_for)}"
    yield from _predicted(plan)
    for condition in plan.stop_if:
        yield f"stop early if {_condition(condition)}"
    if any(condition.name == "bystander_down_for" for condition in plan.stop_if):
        yield "bystanders: " + (", ".join(plan.bystanders) or "none, as the faults may reach every workload")


def _predicted(plan: Plan) -> Iterator[str]:
    """The blast radius by what the topology declares, the worst first; then those of whom nothing can be told."""
    for fate in reversed(Fate):
        if told := [_one_told(one) for one in plan.forecast.workloads if one.fate == fate]:
            yield f"predicted {fate.value.replace('-', ' ')}: {', '.join(told)}"
    whys: dict[str, list[str]] = {}
    for one in plan.forecast.workloads:
        if not one.fate:
            whys.setdefault(one.why, []).append(one.workload)
    for why, workloads in whys.items():
        yield f"no prediction for {', '.join(workloads)}: {why}"


def _one_told(one: PredictedFate) -> str:
    if one.fate == Fate.DEGRADED:
        return f"{one.workload} ({one.by})"
    return f"{one.workload} (after {format_duration(one.after)})" if one.after else one.workload


def _at(seconds: float) -> str:
    return format_duration(seconds)


def _moment(step: PlannedStep) -> str:
    """When it comes; from when to when it may come, if it waits."""
    return _at(step.earliest) if step.wait is None else f"{_at(step.earliest)} - {_at(step.latest)}"


def _waiting(step: PlannedStep) -> str:
    """What a step waits for, and what comes of waiting in vain."""
    wait = step.wait
    if wait is None:
        return ""
    whose = "its begin" if wait.since == step.fault_id else f"{wait.since} has begun" if wait.since else "the baseline"
    if wait.what is None:
        return f", {format_duration(wait.delay)} after {whose}"
    later = f"{format_duration(wait.delay)} after" if wait.delay else "as soon as"
    return f", {later} {wait.what.in_words()}; without it, the run ends {format_duration(wait.limit)} after {whose}"


def _sentence(step: PlannedStep, topology: Topology) -> str:
    verb = {Action.BEGIN: "inject", Action.END: "undo"}[step.action]
    if step.operator:
        verb = {Action.BEGIN: "operator:", Action.END: "operator takes back:"}[step.action]
    service = topology.services.get(step.target)
    facts = ", ".join(fact for fact in (service.role or "", service.image) if fact) if service else ""
    text = f"{verb} {step.fault} on {step.target}" + (f" ({facts})" if facts else "")
    if step.action is Action.END:
        return text + _waiting(step)
    args = " ".join(f"{key}={_value(value)}" for key, value in step.args.as_document().items())
    return text + (f" with {args}" if args else "") + (", not undone" if step.instant else "") + _waiting(step)


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
