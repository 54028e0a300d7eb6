"""One plan, conducted: in which order things happen, and how a run can end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.faults import registry
from harness.faults.proxy_rule import ProxyCounts, ProxyRule
from harness.history.events import (
    FaultFailed,
    FaultInjecting,
    FaultObserved,
    FaultUndone,
)
from harness.lab.errors import EnvironmentUnusable
from harness.run import conductor
from harness.run.conductor import Ending
from harness.run.signals import Interrupted
from tests.unit.run.fakes import Stage, begin, end

pytestmark = pytest.mark.usefixtures("quick")

SEAL = begin(0.02, "vault-sealed", "vault")
REVOKE = begin(0.0, "token-revoked", "vault", instant=True)


# The course of things


def test_a_fault_from_injection_to_the_proof_that_it_is_gone(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(0.1, SEAL)])
    assert stage.conductor.conduct() == Ending("completed")
    assert stage.kinds == [
        "fault",
        "fault.injecting",
        "fault.injected",
        "fault.observed",
        "undo",
        "fault.undoing",
        "fault.undone",
        "recovery",
    ]
    [undone] = stage.of(FaultUndone)
    assert (undone.verified, undone.evidence) == (True, "vault is unsealed and active")
    assert stage.lab.writes == ["seal vault", "unseal vault"]
    assert stage.open_intents == ()
    assert stage.conductor.undo_all()
    assert stage.lab.writes == ["seal vault", "unseal vault"], "it is not undone twice"


def test_things_happen_when_they_are_planned_to(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(0.25, SEAL)], observe_for=0.1)
    began = stage.clock.now()
    stage.conductor.conduct()
    took = stage.clock.now() - began
    times = {type(event).__name__: event.t - began for event in stage.events}
    assert 0.02 <= times["FaultInjecting"] < 0.12
    assert 0.25 <= times["FaultUndoing"] < 0.35
    assert 0.35 <= took < 0.5


def test_the_ledger_knows_before_anything_is_done(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL])
    known: list[tuple[str, list[str], list[str]]] = []

    def look(what: str) -> None:
        known.append((what, [intent.fault_id for intent in stage.open_intents], stage.kinds))

    stage.lab.world.before_write = look
    stage.conductor.conduct()
    [(what, intents, kinds)] = known
    assert (what, intents) == ("seal vault", ["timeline.0"])
    assert "fault.injecting" in kinds
    assert "fault.injected" not in kinds


def test_arguments_are_recorded_as_somebody_would_write_them(tmp_path: Path) -> None:
    step = begin(0.0, "token-max-ttl", "vault", remaining="2s", workloads=("orders",))
    stage = Stage(tmp_path, [step])
    stage.conductor.conduct()
    [injecting] = stage.of(FaultInjecting)
    assert injecting.args["remaining"] == "2s"
    assert "orders" in injecting.args["workloads"]
    assert injecting.operator is False
    assert injecting.instant is False


def test_a_plan_without_steps_is_watched_to_its_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [], observe_for=0.1)
    began = time.monotonic()
    assert stage.conductor.conduct() == Ending("completed")
    assert 0.1 <= time.monotonic() - began < 0.3
    assert stage.events == []


def test_an_instant_fault_is_over_as_soon_as_it_is_seen(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [REVOKE], observe_for=0.3)
    assert stage.conductor.conduct() == Ending("completed")
    [observed], [undone] = stage.of(FaultObserved), stage.of(FaultUndone)
    assert undone.verified
    assert undone.t - observed.t < 0.1, "and not at the end of the run"
    assert [injecting.instant for injecting in stage.of(FaultInjecting)] == [True], "it stays so to the end"
    assert not stage.conductor.targets("vault")
    assert stage.open_intents == ()
    assert "token-revoked on vault is seen to bite" in stage.said


def test_an_instant_fault_that_is_seen_late_is_over_then(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [REVOKE], observe_for=0.4)
    seen = time.monotonic() + 0.15
    stage.lab.the_vault.is_alive = lambda accessor: time.monotonic() < seen  # type: ignore[method-assign]
    stage.conductor.conduct()
    [observed], [undone] = stage.of(FaultObserved), stage.of(FaultUndone)
    [injecting] = stage.of(FaultInjecting)
    assert 0.1 <= observed.t - injecting.t < 0.3
    assert undone.t - observed.t < 0.1


def test_an_instant_fault_that_is_never_seen_is_left_to_the_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [REVOKE])
    stage.lab.the_vault.is_alive = lambda accessor: True  # type: ignore[method-assign]
    assert stage.conductor.conduct() == Ending("completed")
    assert stage.of(FaultObserved) == []
    assert [intent.fault for intent in stage.open_intents] == ["token-revoked"]
    assert stage.conductor.undo_all()
    assert stage.open_intents == ()


def test_no_answer_is_no_evidence_and_it_is_asked_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL], observe_for=0.3)
    silent_until = time.monotonic() + 0.15
    really = stage.lab.the_vault.is_sealed

    def is_sealed() -> bool | None:
        if time.monotonic() < silent_until:
            raise EnvironmentUnusable("no answer")
        return really()

    stage.lab.the_vault.is_sealed = is_sealed  # type: ignore[method-assign]
    assert stage.conductor.conduct() == Ending("completed")
    assert len(stage.of(FaultObserved)) == 1


def test_a_fault_is_looked_at_once_more_before_it_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "LOOK_EVERY", 10.0)
    step = begin(0.0, "network-partition", "vault")
    stage = Stage(tmp_path, [step, end(0.05, step)])
    placed = stage.lab.the_proxy.apply

    def apply(rule_id: str, rule: ProxyRule) -> None:
        placed(rule_id, rule)
        asked = iter([None, ProxyCounts(matched=3)])
        stage.lab.the_proxy.seen = lambda rule_id: next(asked, None)  # type: ignore[method-assign]

    stage.lab.the_proxy.apply = apply  # type: ignore[method-assign]
    stage.conductor.conduct()
    [observed] = stage.of(FaultObserved)
    assert observed.evidence == "the fault proxy caught 3 connections to vault"


def test_what_a_fault_is_on_is_lockouts_doing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(0.1, SEAL)])
    during: list[tuple[bool, bool]] = []
    stage.lab.world.before_write = lambda what: during.append(
        (stage.conductor.targets("vault"), stage.conductor.targets("idp"))
    )
    assert not stage.conductor.targets("vault")
    stage.conductor.conduct()
    assert during == [(True, False), (True, False)], "on its way on, and on its way off"
    assert not stage.conductor.targets("vault")


def test_recovery_is_watched_from_when_the_undo_was_done(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL, end(0.1, SEAL)], observe_for=0.2)
    unseal = stage.lab.the_vault.unseal

    def slow() -> None:
        time.sleep(0.3)
        unseal()

    stage.lab.the_vault.unseal = slow  # type: ignore[method-assign]
    assert stage.conductor.conduct() == Ending("completed")
    [undone] = stage.of(FaultUndone)
    assert stage.clock.now() - undone.t >= 0.2


def test_a_signal_that_was_swallowed_where_it_came_is_heeded(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL], observe_for=10)
    stage.lab.world.before_write = lambda what: setattr(stage.gate, "noted", 2)
    with pytest.raises(Interrupted, match="SIGINT"):
        stage.conductor.conduct()
    assert stage.conductor.undo_all()
    assert stage.lab.the_vault.is_serving()


# Why a fault is not seen


@pytest.mark.parametrize(("answers", "told"), [([KeyError("sealed")], ["'sealed'"]), ([KeyError("sealed"), None], [])])
def test_why_it_could_not_be_told_whether_a_fault_bites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Exception | None], told: list[str]
) -> None:
    left = list(answers)

    def observe(*given: object) -> str | None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is not None:
            raise answer
        return None

    monkeypatch.setattr(type(registry.get("vault-sealed")), "observe", observe)
    stage = Stage(tmp_path, [SEAL, end(0.1, SEAL)])
    assert stage.conductor.conduct() == Ending("completed")
    assert [(event.stage, event.error) for event in stage.of(FaultFailed)] == [("observe", error) for error in told]
    assert stage.of(FaultObserved) == []


# Injection that fails


def test_a_fault_that_is_not_possible_ends_the_run_untouched(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL])
    stage.lab.the_vault._holds_keys = False
    ending = stage.conductor.conduct()
    assert ending.ending == "crashed"
    assert ending.reason.startswith("vault-sealed on vault could not be injected: vault was not initialised by lockout")
    assert stage.open_intents == ()
    assert stage.of(FaultInjecting) == []
    assert stage.conductor.undo_all()
    assert stage.lab.writes == []


def test_an_injection_that_breaks_off_is_taken_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [begin(0.0, "rotation-no-overlap", "vault", secret="kv/billing")])
    stage.lab.world.fail_at = 1
    ending = stage.conductor.conduct()
    assert ending.ending == "crashed"
    assert "set-password billing_app was refused" in ending.reason
    [failed] = stage.of(FaultFailed)
    assert failed.stage == "inject"
    assert [intent.fault for intent in stage.open_intents] == ["rotation-no-overlap"]
    stage.lab.world.fail_at = None
    assert stage.conductor.undo_all()
    assert stage.lab.writes[-1] == "set-password billing_app"
    assert stage.open_intents == ()
    assert "minted" not in (tmp_path / "ledger.jsonl").read_text()


def test_an_error_nobody_expects_is_taken_back_too(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL])
    seal = stage.lab.the_vault.seal

    def broken() -> None:
        seal()
        raise ZeroDivisionError

    stage.lab.the_vault.seal = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        stage.conductor.conduct()
    assert stage.lab.the_vault.sealed
    assert stage.conductor.undo_all()
    assert not stage.lab.the_vault.sealed
    assert stage.open_intents == ()


def test_an_interruption_passes_through_and_everything_is_taken_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL], observe_for=10)

    def interrupt(workload: str) -> float | None:
        if stage.lab.the_vault.sealed:
            raise Interrupted(2)
        return None

    stage.sampler.down_since = interrupt  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        stage.conductor.conduct()
    assert stage.conductor.undo_all()
    assert stage.lab.the_vault.is_serving()


def test_randomness_is_that_of_the_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    kind = type(registry.get("vault-sealed"))
    monkeypatch.setattr(kind, "inject", lambda self, record, args, lab, rng: drawn.append(rng.random()))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        stage = Stage(tmp_path / name, [SEAL])
        stage.conductor.conduct()
    assert drawn == [stage.plan.rng("timeline.0").random()] * 2
