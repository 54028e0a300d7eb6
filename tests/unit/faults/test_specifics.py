"""What is particular to each fault: order of its steps, what it refuses, what does not count as proof."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from harness.faults import registry
from harness.faults.ports import FaultNotPossible
from harness.scenario.base import StrictModel
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab, Token

RNG = Random(1)


def prepared(name: str, lab: FakeLab, target: str = "vault", **given: object) -> tuple[Any, Any, StrictModel]:
    fault = registry.get(name)
    args = fault.Args.model_validate(given)
    return fault, fault.prepare(target, args, lab), args


def injected(name: str, lab: FakeLab, target: str = "vault", **given: object) -> tuple[Any, Any]:
    fault, record, args = prepared(name, lab, target, **given)
    fault.inject(record, args, lab, RNG)
    return fault, record


# Containers


@pytest.mark.parametrize("name", ["vault-hard-kill", "vault-stopped", "vault-paused"])
def test_a_container_that_runs_is_no_proof_even_if_vault_does_not_answer(name: str) -> None:
    lab = FakeLab()
    fault, record, _ = prepared(name, lab)
    lab.the_vault.sealed = True
    assert fault.observe(record, lab) is None


def test_a_vault_that_answers_is_not_paused_whatever_the_engine_says() -> None:
    lab = FakeLab()
    fault, record = injected("vault-paused", lab)
    lab.the_vault.is_serving = lambda: True  # type: ignore[method-assign]
    assert fault.observe(record, lab) is None


def test_a_paused_container_is_not_a_stopped_one() -> None:
    lab = FakeLab()
    fault, record, _ = prepared("vault-stopped", lab)
    lab.containers.states["vault"] = "paused"
    assert fault.observe(record, lab) is None


@pytest.mark.parametrize("state", ["exited", "paused", "created", "running"])
@pytest.mark.parametrize("name", ["vault-hard-kill", "vault-stopped", "vault-paused"])
def test_undo_leads_from_any_state_to_an_unsealed_vault(name: str, state: str) -> None:
    lab = FakeLab()
    fault, record, _ = prepared(name, lab)
    lab.containers.states["vault"] = state
    lab.the_vault.sealed = True
    fault.undo(record, lab)
    assert lab.the_vault.is_serving()
    assert fault.healed(record, lab) == "container of vault runs and it answers"


def test_a_container_that_is_gone_is_not_healed() -> None:
    lab = FakeLab()
    fault, record = injected("vault-stopped", lab)
    del lab.containers.states["vault"]
    lab.the_vault.is_serving = lambda: True  # type: ignore[method-assign]
    assert lab.containers.state("vault") == "missing"
    assert fault.observe(record, lab) is None
    assert fault.healed(record, lab) is None


def test_a_vault_that_came_back_sealed_is_not_healed() -> None:
    lab = FakeLab()
    fault, record = injected("vault-hard-kill", lab)
    lab.containers.start("vault")
    assert lab.the_vault.sealed
    assert fault.healed(record, lab) is None


def test_a_vault_that_unseals_itself_is_restarted_and_not_unsealed() -> None:
    lab = FakeLab(holds_keys=False)
    fault, record = injected("vault-hard-kill", lab)
    fault.undo(record, lab)
    assert lab.writes == ["kill vault", "start vault"]
    assert fault.healed(record, lab)


@pytest.mark.parametrize("name", ["vault-hard-kill", "vault-stopped"])
def test_a_vault_that_would_come_back_sealed_or_empty_is_not_ended(name: str) -> None:
    lab = FakeLab(holds_keys=False)
    lab.the_vault.survives_restart = False
    with pytest.raises(FaultNotPossible, match=r"vault would come back sealed.*use vault-paused"):
        prepared(name, lab)
    assert lab.writes == []


def test_stopping_the_idp_leaves_vault_alone() -> None:
    lab = FakeLab()
    fault, record = injected("idp-down-warm", lab, "idp")
    assert lab.the_vault.is_serving()
    fault.undo(record, lab)
    assert lab.writes == ["stop idp", "start idp"]


def test_an_idp_that_does_not_answer_cannot_be_seen_to_stop() -> None:
    lab = FakeLab()
    lab.the_idp.is_serving = lambda: False  # type: ignore[method-assign]
    with pytest.raises(FaultNotPossible, match=r"idp does not answer on its port \(x-lockout: port\)"):
        prepared("idp-down-warm", lab, "idp")
    assert lab.writes == []


# Sealing


def test_a_vault_without_keys_is_not_sealed() -> None:
    lab = FakeLab(holds_keys=False)
    with pytest.raises(FaultNotPossible, match=r"vault was not initialised by lockout.*use vault-paused"):
        prepared("vault-sealed", lab)
    assert lab.writes == []


def test_a_vault_that_does_not_answer_is_not_called_sealed() -> None:
    lab = FakeLab()
    fault, record = injected("vault-sealed", lab)
    lab.containers.states["vault"] = "paused"
    assert lab.the_vault.is_sealed() is None
    assert fault.observe(record, lab) is None
    assert fault.healed(record, lab) is None


def test_an_unsealed_vault_is_not_unsealed_again() -> None:
    lab = FakeLab()
    fault, record = injected("vault-sealed", lab)
    fault.undo(record, lab)
    fault.undo(record, lab)
    assert lab.writes == ["seal vault", "unseal vault"]


# Tokens


@pytest.mark.parametrize("name", ["token-revoked", "token-max-ttl"])
def test_without_living_tokens_there_is_nothing_to_break(name: str) -> None:
    lab = FakeLab()
    lab.the_vault.tokens["accessor-orders"].left = 0.0
    with pytest.raises(FaultNotPossible, match=r"vault knows no living token of orders.*: there is nothing to break"):
        prepared(name, lab, workloads=("orders",))
    lab.the_vault.tokens.clear()
    with pytest.raises(FaultNotPossible, match="no living token of any workload"):
        prepared(name, lab)


@pytest.mark.parametrize("name", ["token-revoked", "token-max-ttl"])
def test_tokens_of_an_unknown_workload(name: str) -> None:
    with pytest.raises(FaultNotPossible, match="no workload 'reports'"):
        prepared(name, FakeLab(), workloads=("orders", "reports"))


def test_only_the_tokens_of_those_named_are_revoked() -> None:
    lab = FakeLab()
    fault, record = injected("token-revoked", lab, workloads=("orders",))
    assert lab.writes == ["revoke accessor-orders"]
    assert lab.the_vault.is_alive("accessor-billing")
    assert fault.observe(record, lab) == "vault no longer knows the 1 tokens (looked up by accessor)"


def test_one_token_that_lives_on_is_no_proof() -> None:
    lab = FakeLab()
    fault, record = injected("token-revoked", lab)
    lab.the_vault.tokens["accessor-orders"] = Token("orders")
    assert fault.observe(record, lab) is None


def test_a_token_from_a_new_login_is_not_among_the_revoked() -> None:
    lab = FakeLab()
    fault, record = injected("token-revoked", lab)
    lab.the_vault.tokens["accessor-after"] = Token("orders")
    assert fault.observe(record, lab)


def test_tokens_are_shortened_before_the_maximum_is_lowered() -> None:
    lab = FakeLab()
    injected("token-max-ttl", lab, remaining="3s", max_ttl="4s")
    assert lab.writes == ["shorten accessor-billing", "shorten accessor-orders", "ttls approle 4 4"]


@pytest.mark.parametrize(("passed", "dead"), [(0.0, False), (1.9, False), (2.0, True)])
def test_a_token_that_still_has_some_life_is_no_proof(passed: float, dead: bool) -> None:
    lab = FakeLab()
    fault, record = injected("token-max-ttl", lab)
    lab.pass_time(passed)
    assert (fault.observe(record, lab) is not None) is dead


def test_the_maximum_that_was_there_before_comes_back() -> None:
    lab = FakeLab()
    lab.the_vault.max_ttl = {"approle": 2764800, "jwt": 900}
    lab.the_vault.tokens["accessor-orders"].mount = "jwt"
    fault, record = injected("token-max-ttl", lab, mount="jwt")
    assert lab.the_vault.max_ttl == {"approle": 2764800, "jwt": 5}
    fault.undo(record, lab)
    assert lab.the_vault.auth_ttls("jwt") == (600, 900)
    assert lab.the_vault.auth_ttls("approle") == (3600, 2764800)
    assert fault.healed(record, lab) == "maximum TTL of auth mount jwt is 900 s again"


def test_only_tokens_of_the_mount_that_is_lowered_are_shortened() -> None:
    lab = FakeLab()
    lab.the_vault.tokens["accessor-orders"].mount = "jwt"
    fault, record = injected("token-max-ttl", lab)
    assert lab.writes == ["shorten accessor-billing", "ttls approle 5 5"]
    lab.pass_time(2.0)
    assert fault.observe(record, lab) == "vault no longer knows the 1 tokens (looked up by accessor)"
    with pytest.raises(FaultNotPossible, match="vault knows no living token of orders by auth mount approle: there"):
        prepared("token-max-ttl", lab, workloads=("orders",))


@pytest.mark.parametrize(
    ("name", "done"),
    [
        ("token-revoked", ["revoke accessor-orders"]),
        ("token-max-ttl", ["shorten accessor-orders", "ttls approle 5 5"]),
    ],
)
def test_a_token_that_has_ended_by_itself_is_passed_over(name: str, done: list[str]) -> None:
    lab = FakeLab()
    fault, record, args = prepared(name, lab)
    lab.the_vault.tokens["accessor-billing"].left = 0.0
    fault.inject(record, args, lab, RNG)
    assert lab.writes == done


def test_a_token_that_was_renewed_before_the_maximum_was_lowered_is_shortened_again() -> None:
    lab = FakeLab()
    renewals = iter([60.0])

    def renew(what: str) -> None:
        if what == "ttls approle 5 5":
            lab.the_vault.tokens["accessor-orders"].left = next(renewals, lab.the_vault.tokens["accessor-orders"].left)

    lab.world.before_write = renew
    fault, record = injected("token-max-ttl", lab)
    shortened = ["shorten accessor-billing", "shorten accessor-orders", "ttls approle 5 5"]
    assert lab.writes == [*shortened, "ttls approle 3600 2764800", *shortened]
    lab.pass_time(2.0)
    assert fault.observe(record, lab)


@pytest.mark.parametrize("wrong", [{"remaining": 2}, {"remaining": "2"}, {"max_ttl": "soon"}, {"workloads": "orders"}])
def test_arguments_of_the_wrong_kind(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        registry.get("token-max-ttl").Args.model_validate(wrong)


# Rotation


def test_a_static_role_that_was_not_rotated() -> None:
    lab = FakeLab()
    fault, record, _ = prepared("static-role-rotated", lab, role="reports")
    assert fault.observe(record, lab) is None
    lab.the_vault.rotate_static_role("database", "reports")
    assert fault.observe(record, lab) == "last rotation of reports is now 2026-11-22T10:00:02Z"


@pytest.mark.parametrize("name", ["rotation-no-overlap", "rotation-half-done"])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, r"\(none\)"),
        ({"username": "billing_app"}, "the keys username"),
        ({"token": "x", "a": "y"}, "keys a, token"),
    ],
)
def test_a_secret_that_is_no_login(name: str, values: dict[str, str], said: str) -> None:
    lab = FakeLab()
    lab.the_vault.kv["kv/billing"] = [values]
    with pytest.raises(FaultNotPossible, match=said) as raised:
        prepared(name, lab, secret="kv/billing")
    assert "username and password are needed" in str(raised.value)


def test_other_keys_of_the_secret_are_kept() -> None:
    lab = FakeLab()
    lab.the_vault.kv["kv/billing"][0]["host"] = "postgres"
    injected("rotation-no-overlap", lab, secret="kv/billing")
    assert lab.the_vault.kv["kv/billing"][-1]["host"] == "postgres"
    assert lab.the_vault.kv["kv/billing"][-1]["password"] != STORED_PASSWORD


def test_with_no_overlap_the_store_changes_before_the_database() -> None:
    lab = FakeLab()
    injected("rotation-no-overlap", lab, secret="kv/billing")
    assert lab.writes == ["kv-write kv/billing", "set-password billing_app"]


def test_a_rotation_that_the_database_never_heard_of_is_no_proof_of_one_without_overlap() -> None:
    lab = FakeLab()
    fault, record, _ = prepared("rotation-no-overlap", lab, secret="kv/billing")
    lab.the_vault.kv_write("kv/billing", {"username": "billing_app", "password": "other"})
    assert fault.observe(record, lab) is None


def test_a_completed_rotation_is_no_proof_of_one_half_done() -> None:
    lab = FakeLab()
    fault, record = injected("rotation-half-done", lab, secret="kv/billing")
    assert fault.healed(record, lab) is None
    lab.the_database.set_password("billing_app", lab.the_vault.kv["kv/billing"][-1]["password"])
    assert fault.observe(record, lab) is None


def test_a_database_that_refuses_both_passwords_is_no_proof_of_anything() -> None:
    for name in ("rotation-half-done", "rotation-no-overlap"):
        lab = FakeLab()
        fault, record = injected(name, lab, secret="kv/billing")
        lab.the_database.passwords.clear()
        assert fault.observe(record, lab) is None
        assert fault.healed(record, lab) is None


def test_undo_completes_a_half_done_rotation_forward() -> None:
    lab = FakeLab()
    fault, record = injected("rotation-half-done", lab, secret="kv/billing")
    assert lab.the_database.passwords["billing_app"] == STORED_PASSWORD
    fault.undo(record, lab)
    assert (
        lab.the_database.passwords["billing_app"] == lab.the_vault.kv["kv/billing"][-1]["password"] != STORED_PASSWORD
    )


# Identity provider


def test_the_new_key_is_there_before_the_old_one_goes() -> None:
    lab = FakeLab()
    fault, record = injected("idp-active-key-removed", lab, "idp")
    assert lab.writes == ["rotate-key", "publish kid-1 False"]
    assert lab.the_idp.published_keys() == {"kid-2"}
    fault.undo(record, lab)
    assert lab.the_idp.published_keys() == {"kid-1", "kid-2"}
    assert lab.the_idp.active_key() == "kid-2"


def test_a_key_that_is_only_no_longer_active_is_no_proof() -> None:
    lab = FakeLab()
    fault, record, _ = prepared("idp-active-key-removed", lab, "idp")
    lab.the_idp.rotate_key()
    assert fault.observe(record, lab) is None


# Break-glass


def test_break_glass_is_opened_for_a_while_with_a_reason() -> None:
    lab = FakeLab()
    injected("break-glass-opened", lab, "ledger", at_most="30s", reason="INC-17")
    assert lab.the_ledger.opened == (30.0, "INC-17")


@pytest.mark.parametrize("reason", ["", "ab"])
def test_break_glass_wants_a_reason(reason: str) -> None:
    with pytest.raises(ValidationError, match="at least 3 characters"):
        registry.get("break-glass-opened").Args.model_validate({"reason": reason})


def test_break_glass_that_somebody_else_has_opened_is_theirs() -> None:
    lab = FakeLab()
    lab.the_ledger.opened = (60.0, "an exercise")
    with pytest.raises(FaultNotPossible, match="is open already"):
        prepared("break-glass-opened", lab, target="ledger")


def test_a_vault_that_ended_while_it_was_sealed_is_started_and_unsealed() -> None:
    lab = FakeLab()
    fault, record = injected("vault-sealed", lab)
    lab.containers.kill("vault")
    fault.undo(record, lab)
    assert fault.healed(record, lab)
