"""Steps that wait for an observation: they come when it is seen, and a run in which it is not seen shows nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.checks.claims import RunClaims
from harness.checks.run_level import fault_observed, run_completed
from harness.checks.verdict import Outcome
from harness.history.events import (
    ConditionMet,
    ConditionMissed,
    FaultInjected,
    FaultInjecting,
    FaultUndoing,
    RunEnded,
    Sample,
    VaultRequest,
)
from harness.history.index import History
from harness.run.conductor import Ending
from harness.run.signals import Interrupted
from tests.unit.run.fakes import Stage, begin, end, stop
from tests.unit.run.test_course import ends, observed, waiting

pytestmark = pytest.mark.usefixtures("quick")

SEAL = begin(0.02, "vault-sealed", "vault")
REVOKE = begin(0.0, "token-revoked", "vault", 1, instant=True)
EXPIRED = observed("token-expired", "orders")


def sample(stage: Stage, ok: bool, workload: str = "orders") -> None:
    stage.journal.now(Sample, workload=workload, ok=ok, latency=0.0)


def login(stage: Stage, ttl: float, accessor: str = "accessor-orders", ok: bool = True) -> None:
    request: Any = {"path": "auth/approle/login", "operation": "update", "vault": "vault", "ttl": ttl}
    stage.journal.now(VaultRequest, ok=ok, workload="orders", login=True, accessor=accessor, **request)


def after_sealing(stage: Stage, act: Callable[[], object]) -> None:
    """Let *act* happen once Vault is sealed."""
    stage.lab.world.before_write = lambda what: act() if what == "seal vault" else None


def moments(stage: Stage) -> dict[str, float]:
    """When each kind of event came first."""
    found: dict[str, float] = {}
    for event in stage.events:
        found.setdefault(type(event).__name__, event.t)
    return found


# It is seen


def test_a_fault_lasts_until_it_is_seen(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, ends(SEAL)])
    after_sealing(stage, lambda: sample(stage, False))
    assert stage.conductor.conduct() == Ending("completed")
    assert stage.kinds == [
        "fault",
        "fault.injecting",
        "probe.sample",
        "fault.injected",
        "fault.observed",
        "condition.met",
        "undo",
        "fault.undoing",
        "fault.undone",
        "recovery",
    ]
    [met] = stage.of(ConditionMet)
    assert (met.fault_id, met.action, met.condition) == ("timeline.0", "end", "workload-down: orders")
    assert met.evidence.startswith("orders has had no access since ")
    assert f"workload-down: orders: {met.evidence}" in stage.said
    assert stage.lab.writes == ["seal vault", "unseal vault"]
    assert stage.open_intents == ()


def test_not_before_it_is_seen_and_the_run_ends_then_and_not_at_its_longest(tmp_path: Path) -> None:
    step = observed("workload-down", {"workload": "orders", "for": "200ms"})
    stage = Stage(tmp_path, [SEAL, ends(SEAL, step, limit=60.0)], observe_for=0.1)
    after_sealing(stage, lambda: sample(stage, False))
    began = stage.clock.now()
    assert stage.conductor.conduct() == Ending("completed")
    took = stage.clock.now() - began
    times = moments(stage)
    assert 0.2 <= times["FaultUndoing"] - times["Sample"] < 1.0
    assert took < 5.0


def test_a_step_begins_when_it_is_seen_and_its_delay_is_over(tmp_path: Path) -> None:
    step = waiting(REVOKE, observed("fault-observed", 0), delay=0.2)
    stage = Stage(tmp_path, [SEAL, step, end(1.0, SEAL)])
    stage.lab.the_vault.revoke = lambda accessor: None  # type: ignore[method-assign]  # a sealed one would not
    seen = time.monotonic() + 0.15
    stage.lab.the_vault.is_sealed = lambda: time.monotonic() > seen  # type: ignore[method-assign]
    stage.lab.the_vault.accessors = lambda roles, mount=None: ("accessor-orders",)  # type: ignore[method-assign]
    stage.conductor.conduct()
    [met] = stage.of(ConditionMet)
    assert (met.fault_id, met.action, met.condition) == ("timeline.1", "begin", "fault-observed: 0")
    assert "vault-sealed on vault is seen to bite" in met.evidence
    [_, injecting] = stage.of(FaultInjecting)
    assert injecting.fault_id == "timeline.1"
    assert 0.15 < injecting.t - met.t < 1.0


def test_a_step_that_waited_to_begin_lasts_for_its_time_from_then(tmp_path: Path) -> None:
    paused = begin(0.0, "vault-paused", "vault", 1)
    steps = [SEAL, waiting(paused, observed("fault-undone", 0)), end(0.1, SEAL), ends(paused, None, delay=0.2)]
    stage = Stage(tmp_path, steps)
    stage.conductor.conduct()
    [met] = stage.of(ConditionMet)
    assert met.evidence == "vault-sealed on vault is undone"
    undoings, injecting = stage.of(FaultUndoing), stage.of(FaultInjecting)
    assert [event.fault_id for event in undoings] == ["timeline.0", "timeline.1"]
    assert 0.15 < undoings[1].t - injecting[1].t < 1.0


def test_a_login_of_before_is_none_and_one_after_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, ends(SEAL, observed("logged-in", "orders"))])
    login(stage, 25.0)
    after_sealing(stage, lambda: login(stage, 25.0))  # which is only being sealed
    asked = 0

    def is_sealed() -> bool:
        nonlocal asked
        asked += 1
        if asked == 10:
            login(stage, 25.0)
        return asked > 10

    stage.lab.the_vault.is_sealed = is_sealed  # type: ignore[method-assign]
    assert stage.conductor.conduct() == Ending("completed")
    [_, _, third], [met] = stage.of(VaultRequest), stage.of(ConditionMet)
    assert met.t > third.t


def test_a_token_that_expires_while_vault_is_sealed(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, ends(SEAL, EXPIRED)])
    stage.lab.the_vault.tokens["accessor-orders"].left = 0.4
    login(stage, 25.0)
    assert stage.conductor.conduct() == Ending("completed")
    [request], [met] = stage.of(VaultRequest), stage.of(ConditionMet)
    assert 0.4 <= met.t - request.t < 1.5
    assert "by what was last known, as vault cannot be asked" in met.evidence


def test_a_token_that_vault_still_knows_has_not_expired(tmp_path: Path) -> None:
    """Somebody renewed it unseen, or the audit log was not read."""
    partition = begin(0.02, "network-partition", "vault")
    stage = Stage(tmp_path, [partition, ends(partition, EXPIRED, limit=0.5)])
    login(stage, 0.1)
    assert stage.conductor.conduct().ending == "stopped"
    assert stage.of(ConditionMet) == []


def test_a_token_that_vault_knows_no_more_has_ended(tmp_path: Path) -> None:
    partition = begin(0.02, "network-partition", "vault")
    stage = Stage(tmp_path, [partition, ends(partition, EXPIRED)])
    login(stage, 25.0)
    del stage.lab.the_vault.tokens["accessor-orders"]
    assert stage.conductor.conduct() == Ending("completed")
    [met] = stage.of(ConditionMet)
    assert met.evidence.endswith("vault knows of none any more")


# It is not seen


UNSEEN = "timeline.1 (token-revoked on vault) could not be taken: 'workload-down: orders' was not seen within 100ms"
UNENDED = (
    "timeline.0 (vault-sealed on vault) was on for 200ms, its longest, and 'workload-down: orders', which was to end "
    "it, was not seen"
)


def test_a_step_that_waits_in_vain_ends_the_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, waiting(REVOKE, limit=0.1), end(5.0, SEAL)])
    assert stage.conductor.conduct() == Ending("stopped", UNSEEN)
    [missed] = stage.of(ConditionMissed)
    assert (missed.fault_id, missed.action, missed.condition) == ("timeline.1", "begin", "workload-down: orders")
    assert 0.1 <= missed.waited < 1.0
    assert stage.lab.the_vault.sealed
    assert stage.conductor.undo_all()
    assert not stage.lab.the_vault.sealed
    assert stage.open_intents == ()


def test_a_fault_never_lasts_longer_than_it_may(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, ends(SEAL, limit=0.2)])
    assert stage.conductor.conduct() == Ending("stopped", UNENDED)
    assert stage.conductor.undo_all()
    [injecting], [undoing] = stage.of(FaultInjecting), stage.of(FaultUndoing)
    assert 0.1 < undoing.t - injecting.t < 1.0
    assert stage.open_intents == ()


def test_what_is_seen_when_its_time_is_just_over_is_in_time(tmp_path: Path) -> None:
    """Injecting may have taken all of it: it was not looked for before."""
    stage = Stage(tmp_path, [SEAL, ends(SEAL, limit=0.05)])

    def slow() -> None:
        sample(stage, False)
        time.sleep(0.2)

    after_sealing(stage, slow)
    assert stage.conductor.conduct() == Ending("completed")


@pytest.mark.parametrize(
    ("steps", "reason", "never"),
    [
        ([SEAL, waiting(REVOKE, limit=0.1), end(5.0, SEAL)], UNSEEN, ["timeline.1 was never injected"]),
        ([SEAL, ends(SEAL, limit=0.2)], UNENDED, []),
    ],
)
def test_a_run_in_which_it_was_not_seen_is_inconclusive(
    tmp_path: Path, steps: list[Any], reason: str, never: list[str]
) -> None:
    stage = Stage(tmp_path, steps)
    ending = stage.conductor.conduct()
    stage.conductor.undo_all()
    stage.journal.now(RunEnded, ending=ending.ending, reason=ending.reason)
    history = History.from_events(stage.events)
    ids = tuple(dict.fromkeys(step.fault_id for step in steps))
    completed = run_completed(history, RunClaims((), ids))
    assert (completed.outcome, completed.summary) == (Outcome.INCONCLUSIVE, f"the run was stopped: {reason}")
    finding = fault_observed(history, RunClaims((), ids))
    assert [part for part in never if part in finding.summary] == never
    assert (finding.outcome is Outcome.INCONCLUSIVE) == bool(never)


# Meanwhile


def test_a_stop_condition_and_a_signal_are_heeded_while_a_step_waits(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, ends(SEAL, limit=60.0)], stop_if=[stop("any_workload_down_for", "100ms")])
    stage.sampler.down = {"billing": stage.clock.now()}
    assert stage.conductor.conduct().ending == "stopped"
    assert stage.of(ConditionMissed) == []
    (tmp_path / "other").mkdir()
    other = Stage(tmp_path / "other", [SEAL, ends(SEAL, limit=60.0)])
    after_sealing(other, lambda: setattr(other.gate, "noted", 2))
    with pytest.raises(Interrupted, match="SIGINT"):
        other.conductor.conduct()
    assert other.conductor.undo_all()


def test_steps_with_a_time_come_at_their_time_while_another_waits(tmp_path: Path) -> None:
    other = begin(0.2, "break-glass-opened", "ledger", 2, operator=True, at_most="60s", reason="drill")
    steps = [SEAL, waiting(REVOKE, observed("fault-undone", 0)), other, end(0.4, SEAL)]
    stage = Stage(tmp_path, steps)
    stage.conductor.conduct()
    assert [event.fault_id for event in stage.of(FaultInjected)] == ["timeline.0", "timeline.2", "timeline.1"]


def test_the_first_step_waits_for_the_baseline_to_be_over(tmp_path: Path) -> None:
    step = waiting(replace(SEAL, at=None), since="", limit=5.0)
    stage = Stage(tmp_path, [step, ends(SEAL, None, delay=0.1)])
    sample(stage, False)
    began = stage.clock.now()
    assert stage.conductor.conduct() == Ending("completed")
    [injecting] = stage.of(FaultInjecting)
    assert 1.0 <= injecting.t - began < 2.0
