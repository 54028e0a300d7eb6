"""Baseline, timeline, undo and verification of one plan in a lab that is set up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.history.redaction import Redactor
from harness.lab.lab import RunningLab
from harness.lab.progress import Progress
from harness.plan.model import Plan
from harness.probes.sampler import Sampler, Sampling
from harness.run.conductor import Conductor, Ending, NotSteady
from harness.run.journal import RunJournal
from harness.run.ledger import UndoLedger
from harness.run.samplings import samplings
from harness.run.signals import SignalGate
from harness.run.witness import Witness


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an experiment reports to and depends on. ``tolerated`` are the workloads nobody waits for at the end."""

    journal: RunJournal
    ledger: Path
    redactor: Redactor
    progress: Progress
    engine_lost: Callable[[], bool]
    witness: Witness
    tolerated: Collection[str] = ()


@dataclass(slots=True)
class Experiment:
    """Runs *plan*. ``down`` says why each workload was down that kept the steady state from being proven."""

    lab: RunningLab
    plan: Plan
    around: Surroundings
    down: Mapping[str, str] = field(default_factory=dict)
    _conductor: Conductor | None = None

    def targets(self, service: str) -> bool:
        """Whether what happens to *service* is lockout's doing at the moment."""
        return self._conductor is not None and self._conductor.targets(service)

    def run(
        self,
        gate: SignalGate,
        steady: Callable[[], None] = lambda: None,
        sample: Mapping[str, Sampling] | None = None,
    ) -> Ending:
        """However it ends, every fault is taken back. *steady* is told when the steady state has been proven."""
        around, plan = self.around, self.plan
        journal = around.journal
        wanted = samplings(self.lab, plan.workloads, plan.period) if sample is None else sample
        sampler = Sampler(wanted, journal.clock, journal.emit, around.redactor)
        ledger = UndoLedger(around.ledger)
        conductor = self._conductor = Conductor(
            plan, self.lab, sampler, journal, ledger, around.engine_lost, around.progress.done, gate, around.witness
        )
        ending = Ending("crashed", "it ended before its time")
        sampler.start()
        try:
            around.progress.step("waiting until all workloads are green")
            conductor.prove_steady_state()
            steady()
            around.progress.done(f"steady state: {len(plan.workloads)} workloads are green")
            ending = conductor.conduct()
        except NotSteady as error:
            self.down = {name: sampler.last_error(name) or "its probe gave no sample" for name in error.down}
            ending = Ending("crashed", f"no steady state before the first fault: {error}")
        finally:
            gate.close()
            if not conductor.undo_all():
                ending = Ending("crashed", "a fault could not be undone")
            conductor.verify_steady_state(tuple(around.tolerated))
            journal.phase("teardown")
            sampler.stop()
            ledger.close()
        return ending
