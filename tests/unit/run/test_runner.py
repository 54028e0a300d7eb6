"""A whole run with everything around the conductor played: what must happen however it ends."""

from __future__ import annotations

import errno
import io
import re
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from harness.faults.ports import FaultNotPossible
from harness.history.events import (
    ConditionMet,
    Event,
    FaultUndone,
    PhaseEntered,
    PlannedLoss,
    PredictedFate,
    RadiusPredicted,
    RunEnded,
    VaultRequest,
)
from harness.history.reader import read_events
from harness.lab.containers import EngineGone
from harness.lab.errors import EnvironmentUnusable
from harness.lab.progress import PlainLines
from harness.plan.model import Forecast, Plan, PlannedStep
from harness.run import experiment
from harness.run import runner as module
from harness.run.folder import RunFolder
from harness.run.journal import RunJournal
from harness.run.open_runs import open_runs
from harness.run.runner import RunDone, Runner, RunOptions
from harness.run.signals import Interrupted, SignalGate
from tests.unit.faults.fakes import FakeLab
from tests.unit.run.fakes import FakeSampler, begin, end
from tests.unit.run.test_course import ends, observed

pytestmark = pytest.mark.usefixtures("quick")

SEAL = begin(0.02, "vault-sealed", "vault")
FULL = OSError(errno.ENOSPC, "No space left on device")


class _Sampler(FakeSampler):
    def start(self) -> None:
        """It has nothing to do."""

    stop = start


class _Observers:
    def __init__(self, *given: object, **named: object) -> None:
        self.engine = SimpleNamespace(lost=SimpleNamespace(is_set=lambda: False))

    def start(self) -> None:
        """It has nothing to do."""

    announce_end = start

    def stop(self, deadline: float, endless: bool) -> None:
        """It has read all."""


class Trial:
    """One run of *steps*. ``left`` is what cannot be removed, or the error that removing raises."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        self.folder = folder
        self.lab = FakeLab()
        self.left: tuple[str, ...] | Exception = ()
        self.torn_down = 0
        self.looks: dict[str, str] | Exception = {"vault: sealed": "False"}
        self.forecast = Forecast()
        self.stderr = io.StringIO()
        self.gate = SignalGate()
        self.engine: Any = SimpleNamespace(
            client=SimpleNamespace(info=lambda: {"SystemTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}),
            environment=dict,
            host="unix:///engine.sock",
            id="engine-1",
            version="29.0",
        )
        played = {
            "resolve_images": lambda *given: (),
            "start": lambda make_spec, *given, **named: make_spec({}),
            "set_up": lambda *given: None,
            "take": self._take,
            "tear_down": self._tear_down,
            "RunningLab": lambda *given: self.lab,
            "Observers": _Observers,
        }
        for name, stand_in in played.items():
            monkeypatch.setattr(module, name, stand_in)
        monkeypatch.setattr(experiment, "Sampler", lambda *given: _Sampler())
        monkeypatch.setattr(experiment, "samplings", lambda *given: {})

    def _take(self, lab: object) -> dict[str, str]:
        if isinstance(self.looks, Exception):
            raise self.looks
        return self.looks

    def _tear_down(self, *given: object) -> tuple[str, ...]:
        self.torn_down += 1
        if isinstance(self.left, Exception):
            raise self.left
        return self.left

    def run(
        self, steps: Sequence[PlannedStep] = (SEAL, end(0.1, SEAL)), keep: bool = False, others: int = 0
    ) -> RunDone:
        """*others* are the runs to come that could use the lab."""
        scenario = self.folder / "trial.scenario.yaml"
        scenario.touch()
        loaded = SimpleNamespace(
            path=scenario,
            topology_files=(self.folder / "compose.yaml",),
            scenario=SimpleNamespace(name="trial", env={}, summary="", expect=()),
        )
        plan = Plan("trial", 1, tuple(steps), 0.05, 0.1, ("orders",), forecast=self.forecast)
        prepared: Any = SimpleNamespace(
            loaded=loaded, config="", topology=SimpleNamespace(workloads=()), services=frozenset({"vault"}), plan=plan
        )
        compose: Any = None
        options = RunOptions(runs=self.folder / "runs", keep=keep)
        self.runner = Runner(prepared, self.engine, compose, options, PlainLines(self.stderr), rest=[prepared] * others)
        return self.runner.run(self.gate)

    def of(self, kind: type) -> list[Any]:
        [path] = (self.folder / "runs").glob("*/events.jsonl")
        return [event for event in read_events(path) if isinstance(event, kind)]


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    return Trial(tmp_path, monkeypatch)


def test_what_was_seen_before_the_timeline_counts_for_what_a_step_waits_for(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workloads log in while the lab is set up."""

    class Observers(_Observers):
        def __init__(self, lab: object, services: object, journal: RunJournal, *given: object, **named: object) -> None:
            super().__init__()
            self.journal = journal

        def start(self) -> None:
            login: Any = {"path": "auth/approle/login", "operation": "update", "vault": "vault", "ttl": 25.0}
            self.journal.now(VaultRequest, ok=True, workload="orders", login=True, accessor="accessor-orders", **login)

    monkeypatch.setattr(module, "Observers", Observers)
    trial.lab.the_vault.tokens["accessor-orders"].left = 0.3
    done = trial.run([SEAL, ends(SEAL, observed("token-expired", "orders"), limit=5.0)])
    assert done.ending.ending == "completed"
    [met] = trial.of(ConditionMet)
    assert met.condition == "token-expired: orders"


