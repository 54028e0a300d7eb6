"""One run from beginning to end: lab, baseline, timeline, undo, verdict's evidence, and nothing left behind."""

from __future__ import annotations

import os
import platform
import secrets as random_source
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from harness import __version__
from harness.checks.args import ExpectationArgs
from harness.history.clock import RunClock
from harness.history.events import RunEnded, RunStarted, ServiceReady
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.lab.bring_up import ServiceImage, resolve_images, set_up, start, tear_down
from harness.lab.containers import RunContainers, clock_skew
from harness.lab.diagnosis import failed_services, symptoms
from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable, in_words
from harness.lab.images.resolver import Mode
from harness.lab.lab import RunningLab
from harness.lab.plugins import Compose
from harness.lab.progress import Progress
from harness.lab.project import Project
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.lab.store import file_lock, state_dir
from harness.probes.sampler import Sampler
from harness.report.model import ImageUsed, RunInfo
from harness.run.conductor import Conductor, Ending, NotSteady
from harness.run.folder import RunFolder
from harness.run.journal import RunJournal
from harness.run.ledger import UndoLedger, outstanding
from harness.run.observing import Observers
from harness.run.open_runs import mark_open
from harness.run.prepare import Prepared
from harness.run.samplings import samplings
from harness.run.signals import Interrupted, SignalGate

LAST_WORDS = 10.0  # seconds for the output of containers that have stopped to be read to its end
ROOMY = 8  # cores with which one lab may come up beside another that is being measured
KEPT_LAST_WORDS = 0.5  # for that of containers that go on running, which has no end


@dataclass(frozen=True, slots=True)
class RunOptions:
    runs: Path  # folder of run folders
    images: Mode = "auto"
    keep: bool = False  # leave the lab running afterwards
    command: str = "lockout"  # how whoever started us calls us


@dataclass(frozen=True, slots=True)
class RunDone:
    """A run that has ended, well or not. ``left`` names what could not be removed, in words."""

    folder: RunFolder
    ending: Ending
    left: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()  # for somebody whose workload never became ready
    signal: int | None = None
    kept: bool = False  # the lab is still there, as was asked for


def new_run_id(scenario: str) -> str:
    """Sorts by time, says what it is, and is unique: ``20261122-113015-vault-outage-3fa2``."""
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{scenario}-{random_source.token_hex(2)}"


