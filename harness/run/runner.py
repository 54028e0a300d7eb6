"""One run from beginning to end: lab, baseline, timeline, undo, verdict's evidence, and nothing left behind."""

from __future__ import annotations

import os
import secrets as random_source
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from harness import __version__
from harness.checks.args import ExpectationArgs
from harness.history.clock import RunClock
from harness.history.events import RadiusPredicted, RunEnded, RunStarted, ServiceReady
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.lab.bring_up import (
    ServiceImage,
    hand_out_identities,
    resolve_images,
    set_up,
    start,
    start_workloads,
    tear_down,
)
from harness.lab.containers import RunContainers, clock_skew
from harness.lab.diagnosis import failed_services, symptoms
from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable, in_words
from harness.lab.images.resolver import Mode
from harness.lab.inventory import Inventory, take
from harness.lab.lab import RunningLab
from harness.lab.plugins import Compose
from harness.lab.progress import Progress
from harness.lab.project import Project
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.lab.store import file_lock, state_dir
from harness.report.model import RunInfo
from harness.run.conductor import Ending
from harness.run.experiment import Experiment, Surroundings
from harness.run.folder import RunFolder
from harness.run.held import HeldLab, LabKey
from harness.run.info import Facts, run_info
from harness.run.journal import RunJournal
from harness.run.ledger import outstanding
from harness.run.observing import Observers
from harness.run.open_runs import Hold, mark_open
from harness.run.prepare import Prepared
from harness.run.signals import EndedEarly, SignalGate
from harness.run.witness import Witness

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
    reused: bool = False  # the lab was made for an earlier run
    unsteady: bool = False  # there was no steady state before the first fault


def new_run_id(scenario: str) -> str:
    """Sorts by time, says what it is, and is unique: ``20261122-113015-vault-outage-3fa2``."""
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{scenario}-{random_source.token_hex(2)}"


