"""A whole drill in a lab of plain data: what the conductor would do, round by round, and the history that results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.breakglass.card import judge_card
from harness.breakglass.drill import carry_out, close
from harness.breakglass.operator import Operator
from harness.breakglass.plan import Round, rounds
from harness.checks.judgement import CardRow
from harness.history import events as e
from harness.history.break_glass import BreakGlassOpened, Witnessed
from harness.history.event import Event
from harness.history.index import History
from tests.unit.breakglass.estate import edited, estate
from tests.unit.faults.fakes import FakeLab

WALL = "2026-11-22T10:00:00Z"
STEP = 0.01  # seconds that pass with each thing that is taken down


class Conducted:
    """One drill of one procedure. Tests put flaws into ``lab`` and ``emergency`` before they call :meth:`drill`."""

    def __init__(self, procedure: str, *edits: tuple[str, str]) -> None:
        self.lab = FakeLab()
        self.name = procedure
        self.emergency = self.lab.emergency
        self.emergency.topology = estate(edited(*edits))
        self.emergency.clock = self._tick
        self.t = 0.0
        self.forgets_log = False
        self.alarm_after: float | None = 1.0
        self.closes = True
        self.last: Callable[[], object] = lambda: None  # before the last closing
        self.before: Callable[[], object] = lambda: None  # before each attempt
        self.attempt = ""
        self.journals: list[Event] = []
        self._faults = 0

    def _tick(self) -> float:
        self.t = round(self.t + STEP, 3)
        return self.t

    @property
    def opens(self) -> str:
        return self.emergency.procedure(self.name).opens

    def drill(self) -> Conducted:
        self._add(e.RunStarted, run="r", scenario="s", seed=1, plan_hash="", period=0.1, lockout="0")
        for witness in ("logbook", "pager"):
            self._add(Witnessed, witness=witness, event="started", text="ready")
        procedure = self.emergency.procedure(self.name)
        planned = rounds(procedure, self.emergency.topology)
        for number, one in enumerate(planned):
            self._round(one, "first" if number == 0 else "last" if one is planned[-1] else "middle")
        self._add(e.PhaseEntered, phase="teardown")
        self._add(e.RunEnded, ending="completed")
        return self

    def _round(self, one: Round, stage: Any) -> None:
        self._pass(5.0)
        faults = [self._begin(fault, service, operator=False) for fault, service in one.faults]
        for _, service in one.faults:
            self._lose(service)
        self._pass(2.0)
        act = self._begin("break-glass-drilled", self.opens, operator=True)
        op = Operator(self.lab, self.name, one.attempt)
        self.attempt = one.attempt
        self.before()
        carry_out(op, stage, "a drill")
        self._witness(op)
        self._pass(9.0 if not one.faults else 2.0)
        for _, service in one.faults:
            self._restore(service)
        for fault in faults:
            self._end(fault)
        self._pass(2.0)
        if stage == "last":
            self.last()
        self._add(e.FaultUndoing, fault_id=act)
        if self.closes:
            close(op, stage)
        self._add(e.FaultUndone, fault_id=act, verified=True, evidence="closed")

    def _lose(self, service: str) -> None:
        if service == "vault":
            self.lab.the_vault.sealed = True
        if service != "desk":
            self.emergency.down.add(service)

    def _restore(self, service: str) -> None:
        self.lab.the_vault.sealed = False
        self.emergency.down.discard(service)

    def _witness(self, op: Operator) -> None:
        """What the log and the alarm would have of it."""
        opening = self.emergency.of(BreakGlassOpened)[-1]
        if not opening.opened:
            return
        text = f"opened by alice: {' '.join(opening.marks)}"
        if not self.forgets_log:
            self._add(Witnessed, opening.t, witness="logbook", event="opened", text=text)
        if self.alarm_after is not None:
            self._add(Witnessed, opening.t + self.alarm_after, witness="pager", event="alarm", text=text)
        if self.opens == "vault":
            accessor = opening.marks[-1]
            common = {"vault": "vault", "operation": "update", "ok": True}
            self._add(e.VaultRequest, opening.t, path="sys/generate-root/update", **common)
            self._add(e.VaultRequest, opening.t, path="kv/data/billing", accessor=accessor, **common)

    def _begin(self, fault: str, service: str, operator: bool) -> str:
        fault_id = f"timeline.{self._faults}"
        self._faults += 1
        self._add(e.FaultInjecting, fault_id=fault_id, fault=fault, target=service, operator=operator)
        self._add(e.FaultInjected, fault_id=fault_id)
        self._add(e.FaultObserved, fault_id=fault_id, evidence="it bites")
        return fault_id

    def _end(self, fault_id: str) -> None:
        self._add(e.FaultUndoing, fault_id=fault_id)
        self._add(e.FaultUndone, fault_id=fault_id, verified=True, evidence="healed")

    def _pass(self, seconds: float) -> None:
        self.t += seconds
        self.emergency.pass_time(seconds)

    def _add(self, kind: Callable[..., Any], t: float | None = None, **fields: Any) -> None:
        self.journals.append(kind(t=self._tick() if t is None else t, wall=WALL, source="test", **fields))

    # What it comes to

    @property
    def events(self) -> list[Any]:
        return [*self.journals, *self.emergency.told]

    def rows(self) -> dict[str, CardRow]:
        card = judge_card(History.from_events(self.events))
        assert card is not None
        return {row.property: row for row in card.rows}

    def verdicts(self) -> dict[str, str]:
        return {name: row.status.value for name, row in self.rows().items()}

    def not_passed(self) -> dict[str, str]:
        return {name: status for name, status in self.verdicts().items() if status not in ("pass", "degraded")}
