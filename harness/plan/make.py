"""Makes the plan of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.plan.model import Action, Plan, PlannedStep
from harness.plan.radius import bystanders
from harness.scenario.model import Scenario
from harness.scenario.steps import Step
from harness.topology.model import Topology


def make_plan(scenario: Scenario, topology: Topology, seed: int) -> Plan:
    """The timed steps of *scenario*. It is expected to fit *topology* (see ``cross_check``).

    At one and the same moment ends come before begins, so that windows may touch, and ends come in the
    reverse order of their begins, so that nested windows unwind from the inside.
    """
    numbered = [
        (planned, index)
        for index, step in enumerate(scenario.timeline)
        for planned in _steps_of(step, f"timeline.{index}", topology.services[step.on].role or "")
    ]
    started_at = [step.at for step in scenario.timeline]

    def order(entry: tuple[PlannedStep, int]) -> tuple[float, int, float, int]:
        planned, index = entry
        if planned.action is Action.END:
            return (planned.at, 0, -started_at[index], -index)
        return (planned.at, 1, 0.0, index)

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
    )


def _steps_of(step: Step, fault_id: str, role: str) -> Iterator[PlannedStep]:
    def planned(at: float, action: Action) -> PlannedStep:
        return PlannedStep(
            at=round(at, 6),  # like the ends, so that equal moments compare equal
            action=action,
            fault_id=fault_id,
            fault=step.name,
            target=step.on,
            role=role,
            args=step.args,
            operator=step.operator is not None,
            instant=step.lasts is None,
        )

    yield planned(step.at, Action.BEGIN)
    if step.lasts is not None:
        yield planned(step.end, Action.END)
