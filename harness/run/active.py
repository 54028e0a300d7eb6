"""One fault on its way through a run: intended, injected, observed, undone; an event for each step of the way."""

from __future__ import annotations

import time
from contextlib import suppress

from harness.faults.base import AnyFault
from harness.faults.ports import Lab
from harness.history.events import (
    FaultFailed,
    FaultInjected,
    FaultInjecting,
    FaultObserved,
    FaultUndoing,
    FaultUndone,
)
from harness.lab.waiting import wait_for
from harness.plan.model import Plan, PlannedStep
from harness.run.journal import RunJournal
from harness.run.ledger import Intent, UndoLedger
from harness.scenario.base import StrictModel

UNDO_DEADLINE = 30.0  # seconds for an undo to be seen to have worked
LATE = 5.0  # seconds by which an undo may be late because something else was being done


class ActiveFault:
    """Owns what the conductor knows about one step of the timeline."""

    def __init__(self, step: PlannedStep, fault: AnyFault, lab: Lab, journal: RunJournal, ledger: UndoLedger) -> None:
        self.step = step
        self._fault = fault
        self._lab = lab
        self._journal = journal
        self._ledger = ledger
        self._record: StrictModel | None = None
        self._unseen = ""  # why it could not be told whether it bites, when last asked
        self.injected = False
        self.evidence = ""  # that it bites
        self.undone = False
        self._began: float | None = None
        self._ending = False

    @property
    def lasted(self) -> float:
        """Seconds since its injection began; 0 before."""
        return 0.0 if self._began is None else _clock() - self._began

    @property
    def overdue(self) -> bool:
        """Whether it has been on for longer than a fault of its kind may be, and nobody is about to undo it."""
        if self._fault.instant or self._ending or not self.may_bite:
            return False
        return self.lasted > self._fault.longest + LATE

    @property
    def observed(self) -> bool:
        """Whether it was seen to bite."""
        return bool(self.evidence)

    @property
    def longest(self) -> float:
        return self._fault.longest

    @property
    def may_bite(self) -> bool:
        """Whether something may have been done to the world that was not taken back."""
        return self._record is not None and not self.undone

    def begin(self, plan: Plan) -> None:
        """Write the undo record to disk, then inject. Raises FaultNotPossible and EnvironmentUnusable."""
        step = self.step
        self._record = None
        record = self._fault.prepare(step.target, step.args, self._lab)
        self._ledger.intend(Intent(step.fault_id, step.fault, step.target, record.model_dump(mode="json")))
        self._record = record
        self._began = _clock()
        args = {key: str(value) for key, value in step.args.as_document().items()}
        self._journal.now(
            FaultInjecting,
            fault_id=step.fault_id,
            fault=step.fault,
            target=step.target,
            role=step.role,
            args=args,
            operator=step.operator,
            instant=step.instant,
        )
        try:
            self._fault.inject(record, step.args, self._lab, plan.rng(step.fault_id))
        except Exception as error:
            self._journal.now(FaultFailed, fault_id=step.fault_id, stage="inject", error=str(error))
            raise
        self.injected = True
        self._journal.now(FaultInjected, fault_id=step.fault_id)

    def look(self) -> None:
        """Ask once whether the fault bites, unless that is known."""
        if self._record is None or self.observed or not self.injected:
            return
        try:
            evidence = self._fault.observe(self._record, self._lab)
        except Exception as error:  # noqa: BLE001 (no answer is no evidence, and it is asked again)
            self._unseen = str(error) or type(error).__name__
            return
        self._unseen = ""
        if evidence:
            self.evidence = evidence
            self._journal.now(FaultObserved, fault_id=self.step.fault_id, evidence=evidence)

    def end(self) -> bool:
        """Undo, and wait for proof that it worked. Never raises: a failed undo is an event, and stays in the ledger."""
        if self._record is None or self.undone:
            return True
        self._ending = True
        fault_id = self.step.fault_id
        if self._unseen and not self.observed:
            self._journal.now(FaultFailed, fault_id=fault_id, stage="observe", error=self._unseen)
        self._journal.now(FaultUndoing, fault_id=fault_id)
        proof, error = heal(self._fault, self._record, self._lab)
        if proof is None:
            self._journal.now(FaultFailed, fault_id=fault_id, stage="undo", error=error)
            self._journal.now(FaultUndone, fault_id=fault_id, verified=False, evidence=error)
            return False
        with suppress(OSError):  # a full disk: whoever heals will undo once more, which does no harm
            self._ledger.undone(fault_id)
        self.undone = True
        self._journal.now(FaultUndone, fault_id=fault_id, verified=True, evidence=proof)
        return True


def _clock() -> float:
    """Seconds, with the time that the machine sleeps, where that can be told: the fault is on all the while."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def heal(fault: AnyFault, record: StrictModel, lab: Lab) -> tuple[str | None, str]:
    """Undo from *record* alone: (proof that the fault is gone, "") or (None, why there is no proof)."""
    last = "there was no proof in time that it is gone"

    def attempt() -> str | None:
        nonlocal last
        try:
            fault.undo(record, lab)
            return wait_for(lambda: fault.healed(record, lab), 5.0)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, undoing is tried again)
            last = str(error) or type(error).__name__
            return None

    proof = wait_for(attempt, UNDO_DEADLINE, poll=0.2)
    return proof, "" if proof else last
