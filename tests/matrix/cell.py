"""One cell, as a process: ``python -m tests.matrix.cell ORDER.json``. Conducts one fault in a lab that is running.

The experiment is the real one; only the ending is helped along: for two of them, what breaks is put in here.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import msgspec

from harness.faults import registry
from harness.history.clock import RunClock
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.lab.containers import RunContainers
from harness.lab.engine import ensure_engine
from harness.lab.lab import RunningLab
from harness.lab.progress import PlainLines
from harness.lab.secrets import RunSecrets
from harness.lab.spec import load_spec
from harness.observers.docker_events import EngineWatcher
from harness.plan.model import Action, Plan, PlannedStep
from harness.probes.answer import Probe, ProbeAnswer
from harness.probes.sampler import Sampling
from harness.run import active, conductor
from harness.run.experiment import Experiment, Surroundings
from harness.run.folder import RunFolder
from harness.run.journal import RunJournal
from harness.run.samplings import samplings
from harness.run.signals import EndedEarly, SignalGate
from harness.run.witness import Witness

PERIOD = 0.2  # seconds
BEGIN_AT = 0.1


class Order(msgspec.Struct, frozen=True):
    """What one cell has to do. Paths are absolute, times in seconds; the file *trigger* lets the ending happen."""

    lab: str
    secrets: str
    folder: str
    trigger: str
    ending: str
    fault: str
    target: str
    args: dict[str, object]
    lasts: float
    undo_within: float
    verify_within: float
    seed: int


class BrokenError(Exception):
    """What a defect in lockout itself would raise."""


class _Gate(SignalGate):
    """A gate that breaks instead of heeding, once it is told to."""

    def __init__(self, trigger: Path) -> None:
        super().__init__()
        self._trigger = trigger

    def heed(self) -> None:
        if self._trigger.exists():
            raise BrokenError("an exception in the engine")
        super().heed()


def plan_of(order: Order, lab: RunningLab) -> Plan:
    """One fault, from the beginning of the timeline on."""
    fault = registry.get(order.fault)
    args = fault.Args.model_validate_json(msgspec.json.encode(order.args))
    role = lab.spec.topology.services[order.target].role or ""
    begin = PlannedStep(
        BEGIN_AT, Action.BEGIN, "timeline.0", order.fault, order.target, role, args, fault.operator, fault.instant
    )
    end = replace(begin, at=BEGIN_AT + order.lasts, action=Action.END)
    steps = (begin,) if fault.instant else (begin, end)
    observe_for = order.lasts if fault.instant else PERIOD
    return Plan("cell", order.seed, steps, observe_for, PERIOD, lab.workloads())


def breaking(sampling: Sampling, trigger: Path) -> Sampling:
    """*sampling* with a probe that raises what no probe should, once it is told to."""

    def make(session: aiohttp.ClientSession) -> Probe:
        probe = sampling.make(session)

        async def ask() -> ProbeAnswer:
            if trigger.exists():
                raise BrokenError("a probe raised")
            return await probe()

        return ask

    return Sampling(sampling.every, sampling.timeout, make)


def main(path: str) -> int:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever plays the matrix under nohup still means to test it
    order = msgspec.json.decode(Path(path).read_bytes(), type=Order)
    spec = load_spec(Path(order.lab))
    redactor = Redactor()
    engine = ensure_engine(PlainLines())
    lab = RunningLab(spec, RunContainers(spec.run, engine.client), RunSecrets(spec.run, redactor, Path(order.secrets)))
    folder = RunFolder(Path(order.folder))
    journal = RunJournal(HistoryWriter(folder.events, redactor), RunClock())
    watcher = EngineWatcher(lab.containers, journal.clock, journal.emit, lambda _service: True, lambda _service: None)
    trigger = Path(order.trigger)
    plan = plan_of(order, lab)
    witness = Witness(plan, journal.clock)
    around = Surroundings(journal, folder.ledger, redactor, PlainLines(), watcher.lost.is_set, witness)
    sample: Mapping[str, Sampling] = samplings(lab, plan.workloads, plan.period)
    if order.ending == "probe-raises":
        sample = {name: breaking(one, trigger) for name, one in sample.items()}
    active.UNDO_DEADLINE, conductor.VERIFY_DEADLINE = order.undo_within, order.verify_within
    gate = _Gate(trigger) if order.ending == "engine-exception" else SignalGate()
    run = partial(Experiment(lab, plan, around).run, gate, sample=sample)
    with gate.installed():
        watcher.start()
        try:
            ending = run()
            print(f"{ending.ending}: {ending.reason}")
        except EndedEarly as early:
            print(f"{early.ending}: {early.reason}")
        finally:
            watcher.stop()
            journal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
