"""What is special about the faults on the workload's own side, and how they tell what bites from what does not."""

from __future__ import annotations

from random import Random

import pytest

from harness.faults import registry
from harness.faults.base import AnyFault
from harness.faults.cold_start import ColdStartArgs
from harness.faults.ports import FaultNotPossible
from harness.scenario.base import StrictModel
from tests.unit.faults.cases.handed_tokens import PATH, VARIABLE, handed, use
from tests.unit.faults.cases.past_expiry import short_lived
from tests.unit.faults.fakes import FakeLab


def begun(
    name: str, target: str, lab: FakeLab, given: dict[str, object] | None = None, inject: bool = True
) -> tuple[AnyFault, StrictModel]:
    fault = registry.get(name)
    args = fault.Args.model_validate(given or {})
    record = fault.prepare(target, args, lab)
    if inject:
        fault.inject(record, args, lab, Random(1))
    return fault, record


BOTH: dict[str, object] = {"workloads": ["orders", "billing"]}


def test_a_cold_start_holds_the_seal_and_every_container_that_it_starts() -> None:
    args = ColdStartArgs(workloads=("orders", "billing"))
    held = registry.get("cold-start-in-outage").holds("vault", args)
    assert held == {"vault/seal", "orders/container", "billing/container"}


def test_a_workload_that_gave_up_after_its_cold_start_is_left_to_itself() -> None:
    lab = FakeLab()
    fault, record = begun("cold-start-in-outage", "vault", lab, BOTH)
    lab.containers.states["orders"] = "exited"
    fault.undo(record, lab)
    assert lab.containers.states["orders"] == "exited"
    assert fault.healed(record, lab)


def test_a_cold_start_of_what_does_not_run_is_refused() -> None:
    lab = FakeLab()
    lab.containers.states["billing"] = "exited"
    with pytest.raises(FaultNotPossible, match="billing does not run"):
        begun("cold-start-in-outage", "vault", lab, BOTH)


def test_a_vault_that_is_sealed_while_nobody_was_started_is_no_cold_start() -> None:
    lab = FakeLab()
    fault, record = begun("cold-start-in-outage", "vault", lab, BOTH, inject=False)
    lab.the_vault.seal()
    assert fault.observe(record, lab) is None


@pytest.mark.parametrize("name", ["cache-past-expiry", "fallback-credential"])
def test_credentials_that_still_live_are_no_evidence(name: str) -> None:
    lab = FakeLab()
    short_lived(lab)
    lab.the_vault.tree["auth/approle/role/orders"] = {"token_ttl": 3600}
    fault, record = begun(name, "vault", lab, {"role": "app_default"} if name == "fallback-credential" else {})
    assert lab.the_vault.is_sealed()
    assert fault.observe(record, lab) is None


def test_a_role_without_a_ttl_of_its_own_has_that_of_its_mount() -> None:
    lab = FakeLab()
    short_lived(lab)
    lab.the_vault.tree.clear()
    fault, record = begun("cache-past-expiry", "vault", lab)
    assert fault.observe(record, lab) is None


def test_nothing_can_end_where_nobody_holds_a_token() -> None:
    lab = FakeLab()
    lab.the_vault.tokens.clear()
    with pytest.raises(FaultNotPossible, match="no living token of any workload"):
        begun("cache-past-expiry", "vault", lab)


def test_a_fall_back_that_the_database_does_not_know_is_refused() -> None:
    with pytest.raises(FaultNotPossible, match="no role nobody that may log in"):
        begun("fallback-credential", "vault", FakeLab(), {"role": "nobody"})


def test_a_fall_back_that_is_in_use_already_proves_nothing() -> None:
    lab = FakeLab()
    short_lived(lab)
    lab.the_database.busy.add("app_default")
    with pytest.raises(FaultNotPossible, match="works as app_default already"):
        begun("fallback-credential", "vault", lab, {"role": "app_default"})


@pytest.mark.parametrize(("busy", "words"), [(True, "somebody works as it"), (False, "nobody works as it")])
def test_the_database_tells_whether_somebody_fell_back(busy: bool, words: str) -> None:
    lab = FakeLab()
    short_lived(lab)
    fault, record = begun("fallback-credential", "vault", lab, {"role": "app_default"})
    if busy:
        lab.the_database.busy.add("app_default")
    evidence = fault.observe(record, lab)
    assert evidence is not None
    assert words in evidence


def test_a_shared_token_that_only_one_uses_is_no_evidence() -> None:
    lab = FakeLab()
    handed(lab)
    fault, record = begun("shared-token-replicas", "vault", lab, BOTH)
    use(lab, "orders")
    assert fault.observe(record, lab) is None
    lab.containers.log_lines["vault"].insert(0, '"cut off": lockout-shared-instead-of-accessor-billing}')
    use(lab, "billing")
    assert fault.observe(record, lab)