class Runner:
    """Runs one prepared scenario. Whatever happens on the way, ``run`` takes back and removes what it did.

    *held* is a lab that is fit for it. When the run has ended well and *rest* is not empty, the lab is not removed but
    stands in ``held``, with what those scenarios will need.
    """

    def __init__(
        self,
        prepared: Prepared,
        engine: Engine,
        compose: Compose,
        options: RunOptions,
        progress: Progress,
        rest: Sequence[Prepared] = (),
        held: HeldLab | None = None,
    ) -> None:
        self._prepared = prepared
        self._engine = engine
        self._options = options
        self._progress = progress
        scenario = prepared.loaded.scenario
        self.run_id = new_run_id(scenario.name)
        self.held: HeldLab | None = None
        self._given = held
        self._lab_id = held.spec.run if held else self.run_id  # whose label containers and secrets carry
        self._folder = RunFolder(options.runs / self.run_id)
        self._later = frozenset().union(*(one.services for one in rest)) - prepared.services
        self._passes_on = bool(rest)
        self._project = (
            held.project
            if held
            else Project(
                compose, f"lockout-{self.run_id}", prepared.loaded.topology_files, scenario.env, engine.environment()
            )
        )
        self._containers = held.containers if held else RunContainers(self.run_id, engine.client)
        self._redactor = held.redactor if held else Redactor()
        self._secrets = held.secrets if held else RunSecrets(self.run_id, self._redactor)
        self._clock = RunClock(engine_skew=self._containers.ask(partial(clock_skew, engine.client)))
        self._witness = Witness(prepared.plan, self._clock)
        self._images: tuple[ServiceImage, ...] = held.images if held else ()
        self._as_new: Inventory = held.as_new if held else {}
        self._alone = held.alone if held else ExitStack()
        self._spec: LabSpec | None = None  # of a lab that has to be removed
        self._fit = False  # nothing is known that speaks against using the lab once more
        self._left: tuple[str, ...] = ()
        self._hints: tuple[str, ...] = ()
        self._unsteady = False

    def run(self, gate: SignalGate) -> RunDone:
        """Run it. Raises EnvironmentUnusable when the lab could not be brought up; then nothing of it is left."""
        self._folder.logs.mkdir(parents=True)
        self._folder.scenarios.mkdir()
        shutil.copy(self._prepared.loaded.path, self._folder.scenarios)
        journal = RunJournal(HistoryWriter(self._folder.events, self._redactor), self._clock)
        journal.listen(self._witness.hear)
        plan = self._prepared.plan
        with mark_open(self._lab_id, self._folder.path, self._engine.host, self._engine.id) as mark:
            if self._given is not None:
                self._given.hold.release()  # ours keeps the lab now
                self._spec = self._given.spec
            journal.now(
                RunStarted,
                run=self.run_id,
                lab=self._lab_id,
                scenario=plan.scenario,
                seed=plan.seed,
                plan_hash=plan.hash(),
                period=plan.period,
                lockout=__version__,
            )
            journal.now(RadiusPredicted, faults=plan.forecast.faults, workloads=plan.forecast.workloads)
            ending = Ending("crashed", "it ended before its time")
            self._folder.write_info(self._info())  # so that a run that is killed can be judged, too
            mark.keep()
            try:
                ending = self._lab_to_ending(journal, gate)
            except EndedEarly as early:
                ending = Ending(early.ending, early.reason)
            except EnvironmentUnusable as error:
                ending = Ending("crashed", error.message)
                raise
            finally:
                gate.close()
                self._remove()
                journal.now(RunEnded, ending=ending.ending, reason=ending.reason)
                journal.close()
                unwritten = self._unwritten(journal.failure)
                if self._spec is not None and self._goes_on():
                    self.held = self._held(self._spec, mark.pass_on())
                # A lab that was kept on purpose needs no healing, unless a fault in it is still on.
                elif not self._left and not (self._options.keep and outstanding(self._folder.ledger)):
                    mark.clear()
        if unwritten is not None:
            raise EnvironmentUnusable(
                f"{unwritten[0]} could not be written: {unwritten[1].strerror}",
                ("make room, or choose another folder with --runs",),
            )
        return RunDone(
            self._folder,
            ending,
            self._left,
            self._hints,
            gate.noted,
            self._options.keep,
            reused=self._given is not None,
            unsteady=self._unsteady,
        )

    def _lab_to_ending(self, journal: RunJournal, gate: SignalGate) -> Ending:
        journal.phase("setup")
        try:
            if self._given is None:
                known = self._prepared.services | self._later
                self._images = resolve_images(
                    self._prepared.topology, known, self._options.images, self._engine, self._progress
                )
                # A dozen containers starting take all of a small machine, and would show as outages in whatever other
                # run is being measured: there, the next lab comes up when this one is gone; elsewhere, when it is up.
                waiting = partial(self._progress.step, "another run has the machine; waiting for it")
                self._alone.enter_context(file_lock(state_dir() / "bring-up.lock", waiting))
            return self._with_lab(journal, gate)
        finally:
            if not self._goes_on():
                self._alone.close()

    def _with_lab(self, journal: RunJournal, gate: SignalGate) -> Ending:
        lab = self._start() if self._given is None else self._start_again(self._given)
        lab.emergency.tell(journal.now)
        observed: list[Experiment] = []
        observers = Observers(
            lab,
            self._services,
            journal,
            self._redactor,
            self._folder.logs,
            by_lockout=lambda service: any(one.targets(service) for one in observed),
            since=self._clock.engine_start() if self._given else 0.0,
        )
        ending = Ending("crashed", "it ended before its time")
        try:
            observers.start()
            if self._given is None:
                set_up(lab, self._services, self._progress, lambda name: self._ready(journal, name))
                if self._passes_on:
                    self._look_at(lab)
            else:
                hand_out_identities(lab, self._services)
            let_next = self._alone.close if (os.cpu_count() or 1) >= ROOMY else lambda: None
            engine_lost = observers.engine.lost.is_set
            experiment = Experiment(lab, self._prepared.plan, self._around(journal, engine_lost))
            observed.append(experiment)
            ending = experiment.run(gate, steady=let_next)
            self._unsteady = bool(experiment.down)
            self._hints = tuple(
                hint for name, why in experiment.down.items() for hint in (f"{name}: {why}", *symptoms(lab, name))
            )
        finally:
            gate.close()
            self._fit = ending.ending == "completed" and gate.noted is None
            observers.announce_end()
            stays = self._options.keep or self._goes_on()
            self._remove()
            observers.stop(KEPT_LAST_WORDS if stays else LAST_WORDS, endless=stays)
        return ending

    @property
    def _services(self) -> frozenset[str]:
        """Those that run: of what later runs need, all but the workloads."""
        others = (name for name in self._later if name not in self._prepared.topology.workloads)
        return self._prepared.services.union(others)

    def _goes_on(self) -> bool:
        """Whether the lab is left for the runs to come."""
        return self._passes_on and self._fit and not self._left and not outstanding(self._folder.ledger)

    def _held(self, spec: LabSpec, hold: Hold) -> HeldLab:
        return HeldLab(
            LabKey.of(self._prepared),
            spec,
            self._project,
            self._containers,
            self._redactor,
            self._secrets,
            self._images,
            self._as_new,
            hold,
            self._alone,
        )

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
            self._spec = start(
                make_spec, self._project, self._services, self._images, self._progress, later=self._later
            )
        except EnvironmentUnusable as error:
            # A service that others wait for may have failed, and its containers are about to be removed.
            why = failed_services(RunningLab(self._spec, self._containers, self._secrets))
            raise EnvironmentUnusable(error.message, (*error.hints, *why)) from error
        return RunningLab(self._spec, self._containers, self._secrets)

    def _start_again(self, held: HeldLab) -> RunningLab:
        """Start this run's workloads in a lab that runs."""
        spec = replace(held.spec, folder=self._folder.path)
        spec.save()
        shutil.copy(held.spec.override, spec.override)
        self._spec = spec
        lab = RunningLab(spec, self._containers, self._secrets)
        start_workloads(lab, self._project, self._prepared.services, self._progress)
        return lab

    def _look_at(self, lab: RunningLab) -> None:
        """Note what the lab is like when new; one that cannot be looked at is not used again."""
        try:
            self._as_new = take(lab)
        except Exception as error:  # noqa: BLE001 (a token with few rights, say: no reason for this run to fail)
            self._passes_on = False
            self._progress.done(f"the lab is for this run alone: {in_words(error)}")

    def _remove(self) -> None:
        """Remove the lab, once. Never raises: what is left stands in words in ``_left``."""
        if self._spec is None or self._options.keep or self._goes_on():
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

    def _around(self, journal: RunJournal, engine_lost: Callable[[], bool]) -> Surroundings:
        return Surroundings(
            journal,
            self._folder.ledger,
            self._redactor,
            self._progress,
            engine_lost,
            self._witness,
            self._tolerated(),
        )

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
        facts = Facts(self.run_id, self._folder.path, self._clock, self._images, self._engine.version)
        return run_info(self._prepared, facts, self._options.command)
