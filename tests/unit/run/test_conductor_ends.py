"""How a run ends early, and the steady state before and after."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.faults.vault_sealed import VaultSealed
from harness.history.events import SteadyState, StopTripped
from harness.lab.errors import EnvironmentUnusable
from harness.run import active, conductor, signals
from harness.run.conductor import Ending, NotSteady
from harness.run.signals import Stopped
from harness.stops.view import Tally
from tests.unit.run.fakes import Stage, begin, end, stop

pytestmark = pytest.mark.usefixtures("quick")

SEAL = begin(0.02, "vault-sealed", "vault")


# How a run ends early


def test_a_stop_condition_ends_the_run_with_the_fault_still_on(tmp_path: Path) -> None:
    conditions = [stop("all_workloads_down_for", "5s"), stop("any_workload_down_for", "100ms")]
    stage = Stage(tmp_path, [SEAL, end(5.0, SEAL)], stop_if=conditions)
    stage.sampler.down = {"orders": stage.clock.now()}
    reason = "orders was down for 100ms (stop_if: any_workload_down_for)"
    assert stage.conductor.conduct() == Ending("stopped", reason)
    [event] = stage.of(StopTripped)
    assert event.condition == reason
    assert stage.lab.the_vault.sealed
    assert stage.conductor.undo_all()


def test_a_fault_that_does_not_bite_can_end_the_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(5.0, SEAL)], stop_if=[stop("fault_not_observed_for", "100ms")], observe_for=10)
    stage.lab.the_vault.is_sealed = lambda: False  # type: ignore[method-assign]
    reason = "vault-sealed on vault was not seen to bite within 100ms (stop_if: fault_not_observed_for)"
    assert stage.conductor.conduct() == Ending("stopped", reason)


def test_a_condition_that_is_not_met_ends_nothing(tmp_path: Path) -> None:
    conditions = [
        stop("fault_not_observed_for", "100ms"),
        stop("error_rate", {"above": 0.5, "over": "1s"}),
        stop("bystander_down_for", "100ms"),
    ]
    stage = Stage(tmp_path, [SEAL, end(0.3, SEAL)], stop_if=conditions)
    stage.sampler.down = {"orders": stage.clock.now()}
    stage.sampler.tallies = {"orders": Tally(5, 10, 10)}
    assert stage.conductor.conduct() == Ending("completed")
    assert stage.of(StopTripped) == []


# Faults that are on for too long


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fault may be on for long."""
    monkeypatch.setattr(VaultSealed, "longest", 0.1)
    monkeypatch.setattr(active, "LATE", 0.0)
    monkeypatch.setattr(signals, "LOOK_EVERY", 0.01)


TOO_LONG = "vault-sealed on vault was on for longer than 100ms, its longest"


@pytest.mark.usefixtures("short")
def test_a_fault_that_is_on_for_too_long_ends_the_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(30.0, SEAL)])
    with pytest.raises(Stopped, match=TOO_LONG):
        stage.conductor.conduct()
    assert stage.lab.the_vault.sealed
    assert stage.conductor.undo_all()
    assert not stage.lab.the_vault.sealed
    assert stage.open_intents == ()


@pytest.mark.usefixtures("short")
def test_it_does_so_when_the_timeline_itself_hangs(tmp_path: Path) -> None:
    other = begin(0.03, "vault-paused", "vault", 1)
    stage = Stage(tmp_path, [SEAL, other, end(30.0, other), end(30.0, SEAL)])

    def hangs(what: str) -> None:
        if "pause" in what:
            time.sleep(30)

    stage.lab.world.before_write = hangs
    began = time.monotonic()
    with stage.gate.installed(), pytest.raises(Stopped, match=TOO_LONG):
        stage.conductor.conduct()
    assert time.monotonic() - began < 10
    stage.lab.world.before_write = lambda what: None
    assert stage.conductor.undo_all()
    assert stage.open_intents == ()


@pytest.mark.usefixtures("short")
def test_an_undo_in_time_and_what_happens_in_an_instant_are_not_too_long(tmp_path: Path) -> None:
    instant = begin(0.0, "token-revoked", "vault", 1, instant=True)
    stage = Stage(tmp_path, [instant, SEAL, end(0.06, SEAL)], observe_for=0.3)
    stage.lab.the_vault.is_alive = lambda accessor: True  # type: ignore[method-assign]
    assert stage.conductor.conduct() == Ending("completed")


