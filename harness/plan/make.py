"""Makes the plan of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from harness.plan.forecast import forecast
from harness.plan.model import Action, Plan, PlannedStep, Wait
from harness.plan.radius import bystanders
from harness.scenario.model import Scenario
from harness.scenario.order import Span, spans
from harness.scenario.steps import Step
from harness.scenario.vocabulary import FaultKind
from harness.topology.model import Topology

NONE_KNOWN: Mapping[str, FaultKind] = MappingProxyType({})


def make_plan(scenario: Scenario, topology: Topology, seed: int, faults: Mapping[str, FaultKind] = NONE_KNOWN) -> Plan:
    """The timed steps of *scenario*. It is expected to fit *topology* (see ``cross_check``).

    *faults* tell what each of them takes away. Of one that is not there nobody can predict whom it locks out.

    At one and the same moment ends come before begins, so that windows may touch, and ends come in the
    reverse order of their begins, so that nested windows unwind from the inside. Steps that wait stand where they come
    at the earliest, after what has a time and in the order of the file.
    """
    known = spans(scenario.timeline)
    numbered = [
        (planned, index)
        for index, step in enumerate(scenario.timeline)
        for planned in _steps_of(step, index, known[index], topology.services[step.on].role or "")
    ]

    def order(entry: tuple[PlannedStep, int]) -> tuple[float, int, float, int]:
        planned, index = entry
        ends = planned.action is Action.END
        if planned.wait is not None:
            return (planned.wait.earliest, 2, float(index), int(ends))
        if ends:
            return (planned.earliest, 0, -known[index].begins, -index)
        return (planned.earliest, 1, 0.0, index)

    started = topology.started_with(scenario.services)
    workloads = tuple(name for name in topology.workloads if name in started)
    return Plan(
        scenario=scenario.name,
        seed=seed,
        steps=tuple(planned for planned, _ in sorted(numbered, key=order)),
        observe_for=scenario.observe_for,
        period=scenario.sampling.every,
        workloads=workloads,
        stop_if=scenario.stop_if,
        bystanders=bystanders(scenario.timeline, topology, workloads),
        forecast=forecast(scenario.timeline, topology, started, faults),
    )


def _steps_of(step: Step, index: int, span: Span, role: str) -> Iterator[PlannedStep]:
    begin = PlannedStep(
        at=span.begins if step.when is None else None,
        action=Action.BEGIN,
        fault_id=f"timeline.{index}",
        fault=step.name,
        target=step.on,
        role=role,
        args=step.args,
        operator=step.operator is not None,
        instant=step.instant,
        wait=_wait_to_begin(step, index, span),
    )
    yield begin
    if not step.instant:
        waits = step.when is not None or step.until is not None
        wait = _wait_to_end(step, begin.fault_id, span) if waits else None
        yield replace(begin, at=span.ends if wait is None else None, action=Action.END, wait=wait)


def _wait_to_begin(step: Step, index: int, span: Span) -> Wait | None:
    if step.when is None:
        return None
    since = f"timeline.{index - 1}" if index else ""
    return Wait(since, step.when, step.within or 0.0, step.after or 0.0, span.begins, span.begins_by)


def _wait_to_end(step: Step, fault_id: str, span: Span) -> Wait:
    """The end of a step that lasts until something is seen; or for a time, from a begin that waits."""
    delay = step.lasts or 0.0
    return Wait(fault_id, step.until, step.longest, delay, span.ends, span.ends_by)