def test_a_run_that_goes_well_leaves_nothing(trial: Trial) -> None:
    done = trial.run()
    assert (done.ending.ending, done.left, trial.torn_down) == ("completed", (), 1)
    assert trial.lab.writes == ["seal vault", "unseal vault"]
    assert open_runs() == ()
    assert trial.stderr.getvalue().endswith("lab removed\n")


def test_what_is_predicted_stands_in_the_history_before_anything_is_started(trial: Trial) -> None:
    trial.forecast = Forecast(
        (PlannedLoss(fault_id="timeline.0", lost=("vault",), lasts=0.1),),
        (PredictedFate(workload="orders", fate="locked-out", without=0.1),),
    )
    trial.run()
    kinds = [type(event) for event in trial.of(Event)]
    [told] = trial.of(RadiusPredicted)
    assert (told.faults, told.workloads) == (trial.forecast.faults, trial.forecast.workloads)
    assert kinds.index(RadiusPredicted) < kinds.index(PhaseEntered)


def test_a_lab_that_others_can_use_is_passed_on_with_its_mark(trial: Trial) -> None:
    done = trial.run(others=1)
    held = trial.runner.held
    assert held is not None
    assert (done.ending.ending, trial.torn_down, held.as_new) == ("completed", 0, {"vault: sealed": "False"})
    assert [run.alive for run in open_runs()] == [True]
    held.hold.release()
    held.alone.close()
    assert [run.alive for run in open_runs()] == [False]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EnvironmentUnusable("vault: reading sys/auth was refused: permission denied"), "reading sys/auth was refused"),
        (FaultNotPossible("'proxy' declares no admin_port in x-lockout"), "declares no admin_port"),
        (AttributeError("an answer nobody expects"), "an answer nobody expects"),
    ],
)
def test_a_lab_that_cannot_be_looked_at_serves_one_run(trial: Trial, error: Exception, said: str) -> None:
    trial.looks = error
    done = trial.run(others=1)
    assert (done.ending.ending, trial.torn_down, trial.runner.held) == ("completed", 1, None)
    assert open_runs() == ()
    assert re.search(f"the lab is for this run alone: .*{said}", trial.stderr.getvalue())


