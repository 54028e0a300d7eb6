"""Conducts a plan: one loop that decides, on one clock, while samplers and observers work beside it.

After Jepsen's ``generator/interpreter.clj``: the loop owns all state; workers only report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.awaited import registry as awaited
from harness.awaited.view import StepSoFar
from harness.faults import registry
from harness.faults.ports import FaultNotPossible, Lab
from harness.history.events import ConditionMet, ConditionMissed, SteadyState, StopTripped
from harness.lab.errors import EnvironmentUnusable
from harness.plan.model import Action, Plan, PlannedStep
from harness.probes.sampler import Sampler
from harness.run.active import ActiveFault
from harness.run.course import Course, Watch
from harness.run.journal import RunJournal
from harness.run.ledger import UndoLedger
from harness.run.signals import SignalGate, watched
from harness.run.witness import Witness
from harness.scenario.base import format_duration
from harness.scenario.stopping import StopCondition
from harness.stops import registry as stops
from harness.stops.view import FaultOn, StopView

TICK = 0.02  # seconds between two looks at the clock
LOOK_EVERY = 0.2  # seconds between two questions whether a fault bites
FIRST_GREEN = 0.2  # seconds without a failed sample that end the start-up of a workload
GREEN_SPAN = 1.0  # seconds without a failed sample that count as steady
STEADY_DEADLINE = 90.0
VERIFY_DEADLINE = 5.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: completed, stopped, interrupted or crashed; and why."""

    ending: str
    reason: str = ""


class NotSteady(Exception):  # noqa: N818
    """The steady state could not be proven; ``down`` are the workloads that were not green."""

    def __init__(self, down: tuple[str, ...]) -> None:
        super().__init__(", ".join(down))
        self.down = down