def test_what_an_earlier_shared_token_did_is_no_evidence() -> None:
    lab = FakeLab()
    handed(lab)
    fault, record = begun("shared-token-replicas", "vault", lab, BOTH)
    use(lab)
    fault.undo(record, lab)
    fault, record = begun("shared-token-replicas", "vault", lab, BOTH)
    assert fault.observe(record, lab) is None


def test_who_logs_in_itself_shares_no_token() -> None:
    with pytest.raises(FaultNotPossible, match="is not handed a token of vault by lockout"):
        begun("shared-token-replicas", "vault", FakeLab(), BOTH)


@pytest.mark.parametrize(("name", "target"), [("shared-token-replicas", "vault"), ("legacy-static-token", "orders")])
def test_a_token_that_is_dead_already_cannot_be_broken(name: str, target: str) -> None:
    lab = FakeLab()
    handed(lab)
    del lab.the_vault.tokens["accessor-orders"]
    with pytest.raises(FaultNotPossible, match="does not know the token that orders was handed"):
        begun(name, target, lab, BOTH if target == "vault" else {})


def test_a_workload_with_no_token_in_its_environment_is_no_legacy() -> None:
    lab = FakeLab()
    handed(lab)
    lab.containers.environments["orders"] = {"PATH": "/usr/bin"}
    with pytest.raises(FaultNotPossible, match="no variable of orders holds a token of vault"):
        begun("legacy-static-token", "orders", lab)


def test_a_legacy_token_is_down_until_it_is_deployed_anew() -> None:
    lab = FakeLab()
    handed(lab)
    dead = lab.containers.environments["orders"][VARIABLE]
    fault, record = begun("legacy-static-token", "orders", lab)
    evidence = fault.observe(record, lab)
    assert evidence is not None
    assert dead not in evidence
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert lab.containers.environments["orders"][VARIABLE] != dead
    assert lab.containers.starts["orders"] == 1


def test_a_token_from_somebody_elses_files_is_found_and_not_deployed_anew() -> None:
    lab = FakeLab()
    handed(lab)
    lab.handed.clear()
    fault, record = begun("legacy-static-token", "orders", lab)
    assert fault.observe(record, lab)
    fault.undo(record, lab)
    assert lab.containers.starts == {}
    assert fault.healed(record, lab) == "vault serves; orders needs another deployment"


def test_the_token_that_lockout_itself_needs_is_never_revoked() -> None:
    lab = FakeLab()
    handed(lab)
    lab.the_vault.tree["auth/token/lookup-self"] = {"accessor": "accessor-orders"}
    with pytest.raises(FaultNotPossible, match="holds the very token with which lockout administers vault"):
        begun("legacy-static-token", "orders", lab)


def test_short_values_paths_and_sentences_are_not_asked_about() -> None:
    lab = FakeLab()
    handed(lab)
    asked: list[str] = []
    accessor_of = lab.the_vault.accessor_of
    lab.the_vault.accessor_of = lambda token: (asked.append(token), accessor_of(token))[1]  # type: ignore[method-assign]
    lab.containers.environments["orders"] |= {
        "A": "short",
        "B": "/a/path/that/is/long/enough",
        "C": "a sentence of some length",
    }
    begun("legacy-static-token", "orders", lab, inject=False)
    assert {value for value in asked if value in lab.containers.environments["orders"].values()} == {
        "a-name-of-a-workload",
        lab.containers.environments["orders"][VARIABLE],
    }


def test_what_never_ends_cannot_be_waited_for() -> None:
    lab = FakeLab()
    short_lived(lab)
    lab.the_vault.tokens["accessor-orders"].left = float("inf")
    with pytest.raises(FaultNotPossible, match="has no end"):
        begun("cache-past-expiry", "vault", lab, inject=False)


def test_a_periodic_token_lives_for_its_period() -> None:
    lab = FakeLab()
    short_lived(lab)
    lab.the_vault.tree["auth/approle/role/orders"]["token_period"] = 3600
    fault, record = begun("cache-past-expiry", "vault", lab)
    assert fault.observe(record, lab) is None


def test_a_workload_that_has_lost_the_file_is_handed_a_token_of_its_own() -> None:
    lab = FakeLab()
    handed(lab)
    fault, record = begun("shared-token-replicas", "vault", lab, BOTH)
    lab.containers.files["orders", PATH] = ""
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert fault.healed(record, lab)


@pytest.mark.parametrize("name", ["cold-start-in-outage", "cache-past-expiry"])
def test_a_vault_that_ended_while_it_was_sealed_is_started_and_unsealed(name: str) -> None:
    lab = FakeLab()
    short_lived(lab)
    fault, record = begun(name, "vault", lab, BOTH)
    lab.containers.kill("vault")
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert fault.healed(record, lab)