def test_whoever_gives_up_while_the_observers_start_gets_no_other_end(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Late(_Observers):
        def start(self) -> None:
            raise Interrupted(2)

        def announce_end(self) -> None:
            told.append("end")

        def stop(self, deadline: float, endless: bool) -> None:
            told.append("stop")

    monkeypatch.setattr(module, "Observers", Late)
    assert trial.run().ending.ending == "interrupted"
    assert told == ["end", "stop"], "they must not find out by themselves that all is gone"
    assert (trial.torn_down, open_runs()) == (1, ())


class _Dead(io.StringIO):
    """A terminal that was closed, or a pipe whose reader is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


@pytest.mark.parametrize("steps", [(SEAL, end(0.1, SEAL)), (SEAL,)])
def test_that_nobody_reads_what_is_said_changes_nothing(trial: Trial, steps: Sequence[PlannedStep]) -> None:
    trial.stderr = _Dead()
    done = trial.run(steps)
    assert (done.ending.ending, done.left, trial.torn_down) == ("completed", (), 1)
    [undone] = trial.of(FaultUndone)
    assert undone.verified
    assert open_runs() == ()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (("network n: has active endpoints",), "network n: has active endpoints"),
        (EngineGone("the container engine does not answer"), r"containers of run .* \(the container engine does not"),
        (FULL, r"containers of run .* \(OSError: \[Errno 28\] No space left on device\)"),
        (KeyError("attrs"), r"containers of run .* \(KeyError: 'attrs'\)"),
    ],
)
def test_what_could_not_be_removed_is_told_and_stays_marked(
    trial: Trial, left: tuple[str, ...] | Exception, said: str
) -> None:
    trial.left = left
    done = trial.run()
    assert done.ending.ending == "completed"
    [text] = done.left
    assert re.match(said, text)
    assert [run.alive for run in open_runs()] == [False]
    [ended] = trial.of(RunEnded)
    assert ended.ending == "completed"


def test_an_error_nobody_expects_is_cleaned_up_after(trial: Trial) -> None:
    trial.lab.the_vault.seal = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        trial.run()
    assert trial.torn_down == 1
    assert open_runs() == ()


def test_a_full_disk_at_the_end_is_told_when_all_is_removed(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    write_info = RunFolder.write_info
    calls = iter([write_info])

    def full(folder: RunFolder, info: Any) -> None:
        write = next(calls, None)
        if write is None:
            raise FULL
        write(folder, info)

    monkeypatch.setattr(RunFolder, "write_info", full)
    with pytest.raises(EnvironmentUnusable, match=r"info\.json could not be written: No space left on device"):
        trial.run()
    assert trial.torn_down == 1
    assert open_runs() == ()
    [folder] = (trial.folder / "runs").iterdir()
    assert RunFolder(folder).read_info().scenario == "trial", "what was written at the beginning is still there"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("keep", "marked"), [(True, 1), (False, 0)])
def test_a_lab_that_is_kept_with_a_fault_on_stays_marked(trial: Trial, keep: bool, marked: int) -> None:
    trial.lab.the_vault.is_serving = lambda: False  # type: ignore[method-assign]
    done = trial.run([SEAL], keep=keep)
    assert (done.ending.reason, done.kept) == ("a fault could not be undone", keep)
    assert len(open_runs()) == marked


def test_a_lab_that_is_kept_is_nobodys_to_heal(trial: Trial) -> None:
    assert trial.run(keep=True).kept
    assert (trial.torn_down, open_runs()) == (0, ())


def test_a_signal_that_was_swallowed_ends_the_run_all_the_same(trial: Trial) -> None:
    trial.gate.noted = 15
    done = trial.run([begin(5.0, "vault-sealed", "vault")])
    assert (done.ending.ending, done.ending.reason, done.signal) == ("interrupted", "SIGTERM", 15)
    assert (trial.lab.writes, trial.torn_down) == ([], 1)


def test_an_engine_that_does_not_answer(trial: Trial) -> None:
    def gone() -> dict[str, str]:
        raise requests.exceptions.ConnectionError

    trial.engine.client.info = gone
    with pytest.raises(EngineGone, match="the container engine does not answer"):
        trial.run()
