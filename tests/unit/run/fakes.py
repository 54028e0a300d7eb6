"""A conductor with a fake lab and a fake sampler, a real journal and a real ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.faults import registry
from harness.history.clock import RunClock
from harness.history.events import AnyEvent
from harness.history.reader import read_events
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.plan.model import Action, Plan, PlannedStep
from harness.run.conductor import Conductor
from harness.run.journal import RunJournal
from harness.run.ledger import Intent, UndoLedger, outstanding
from harness.run.signals import SignalGate
from harness.run.witness import Witness
from harness.scenario.stopping import StopCondition
from harness.stops import registry as stops
from harness.stops.view import Tally
from tests.unit.faults.fakes import FakeLab


class FakeSampler:
    """Says of each workload what the test wants; all are green at first."""

    def __init__(self) -> None:
        self.not_green: set[str] = set()
        self.down: dict[str, float] = {}  # since when, on the run's clock
        self.tallies: dict[str, Tally] = {}
        self.failure: BaseException | None = None

    def green_for(self, workload: str, span: float) -> bool:
        return workload not in self.not_green

    def down_since(self, workload: str) -> float | None:
        return self.down.get(workload)

    def tally(self, workload: str, span: float) -> Tally:
        return self.tallies.get(workload, Tally(0, 0, 1))


def begin(
    at: float, fault: str, on: str, number: int = 0, instant: bool = False, operator: bool = False, **given: object
) -> PlannedStep:
    args = registry.get(fault).Args.model_validate(given)
    return PlannedStep(at, Action.BEGIN, f"timeline.{number}", fault, on, on, args, operator, instant)


def end(at: float, step: PlannedStep) -> PlannedStep:
    return replace(step, at=at, action=Action.END)


def stop(name: str, value: object) -> StopCondition:
    return StopCondition(name=name, args=stops.get(name).Args.model_validate(value))


class Stage:
    """Everything around one conductor."""

    def __init__(
        self,
        folder: Path,
        steps: Sequence[PlannedStep] = (),
        stop_if: Sequence[StopCondition] = (),
        observe_for: float = 0.05,
        workloads: tuple[str, ...] = ("billing", "orders"),
    ) -> None:
        self.lab = FakeLab()
        self.sampler = FakeSampler()
        self.said: list[str] = []
        self.engine_lost = False
        self.gate = SignalGate()
        self.clock = RunClock()
        self.ledger_path = folder / "ledger.jsonl"
        self._events = folder / "events.jsonl"
        self.journal = RunJournal(HistoryWriter(self._events, Redactor()), self.clock)
        self.ledger = UndoLedger(self.ledger_path)
        self.plan = Plan("test", 1, tuple(steps), observe_for, 0.1, workloads, tuple(stop_if))
        self.witness = Witness(self.plan, self.clock)
        self.journal.listen(self.witness.hear)
        sampler: Any = self.sampler
        self.conductor = Conductor(
            self.plan,
            self.lab,
            sampler,
            self.journal,
            self.ledger,
            lambda: self.engine_lost,
            self.said.append,
            self.gate,
            self.witness,
        )

    @property
    def events(self) -> list[AnyEvent]:
        return list(read_events(self._events))

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def kinds(self) -> list[str]:
        """What happened, by the tags of the events; phases by their names."""
        return [getattr(event, "phase", "") or type(event).__struct_config__.tag for event in self.events]  # type: ignore[misc]

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        return outstanding(self.ledger_path)
