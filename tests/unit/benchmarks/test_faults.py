"""The faults' figure on the fake lab: every step of every run is timed, and what did not happen has no time."""

from __future__ import annotations

from typing import cast

import pytest

from benchmarks.figures.faults import NotUndone, times_of
from benchmarks.result import NotMeasured
from harness.faults import registry
from harness.faults.base import AnyFault
from harness.lab.lab import RunningLab
from harness.run import active
from tests.integration.live import attempt
from tests.integration.live.aim import Aim
from tests.unit.faults.cases import all_cases
from tests.unit.faults.fakes import FakeLab


def nobody() -> list[str]:
    return []


def aimed(name: str) -> tuple[AnyFault, Aim, FakeLab]:
    case, lab = all_cases()[name], FakeLab()
    case.ready(lab)
    return registry.get(name), Aim(case.target, case.args, bite=lambda _: case.bite(lab)), lab


def as_running(lab: FakeLab) -> RunningLab:
    return cast("RunningLab", lab)


def test_each_step_of_each_run_has_its_time() -> None:
    fault, aim, lab = aimed("vault-sealed")
    taken = times_of(fault, aim, as_running(lab), 3, nobody)
    assert {step: len(values) for step, values in taken.items()} == {"inject": 3, "bites": 3, "undo": 3, "healed": 3}
    assert all(value >= 0 for values in taken.values() for value in values)
    assert lab.the_vault.is_serving()


def test_time_goes_to_the_step_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fault, aim, lab = aimed("vault-sealed")
    moments = iter([0.0, 1.0, 3.0, 6.0, 10.0])  # begun, injected, seen to bite, undone, healed
    monkeypatch.setattr("benchmarks.figures.faults.time.monotonic", lambda: next(moments))
    monkeypatch.setattr(attempt, "evidence", lambda *_: "sealed")
    monkeypatch.setattr(attempt, "prepared", lambda fault, target, given, lab: (None, None))

    def heal(watched: AnyFault, record: None, lab: RunningLab) -> tuple[str, str]:
        watched.undo(record, lab)
        return "unsealed", ""

    monkeypatch.setattr(active, "heal", heal)
    monkeypatch.setattr(type(fault), "inject", lambda *_: None)
    monkeypatch.setattr(type(fault), "undo", lambda *_: None)
    taken = times_of(fault, aim, as_running(lab), 1, nobody)
    assert taken == {"inject": [1000.0], "bites": [2000.0], "undo": [3000.0], "healed": [4000.0]}


def test_what_is_over_once_it_bites_has_no_undo() -> None:
    fault, aim, lab = aimed("token-revoked")
    assert fault.instant
    assert set(times_of(fault, aim, as_running(lab), 1, nobody)) == {"inject", "bites"}


def test_a_fault_that_does_not_bite_has_no_time_and_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "BITES_WITHIN", 0.1)
    fault, aim, lab = aimed("network-partition")
    with pytest.raises(NotMeasured, match="was not seen to bite") as told:
        times_of(fault, Aim(aim.target, aim.args), as_running(lab), 1, nobody)
    assert not isinstance(told.value, NotUndone)
    assert not lab.the_proxy.rules


def test_a_fault_that_fails_on_its_way_is_undone_and_says_so() -> None:
    fault, aim, lab = aimed("vault-sealed")
    lab.world.fail_at = len(lab.world.writes)
    with pytest.raises(NotMeasured, match="could not be injected"):
        times_of(fault, aim, as_running(lab), 1, nobody)
    assert lab.the_vault.is_serving()


def test_one_that_cannot_be_undone_leaves_no_lab_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "UNDO_DEADLINE", 0.1)
    fault, aim, lab = aimed("vault-sealed")

    def cannot(*_: object) -> None:
        raise RuntimeError("the keys are gone")

    monkeypatch.setattr(type(fault), "undo", cannot)
    with pytest.raises(NotUndone, match="could not be undone: the keys are gone"):
        times_of(fault, aim, as_running(lab), 1, nobody)


def test_nothing_is_done_to_a_lab_in_which_somebody_is_down() -> None:
    fault, aim, lab = aimed("vault-sealed")
    before = lab.snapshot()
    with pytest.raises(NotUndone, match="orders, billing had no access"):
        times_of(fault, aim, as_running(lab), 1, lambda: ["orders", "billing"])
    assert lab.snapshot() == before
