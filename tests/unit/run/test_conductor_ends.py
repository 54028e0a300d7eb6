"""How a run ends early, and the steady state before and after."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.history.events import SteadyState, StopTripped
from harness.lab.errors import EnvironmentUnusable
from harness.run import conductor
from harness.run.conductor import Ending, NotSteady, tripped
from harness.scenario.model import StopCondition
from tests.unit.run.fakes import Stage, begin, end

pytestmark = pytest.mark.usefixtures("quick")

SEAL = begin(0.02, "vault-sealed", "vault")


# How a run ends early

ANY = StopCondition.model_validate({"any_workload_down_for": "5s"})
ALL = StopCondition.model_validate({"all_workloads_down_for": "5s"})


@pytest.mark.parametrize(
    ("condition", "lasting", "reason"),
    [
        (ANY, [], None),
        (ANY, [0.0, 0.0], None),
        (ANY, [4.999, 0.0], None),
        (ANY, [5.0, 0.0], "a workload was down for 5 s"),
        (ANY, [0.0, 9.0], "a workload was down for 5 s"),
        (ALL, [], None),
        (ALL, [9.0, 0.0], None),
        (ALL, [9.0, 4.999], None),
        (ALL, [9.0, 5.0], "all workloads were down for 5 s"),
    ],
)
def test_stop_conditions(condition: StopCondition, lasting: list[float], reason: str | None) -> None:
    assert tripped(condition, lasting) == reason


def test_a_stop_condition_ends_the_run_with_the_fault_still_on(tmp_path: Path) -> None:
    condition = StopCondition.model_validate({"any_workload_down_for": "100ms"})
    stage = Stage(tmp_path, [SEAL, end(5.0, SEAL)], stop_if=[ALL, condition])
    stage.sampler.down = {"orders": stage.clock.now()}
    assert stage.conductor.conduct() == Ending("stopped", "a workload was down for 0.1 s")
    [event] = stage.of(StopTripped)
    assert event.condition == "a workload was down for 0.1 s"
    assert stage.lab.the_vault.sealed
    assert stage.conductor.undo_all()


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