@pytest.mark.usefixtures("short")
def test_an_undo_that_takes_its_time_is_not_disturbed(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(0.05, SEAL)])

    def slow(what: str) -> None:
        if "unseal" in what:
            time.sleep(0.4)

    stage.lab.world.before_write = slow
    with stage.gate.installed():
        assert stage.conductor.conduct() == Ending("completed")
    assert stage.open_intents == ()


def test_a_lost_engine_ends_the_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [], observe_for=10)
    stage.engine_lost = True
    assert stage.conductor.conduct() == Ending("crashed", "the container engine stopped answering during the run")


def test_a_sampler_that_fails_ends_the_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [], observe_for=10)
    stage.sampler.failure = OSError(28, "No space left on device")
    ending = stage.conductor.conduct()
    assert ending.ending == "crashed"
    assert "the sampler failed: OSError(28, 'No space left on device')" in ending.reason


# Before and after


def test_the_steady_state_is_proven(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.conductor.prove_steady_state()
    assert stage.kinds == ["baseline", "steady.checked"]
    [steady] = stage.of(SteadyState)
    assert (steady.moment, steady.ok, steady.workloads_down) == ("before", True, ())


def test_workloads_may_take_a_moment_to_become_green(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    asked = 0

    def green_for(workload: str, span: float) -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    stage.sampler.green_for = green_for  # type: ignore[method-assign]
    stage.conductor.prove_steady_state()
    assert stage.of(SteadyState)[0].ok


def test_without_a_steady_state_there_is_no_experiment(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.sampler.not_green = {"orders"}
    began = time.monotonic()
    with pytest.raises(NotSteady, match=r"^orders$") as raised:
        stage.conductor.prove_steady_state()
    assert time.monotonic() - began >= 0.1
    assert raised.value.down == ("orders",)
    [steady] = stage.of(SteadyState)
    assert (steady.moment, steady.ok, steady.workloads_down) == ("before", False, ("orders",))
    assert steady.reasons == ("orders was not green for 0.2 s within 0.1 s",)


def test_the_baseline_begins_when_all_have_come_up(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    up = time.monotonic() + 0.05
    stage.sampler.green_for = lambda workload, span: time.monotonic() > up and span < 1  # type: ignore[method-assign]
    with pytest.raises(NotSteady):
        stage.conductor.prove_steady_state()
    assert stage.kinds == ["baseline", "steady.checked"]
    assert stage.of(SteadyState)[0].reasons[0] == "billing was not green for 1 s within 0.1 s"


def test_nobody_waits_for_workloads_when_the_engine_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "STEADY_DEADLINE", 60.0)
    stage = Stage(tmp_path)
    stage.sampler.not_green = {"billing", "orders"}
    stage.engine_lost = True
    with pytest.raises(NotSteady, match="billing, orders"):
        stage.conductor.prove_steady_state()


def test_nobody_waits_for_workloads_that_cannot_be_probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "STEADY_DEADLINE", 60.0)
    stage = Stage(tmp_path)
    stage.sampler.not_green = {"orders"}
    stage.sampler.failure = ValueError("no such port")
    with pytest.raises(EnvironmentUnusable, match=r"workloads cannot be probed: ValueError\('no such port'\)"):
        stage.conductor.prove_steady_state()


def test_the_steady_state_afterwards(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.conductor.verify_steady_state(())
    [steady] = stage.of(SteadyState)
    assert (steady.moment, steady.ok, steady.reasons) == ("after", True, ())
    assert stage.kinds[0] == "verify"


def test_a_workload_that_does_not_come_back_is_waited_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.sampler.not_green = {"orders"}
    began = time.monotonic()
    stage.conductor.verify_steady_state(())
    assert time.monotonic() - began >= 0.1
    [steady] = stage.of(SteadyState)
    assert (steady.ok, steady.workloads_down, steady.reasons) == (False, ("orders",), ("orders is not green",))


def test_an_accepted_failure_is_told_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "VERIFY_DEADLINE", 60.0)
    stage = Stage(tmp_path)
    stage.sampler.not_green = {"orders"}
    began = time.monotonic()
    stage.conductor.verify_steady_state(("orders",))
    assert time.monotonic() - began < 5
    assert stage.of(SteadyState)[0].workloads_down == ("orders",)