class Runner:
    """Runs one prepared scenario. Whatever happens on the way, ``run`` takes back and removes what it did."""

    def __init__(
        self, prepared: Prepared, engine: Engine, compose: Compose, options: RunOptions, progress: Progress
    ) -> None:
        self._prepared = prepared
        self._engine = engine
        self._options = options
        self._progress = progress
        scenario = prepared.loaded.scenario
        self.run_id = new_run_id(scenario.name)
        self._folder = RunFolder(options.runs / self.run_id)
        self._project = Project(
            compose, f"lockout-{self.run_id}", prepared.loaded.topology_files, scenario.env, engine.environment()
        )
        self._containers = RunContainers(self.run_id, engine.client)
        self._redactor = Redactor()
        self._secrets = RunSecrets(self.run_id, self._redactor)
        self._clock = RunClock(engine_skew=self._containers.ask(partial(clock_skew, engine.client)))
        self._images: tuple[ServiceImage, ...] = ()
        self._spec: LabSpec | None = None  # of a lab that has to be removed
        self._left: tuple[str, ...] = ()
        self._hints: tuple[str, ...] = ()

    def run(self, gate: SignalGate) -> RunDone:
        """Run it. Raises EnvironmentUnusable when the lab could not be brought up; then nothing of it is left."""
        self._folder.logs.mkdir(parents=True)
        self._folder.scenarios.mkdir()
        shutil.copy(self._prepared.loaded.path, self._folder.scenarios)
        journal = RunJournal(HistoryWriter(self._folder.events, self._redactor), self._clock)
        plan = self._prepared.plan
        with mark_open(self.run_id, self._folder.path, self._engine.host, self._engine.id) as mark:
            journal.now(
                RunStarted,
                run=self.run_id,
                scenario=plan.scenario,
                seed=plan.seed,
                plan_hash=plan.hash(),
                period=plan.period,
                lockout=__version__,
            )
            ending = Ending("crashed", "it ended before its time")
            self._folder.write_info(self._info())  # so that a run that is killed can be judged, too
            mark.keep()
            try:
                ending = self._lab_to_ending(journal, gate)
            except Interrupted as signal:
                ending = Ending("interrupted", signal.name)
            except EnvironmentUnusable as error:
                ending = Ending("crashed", error.message)
                raise
            finally:
                gate.close()
                self._remove()
                journal.now(RunEnded, ending=ending.ending, reason=ending.reason)
                journal.close()
                unwritten = self._unwritten(journal.failure)
                # A lab that was kept on purpose needs no healing, unless a fault in it is still on.
                if not self._left and not (self._options.keep and outstanding(self._folder.ledger)):
                    mark.clear()
        if unwritten is not None:
            raise EnvironmentUnusable(
                f"{unwritten[0]} could not be written: {unwritten[1].strerror}",
                ("make room, or choose another folder with --runs",),
            )
        return RunDone(self._folder, ending, self._left, self._hints, gate.noted, self._options.keep)

    def _lab_to_ending(self, journal: RunJournal, gate: SignalGate) -> Ending:
        journal.phase("setup")
        prepared = self._prepared
        self._images = resolve_images(
            prepared.topology, prepared.services, self._options.images, self._engine, self._progress
        )
        with ExitStack() as bring_up:
            # A dozen containers starting take all of a small machine, and would show as outages in whatever other run
            # is being measured: there, the next lab comes up when this one is gone; elsewhere, when this one is up.
            waiting = partial(self._progress.step, "another run has the machine; waiting for it")
            bring_up.enter_context(file_lock(state_dir() / "bring-up.lock", waiting))
            lab = self._start()
            targets: list[Callable[[str], bool]] = []
            observers = Observers(
                lab,
                prepared.services,
                journal,
                self._redactor,
                self._folder.logs,
                by_lockout=lambda service: any(hit(service) for hit in targets),
            )
            observers.start()
            try:
                set_up(lab, prepared.services, self._progress, lambda name: self._ready(journal, name))
                let_next = bring_up.close if (os.cpu_count() or 1) >= ROOMY else lambda: None
                return self._experiment(lab, observers, journal, gate, targets, steady=let_next)
            finally:
                gate.close()
                observers.announce_end()
                self._remove()
                observers.stop(KEPT_LAST_WORDS if self._options.keep else LAST_WORDS, endless=self._options.keep)

    def _experiment(
        self,
        lab: RunningLab,
        observers: Observers,
        journal: RunJournal,
        gate: SignalGate,
        targets: list[Callable[[str], bool]],
        steady: Callable[[], None],
    ) -> Ending:
        """Baseline, timeline, undo and verification. However it ends, every fault is taken back."""
        plan = self._prepared.plan
        sampler = Sampler(samplings(lab, plan.workloads, plan.period), self._clock, journal.emit, self._redactor)
        ledger = UndoLedger(self._folder.ledger)
        conductor = Conductor(
            plan, lab, sampler, journal, ledger, observers.engine.lost.is_set, self._progress.done, gate.heed
        )
        targets.append(conductor.targets)
        ending = Ending("crashed", "it ended before its time")
        sampler.start()
        try:
            self._progress.step("waiting until all workloads are green")
            conductor.prove_steady_state()
            steady()
            self._progress.done(f"steady state: {len(plan.workloads)} workloads are green")
            ending = conductor.conduct()
        except NotSteady as error:
            self._hints = tuple(hint for name in error.down for hint in self._why_down(lab, sampler, name))
            ending = Ending("crashed", f"no steady state before the first fault: {error}")
        finally:
            gate.close()
            if not conductor.undo_all():
                ending = Ending("crashed", "a fault could not be undone")
            conductor.verify_steady_state(self._tolerated())
            journal.phase("teardown")
            sampler.stop()
            ledger.close()
        return ending

    def _start(self) -> RunningLab:
        def make_spec(ports: Mapping[tuple[str, int], int]) -> LabSpec:
            return LabSpec(
                run=self.run_id,
                project=self._project.name,
                folder=self._folder.path,
                files=self._project.files,
                environ=self._project.environ,
                config=self._prepared.config,
                topology=self._prepared.topology,
                ports=ports,
            )

        self._spec = make_spec({})
        try:
            self._spec = start(make_spec, self._project, self._prepared.services, self._images, self._progress)
        except EnvironmentUnusable as error:
            # A service that others wait for may have failed, and its containers are about to be removed.
            why = failed_services(RunningLab(self._spec, self._containers, self._secrets))
            raise EnvironmentUnusable(error.message, (*error.hints, *why)) from error
        return RunningLab(self._spec, self._containers, self._secrets)

    def _remove(self) -> None:
        """Remove the lab, once. Never raises: what is left stands in words in ``_left``."""
        if self._spec is None or self._options.keep:
            return
        self._progress.step("removing the lab")
        try:
            self._left = tear_down(self._spec, self._project, self._containers)
            if not self._left:
                self._secrets.forget()
                self._spec = None
        except Exception as error:  # noqa: BLE001 (a full disk, say: whatever it is, the mark of the run must stay)
            self._left = (f"containers of run {self.run_id} ({in_words(error)})",)
        self._progress.done("lab removed" if not self._left else "the lab could not be removed whole")

    def _ready(self, journal: RunJournal, service: str) -> None:
        journal.now(ServiceReady, service=service, took=round(self._clock.now(), 3))

    def _tolerated(self) -> tuple[str, ...]:
        """Workloads whose loss of access is an accepted risk: nobody waits for them at the end."""
        accepted = [claims for claims in self._prepared.loaded.scenario.expect if claims.accepted_risk]
        return tuple(
            {
                claims.workload
                for claims in accepted
                if any(isinstance(one.args, ExpectationArgs) and one.args.about_access for one in claims.expectations)
            }
        )

    def _why_down(self, lab: RunningLab, sampler: Sampler, workload: str) -> list[str]:
        probe = sampler.last_error(workload) or "its probe gave no sample"
        return [f"{workload}: {probe}", *symptoms(lab, workload)]

    def _unwritten(self, of_history: OSError | None) -> tuple[Path, OSError] | None:
        """What of the run folder could not be written whole, and why: the history, or what is known at its end."""
        if of_history is not None:
            return self._folder.events, of_history
        try:
            self._folder.write_info(self._info())
        except OSError as error:
            return self._folder.info, error
        return None

    def _info(self) -> RunInfo:
        plan = self._prepared.plan
        began = self._clock.at(0.0).wall
        return RunInfo(
            run=self.run_id,
            scenario=plan.scenario,
            summary=self._prepared.loaded.scenario.summary,
            started=datetime.fromisoformat(began),
            duration=round(self._clock.now(), 3),
            seed=plan.seed,
            plan_hash=plan.hash(),
            lockout=__version__,
            folder=str(self._folder.path),
            images=tuple(
                ImageUsed(
                    entry.service,
                    entry.resolved.ref if entry.resolved else entry.reference,
                    entry.resolved.image_id if entry.resolved else "",
                    entry.resolved.origin if entry.resolved else "compose",
                )
                for entry in self._images
            ),
            engine=f"Docker {self._engine.version}",
            host=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            rejudge=f"{self._options.command} judge {self._folder.path}",
        )