class Conductor:
    """Runs one plan against one lab. ``say`` is told what happens, for people who watch, and never raises.

    *gate* is asked at every tick until undoing begins, and raises when the run is to end.
    """

    def __init__(
        self,
        plan: Plan,
        lab: Lab,
        sampler: Sampler,
        journal: RunJournal,
        ledger: UndoLedger,
        engine_lost: Callable[[], bool],
        say: Callable[[str], None],
        gate: SignalGate,
        witness: Witness,
    ) -> None:
        self._plan = plan
        self._lab = lab
        self._sampler = sampler
        self._journal = journal
        self._ledger = ledger
        self._engine_lost = engine_lost
        self._say = say
        self._gate = gate
        self._witness = witness
        self._origin = 0.0  # of the timeline, on the run's clock
        self._active: dict[str, ActiveFault] = {}
        self._looked = -LOOK_EVERY

    def targets(self, service: str) -> bool:
        """Whether a fault is on *service* at the moment, or on its way on or off: what it does is lockout's doing."""
        return any(fault.may_bite and fault.step.target == service for fault in list(self._active.values()))

    def prove_steady_state(self) -> None:
        """Wait until every workload has been green for a while. Raises NotSteady, and EnvironmentUnusable.

        Starting up is no outage, so the baseline begins when all are green for the first time.
        """
        end = time.monotonic() + STEADY_DEADLINE
        self._wait_green(FIRST_GREEN, end)
        self._journal.phase("baseline")
        self._wait_green(GREEN_SPAN, end)
        self._journal.now(SteadyState, moment="before", ok=True)

    def _wait_green(self, span: float, end: float) -> None:
        while down := self._not_green(span):
            if self._sampler.failure is not None:
                raise EnvironmentUnusable(f"workloads cannot be probed: {self._sampler.failure!r}")
            if (failed := self._journal.failure) is not None:
                raise EnvironmentUnusable(f"the history cannot be written: {failed.strerror}")
            if time.monotonic() > end or self._engine_lost():
                when = "before the engine was lost" if self._engine_lost() else f"within {STEADY_DEADLINE:g} s"
                reasons = tuple(f"{name} was not green for {span:g} s {when}" for name in down)
                self._journal.now(SteadyState, moment="before", ok=False, reasons=reasons, workloads_down=down)
                raise NotSteady(down)
            self._gate.heed()
            time.sleep(TICK)

    def _not_green(self, span: float) -> tuple[str, ...]:
        return tuple(name for name in self._plan.workloads if not self._sampler.green_for(name, span))

    def conduct(self) -> Ending:
        """Run the timeline to its end, or to a stop condition. Faults may still be on when this returns or raises."""
        with watched(self._gate, self._overdue):
            return self._conduct()

    def _overdue(self) -> str | None:
        """A fault that is on for too long. Asked from another thread: the timeline itself may be what hangs."""
        for fault in list(self._active.values()):
            if fault.overdue:
                lasted = format_duration(fault.longest)
                return f"{fault.step.fault} on {fault.step.target} was on for longer than {lasted}, its longest"
        return None

    def _conduct(self) -> Ending:
        self._origin = self._journal.clock.now()
        phase = "baseline"
        course = Course(self._plan.steps)
        done = 0.0  # when the last step was over, which may have taken its time
        while True:
            self._gate.heed()
            now = self._now()
            if (missed := self._look_out(course, now)) is not None:
                return missed
            while (step := course.take(now)) is not None:
                wanted = "fault" if step.action is Action.BEGIN else "undo"
                if phase != wanted:
                    self._journal.phase(phase := wanted)
                began = self._now()
                if (failure := self._step(step)) is not None:
                    return failure
                done = self._now()
                if step.action is Action.BEGIN:
                    course.begun(step, began, done)
            if course.over and phase in ("fault", "undo"):
                self._journal.phase(phase := "recovery")
            self._look(now)
            if (stop := self._stop_reason()) is not None:
                return stop
            if course.over and now >= done + self._plan.observe_for:
                return Ending("completed")
            time.sleep(TICK)

    def _now(self) -> float:
        """Seconds since the timeline began."""
        return self._journal.clock.now() - self._origin

    def _look_out(self, course: Course, now: float) -> Ending | None:
        """Note what steps wait for and is seen; and how the run ends when it was not seen in time."""
        for watch in course.watched(now):
            kind = awaited.get(watch.what.name)
            view = self._witness.view(self._origin + watch.since, self._so_far(), self._down())
            what = {
                "fault_id": watch.step.fault_id,
                "action": str(watch.step.action),
                "condition": watch.what.in_words(),
            }
            if (evidence := kind.seen(view, watch.what.args)) is not None:
                course.seen(watch.step, now)
                self._journal.now(ConditionMet, evidence=evidence, **what)
                self._say(f"{watch.what.in_words()}: {evidence}")
            elif now > watch.until:
                self._journal.now(ConditionMissed, waited=round(now - watch.begun, 3), **what)
                return Ending("stopped", _in_vain(watch))
        return None

    def _so_far(self) -> dict[str, StepSoFar]:
        """What became of each step, also of those to come."""
        found = {}
        for step in self._plan.steps:
            active = self._active.get(step.fault_id)
            evidence, undone = (active.evidence, active.undone) if active else ("", False)
            found[step.fault_id] = StepSoFar(step.fault, step.target, evidence, undone)
        return found

    def _down(self) -> frozenset[str]:
        """The services that faults have down at the moment, so that they cannot be asked anything."""
        steps = [fault.step for fault in self._active.values() if fault.may_bite]
        return frozenset[str]().union(*(registry.get(one.fault).takes_down(one.target, one.args) for one in steps))

    def _step(self, step: PlannedStep) -> Ending | None:
        if step.action is Action.END:
            self._say(f"undoing {step.fault} on {step.target}")
            self._active[step.fault_id].look()
            if not self._active[step.fault_id].end():
                return Ending("crashed", f"{step.fault} on {step.target} could not be undone")
            return None
        active = ActiveFault(step, registry.get(step.fault), self._lab, self._journal, self._ledger)
        self._active[step.fault_id] = active
        self._say(f"{'operator' if step.operator else 'injecting'}: {step.fault} on {step.target}")
        try:
            active.begin(self._plan)
        except (FaultNotPossible, EnvironmentUnusable, OSError) as error:
            return Ending("crashed", f"{step.fault} on {step.target} could not be injected: {error}")
        self._look_at(active)
        return None

    def _look(self, now: float) -> None:
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        self._witness.look(self._lab, self._down())
        for active in self._active.values():
            if active.may_bite and not active.observed:
                self._look_at(active)

    def _look_at(self, active: ActiveFault) -> None:
        active.look()
        if active.observed:
            self._say(f"{active.step.fault} on {active.step.target} is seen to bite")
            if active.step.instant:
                active.end()

    def _stop_reason(self) -> Ending | None:
        if self._engine_lost():
            return Ending("crashed", "the container engine stopped answering during the run")
        if (failed := self._journal.failure) is not None:
            return Ending("crashed", f"the history cannot be written: {failed.strerror}")
        if self._sampler.failure is not None:
            return Ending("crashed", f"the sampler failed: {self._sampler.failure!r}")
        if (reason := tripped(self._plan.stop_if, self._view())) is None:
            return None
        self._journal.now(StopTripped, condition=reason)
        return Ending("stopped", reason)

    def _view(self) -> StopView:
        now = self._journal.clock.now()
        since = {name: self._sampler.down_since(name) for name in self._plan.workloads}
        return StopView(
            down={name: 0.0 if moment is None else now - moment for name, moment in since.items()},
            bystanders=frozenset(self._plan.bystanders),
            faults=tuple(
                FaultOn(fault.step.fault, fault.step.target, fault.lasted, fault.observed)
                for fault in self._active.values()
                if fault.may_bite
            ),
            tally=self._sampler.tally,
        )

    def undo_all(self) -> bool:
        """Take back whatever is still on, the newest first; true when all of it is proven gone."""
        open_faults = [fault for fault in self._active.values() if fault.may_bite]
        if not open_faults:
            return True
        self._journal.phase("undo")
        results = []
        for fault in reversed(open_faults):
            self._say(f"undoing {fault.step.fault} on {fault.step.target}")
            results.append(fault.end())
        return all(results)

    def verify_steady_state(self, tolerated: Sequence[str]) -> None:
        """Check once more that all is well after the last undo. Workloads in *tolerated* are not waited for."""
        self._journal.phase("verify")
        end = time.monotonic() + VERIFY_DEADLINE
        wanted = [name for name in self._plan.workloads if name not in tolerated]
        while time.monotonic() < end and not all(self._sampler.green_for(name, GREEN_SPAN) for name in wanted):
            time.sleep(TICK)
        down = self._not_green(GREEN_SPAN)
        left = [fault.step for fault in self._active.values() if fault.may_bite]
        reasons = [f"{name} is not green" for name in down] + [f"{s.fault} on {s.target} is still on" for s in left]
        self._journal.now(SteadyState, moment="after", ok=not reasons, reasons=tuple(reasons), workloads_down=down)


def _in_vain(watch: Watch) -> str:
    """Why a run ends whose step waited in vain."""
    what, wait = watch.what.in_words(), watch.step.wait
    limit = format_duration(wait.limit) if wait else ""
    step = f"{watch.step.fault_id} ({watch.step.fault} on {watch.step.target})"
    if watch.step.action is Action.END:
        return f"{step} was on for {limit}, its longest, and {what!r}, which was to end it, was not seen"
    return f"{step} could not be taken: {what!r} was not seen within {limit}"


def tripped(conditions: Sequence[StopCondition], view: StopView) -> str | None:
    """Why the first of *conditions* that is met ends the run, and which it is; None as long as none is."""
    for condition in conditions:
        if (why := stops.get(condition.name).trips(view, condition.args)) is not None:
            return f"{why} (stop_if: {condition.name})"
    return None
