"""Faults of Vault's state, tokens and leases: what does not count as proof, and what they refuse to touch."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from pydantic import ValidationError

from harness.faults import registry
from harness.faults.ports import FaultNotPossible, VaultLogin
from harness.faults.vault_policies import first_path
from harness.lab.errors import EnvironmentUnusable
from harness.lab.labels import connection_label, secret_id_label
from tests.unit.faults.cases import kv_content, leases, role_settings, secret_ids, vault_entity, vault_mounts
from tests.unit.faults.cases.vault_policies import ROLE, RULES, with_policies
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab, Token
from tests.unit.faults.test_specifics import injected, prepared


class TestPolicies:
    @pytest.mark.parametrize(
        ("rules", "path"),
        [
            (RULES, "database/creds/orders"),
            ('path "kv/data/*" {}\n  path "kv/data/billing" {}', "kv/data/billing"),
            ('path "kv/+/billing" {}', None),
            ('path "identity/{{identity.entity.id}}" {}', None),
            ("", None),
        ],
    )
    def test_only_a_path_without_wildcards_can_be_asked_about(self, rules: str, path: str | None) -> None:
        assert first_path(rules) == path

    def test_a_deleted_policy_that_nobody_bears_any_more_is_no_proof(self) -> None:
        lab = FakeLab()
        with_policies(lab)
        fault, record = injected("policy-deleted", lab, policy="orders")
        lab.the_vault.tokens["accessor-orders"].data["policies"] = ["default"]
        assert fault.observe(record, lab) is None

    def test_an_unknown_policy_is_refused_with_those_there_are(self) -> None:
        lab = FakeLab()
        with_policies(lab)
        with pytest.raises(FaultNotPossible, match="no policy 'order'; there are default, orders"):
            prepared("policy-deleted", lab, policy="order")

    def test_a_token_that_knows_the_new_policy_is_not_stale(self) -> None:
        lab = FakeLab()
        with_policies(lab)
        fault, record = injected("policy-added-token-stale", lab, policy="orders")
        lab.the_vault.tokens["accessor-orders"].data["policies"].append("orders-moved")
        assert fault.observe(record, lab) is None


class TestRoles:
    def test_a_lease_of_full_length_is_not_of_a_batch_token(self) -> None:
        lab = FakeLab()
        role_settings.with_role(lab)
        lab.the_vault.on_revoke = lambda accessor: None
        fault, record = injected("token-batch", lab, workloads=["orders"])
        lab.the_vault.tree[role_settings.ROLE]["token_type"] = "default"
        role_settings.log_in(lab, "accessor-late")
        lab.the_vault.tree[role_settings.ROLE]["token_type"] = "batch"
        assert fault.observe(record, lab) is None

    def test_uses_that_nobody_has_made_are_no_proof(self) -> None:
        lab = FakeLab()
        role_settings.with_role(lab)
        fault, record = injected("token-uses-exhausted", lab, workloads=["orders"], uses=3)
        assert fault.observe(record, lab) is None
        role_settings.use_once(lab)
        assert fault.observe(record, lab)

    def test_a_token_bound_to_where_its_workload_is_is_no_proof(self) -> None:
        lab = FakeLab()
        role_settings.with_role(lab)
        lab.containers.at["orders"] = ("198.51.100.7",)
        fault, record = injected("cidr-bound-moved", lab, workloads=["orders"])
        assert fault.observe(record, lab) is None

    def test_a_shorter_ttl_that_nobody_has_met_is_no_proof(self) -> None:
        lab = FakeLab()
        role_settings.with_role(lab)
        fault, record = injected("ttl-shrunk", lab, workloads=["orders"])
        assert fault.observe(record, lab) is None

    def test_a_ttl_that_is_as_short_already_is_refused(self) -> None:
        lab = FakeLab()
        role_settings.with_role(lab)
        with pytest.raises(FaultNotPossible, match="little more than 25s"):
            prepared("ttl-shrunk", lab, workloads=["orders"], ttl="25s")

    def test_who_does_not_log_in_by_approle_is_left_alone(self) -> None:
        lab = FakeLab()
        role_settings.with_role(lab)
        lab.logins = [VaultLogin("orders", "jwt", "jwt", "orders", None)]
        with pytest.raises(FaultNotPossible, match="AppRole"):
            prepared("token-batch", lab, workloads=["orders"])

    def test_an_address_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="does not appear to be an IPv4 or IPv6 network"):
            registry.get("cidr-bound-moved").Args.model_validate({"cidr": "orders"})


def test_a_disabled_entity_whose_tokens_are_all_dead_is_no_proof() -> None:
    lab = FakeLab()
    vault_entity.with_entity(lab)
    fault, record = injected("entity-disabled", lab, workloads=["orders"])
    lab.the_vault.tokens.clear()
    assert fault.observe(record, lab) is None


def test_a_destroyed_secret_is_stored_again_from_what_was_kept() -> None:
    lab = FakeLab()
    kv_content.with_versions(lab)
    fault, record = injected("kv-deleted-404", lab, secret="kv/billing", how="destroy")
    assert "is destroyed" in str(fault.observe(record, lab))
    lab.the_vault.kv["kv/billing"][0] = {}  # nobody gets it out of Vault any more
    assert STORED_PASSWORD not in record.model_dump_json()
    fault.undo(record, lab)
    assert fault.healed(record, lab) == "kv/billing can be read, version 2"
    assert kv_content.can_be_read(lab)


def test_an_empty_value_is_not_taken_back_from_somebody_who_has_repaired_it() -> None:
    lab = FakeLab()
    kv_content.with_versions(lab)
    fault, record = injected("kv-empty-value", lab, secret="kv/billing")
    lab.the_vault.kv_write("kv/billing", {"username": "billing_app", "password": "repaired"})
    fault.undo(record, lab)
    assert lab.the_vault.kv["kv/billing"][-1]["password"] == "repaired"


class TestLeases:
    def test_users_of_a_role_with_a_similar_name_are_not_counted(self) -> None:
        lab = FakeLab()
        leases.with_leases(lab)
        lab.the_database.passwords[f"v-approle-orders-n-{20 * 'c'}-1795577469"] = STORED_PASSWORD
        _, record, _ = prepared("lease-revoked-early", lab, role="orders")
        assert record.users == (leases.OTHER,)

    def test_a_revocation_that_works_gives_no_evidence(self) -> None:
        lab = FakeLab()
        leases.with_leases(lab)
        fault, record, _ = prepared("lease-revoke-stuck", lab, role="orders")
        lab.keep(record.label, json.dumps([f"{leases.PREFIX}/own", leases.OWN, STORED_PASSWORD]))
        lab.the_vault.tree[leases.ROLE]["revocation_statements"] = [leases.BROKEN]
        assert fault.observe(record, lab) is None  # Vault knows no such lease

    def test_a_lease_that_is_not_overdue_is_not_stuck(self) -> None:
        lab = FakeLab()
        leases.with_leases(lab)
        fault, record = injected("lease-revoke-stuck", lab, role="orders")
        lab.the_vault.tree[f"sys/leases/lookup/{leases.PREFIX}/own"] = leases.in_seconds(-0.2)
        assert fault.observe(record, lab) is None

    def test_undo_revokes_what_others_have_left_overdue(self) -> None:
        lab = FakeLab()
        leases.with_leases(lab)
        fault, record = injected("lease-revoke-stuck", lab, role="orders")
        lab.the_vault.tree[f"sys/leases/lookup/{leases.PREFIX}/other"] = leases.in_seconds(-3)
        fault.undo(record, lab)
        assert leases.OTHER not in lab.the_database.passwords


class TestSecretIds:
    @pytest.mark.parametrize("name", ["secretid-gone-on-restart", "wrapped-secretid-late", "wrapped-secretid-stolen"])
    def test_a_workload_that_has_got_in_is_no_proof(self, name: str) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(name.startswith("wrapped"))(lab)
        fault, record = injected(name, lab, workloads=["orders"])
        secret_ids.logged_in(lab)
        assert fault.observe(record, lab) is None

    def test_undo_lets_in_again_whom_vault_has_locked_out_and_nobody_else(self) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(False)(lab)
        fault, record = injected("secretid-gone-on-restart", lab, workloads=["orders"])
        secret_ids.is_locked_out(lab)
        fault.undo(record, lab)
        assert [write for write in lab.writes if "locked-users" in write] == ["write sys/locked-users/m-1/unlock/r-1"]

    def test_undo_makes_a_stolen_secret_id_worthless(self) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(True)(lab)
        fault, record = injected("wrapped-secretid-stolen", lab, workloads=["orders"])
        before = set(lab.the_vault.api_list(f"{secret_ids.ROLE}/secret-id"))
        fault.undo(record, lab)
        assert before.isdisjoint(lab.the_vault.api_list(f"{secret_ids.ROLE}/secret-id"))

    def test_a_plain_secret_id_has_no_wrapping_to_be_late(self) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(False)(lab)
        with pytest.raises(FaultNotPossible, match="orders was handed no wrapped SecretID"):
            prepared("wrapped-secretid-late", lab, workloads=["orders"])


class TestMounts:
    def test_a_mount_cut_off_while_it_was_being_disabled_is_made_anew(self) -> None:
        """It is listed, and answers nothing."""
        lab = FakeLab()
        vault_mounts.with_approle(lab)
        fault, record = injected("auth-mount-disabled", lab)
        lab.the_vault.tree["sys/auth"]["approle/"] = {"type": "approle"}
        fault.undo(record, lab)
        assert fault.healed(record, lab)
        assert vault_mounts.approle_as_before(lab)

    def test_a_listing_that_is_empty_is_no_proof(self) -> None:
        lab = FakeLab()
        vault_mounts.with_approle(lab)
        fault, record = injected("auth-mount-disabled", lab)
        lab.the_vault.tree["sys/auth"].clear()
        assert fault.observe(record, lab) is None

    def test_what_could_not_be_set_up_again_is_refused(self) -> None:
        lab = FakeLab()
        vault_mounts.with_database(lab)
        with pytest.raises(FaultNotPossible, match="no database engine at transit"):
            prepared("secrets-mount-disabled", lab, mount="transit")
        lab.the_database.passwords["vault_admin"] = "changed by somebody else"
        with pytest.raises(FaultNotPossible, match="no longer takes the password of vault_admin"):
            prepared("secrets-mount-disabled", lab)
        del lab.secrets[connection_label("vault", "database")]
        with pytest.raises(FaultNotPossible, match="did not set up database"):
            prepared("secrets-mount-disabled", lab)

    def test_no_secret_stands_in_the_record(self) -> None:
        lab = FakeLab()
        vault_mounts.with_approle(lab)
        _, record, _ = prepared("auth-mount-disabled", lab)
        assert lab.secrets[secret_id_label("vault", "orders")] not in record.model_dump_json()


def test_a_token_in_a_sink_that_is_dead_is_no_proof() -> None:
    from tests.unit.faults.cases.sink_unreadable import with_sink

    lab = FakeLab()
    with_sink(lab)
    fault, record = injected("sink-unreadable", lab, target="orders")
    lab.the_vault.tokens = {"accessor-billing": Token("billing")}
    assert fault.observe(record, lab) is None


class TestRolesThatAreSoAlready:
    @pytest.mark.parametrize(
        ("name", "setting", "value"),
        [
            ("token-batch", "token_type", "batch"),
            ("token-renew-forbidden", "token_no_default_policy", True),
            ("token-uses-exhausted", "token_num_uses", 50),
            ("cidr-bound-moved", "token_bound_cidrs", ["198.51.100.7/32"]),
        ],
    )
    def test_they_are_refused(self, name: str, setting: str, value: object) -> None:
        """Else what was so before would be taken for the fault, and undo would end tokens that are right."""
        lab = FakeLab()
        role_settings.with_role(lab)
        lab.the_vault.tree[ROLE][setting] = value
        with pytest.raises(FaultNotPossible, match=r"already|as it is"):
            prepared(name, lab, workloads=["orders"])


class TestSharedRoles:
    def test_a_stolen_secret_id_is_made_worthless_also_when_the_workload_was_never_restarted(self) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(wrapped=True)(lab)
        fault, record, args = prepared("wrapped-secretid-stolen", lab, workloads=["orders"])
        whole = FakeLab()
        secret_ids.with_secret_id(wrapped=True)(whole)
        injected("wrapped-secretid-stolen", whole, workloads=["orders"])
        lab.world.fail_at = whole.writes.index("stop orders")
        with pytest.raises(EnvironmentUnusable):
            fault.inject(record, args, lab, Random(1))
        lab.world.fail_at = None
        stolen = lab.secrets["vault-stolen-secret-id-orders"]
        lookup = f"{secret_ids.ROLE}/secret-id/lookup"
        lab.the_vault.on_ask[lookup] = lambda v: (
            {"secret_id_ttl": 0} if v["secret_id"] == stolen and "destroy" not in " ".join(lab.writes) else None
        )
        assert lab.the_vault.accessors(frozenset({"orders"})), "it runs on with the token that it has"
        assert fault.healed(record, lab) is None
        fault.undo(record, lab)
        assert fault.healed(record, lab)
        assert "deliver orders" in lab.writes[-4:]

    def test_who_has_the_same_role_must_be_named_too(self) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(wrapped=False)(lab)
        lab.logins.append(replace(lab.logins[0], workload="billing"))
        with pytest.raises(FaultNotPossible, match="billing has the same role, orders"):
            prepared("secretid-gone-on-restart", lab, workloads=["orders"])

    def test_one_that_is_handed_over_first_survives_that_of_the_other(self) -> None:
        lab = FakeLab()
        secret_ids.with_secret_id(wrapped=False)(lab)
        lab.logins.append(replace(lab.logins[0], workload="billing"))
        lab.secrets[secret_id_label("vault", "billing")] = lab.secrets[secret_id_label("vault", "orders")]
        fault, record = injected("secretid-gone-on-restart", lab, workloads=["orders", "billing"])
        begun = len(lab.writes)
        fault.undo(record, lab)
        undone = [what.partition(" ")[0] for what in lab.writes[begun:] if "destroy" in what or "deliver" in what]
        assert undone == sorted(undone, key=lambda what: what == "deliver"), "a fresh one was destroyed"
        assert undone.count("deliver") == 2


def test_a_parent_with_two_children_of_one_role_is_replaced_for_both() -> None:
    from tests.unit.faults.cases.token_tree import with_parent

    lab = FakeLab()
    with_parent(lab)
    lab.logins.append(replace(lab.logins[0], workload="billing"))
    fault, record = injected("parent-token-revoked", lab, workloads=["orders", "billing"])
    fault.undo(record, lab)
    assert {"deliver orders", "deliver billing"} <= set(lab.writes)


def test_a_role_whose_secret_ids_lockout_does_not_know_keeps_its_mount() -> None:
    lab = FakeLab()
    vault_mounts.with_approle(lab)
    lab.the_vault.tree["auth/approle/role/theirs"] = {"token_policies": ["theirs"]}
    lab.the_vault.tree["auth/approle/role/theirs/secret-id/acc-1"] = {}
    with pytest.raises(FaultNotPossible, match=r"role theirs .* lockout did not hand out"):
        prepared("auth-mount-disabled", lab)


def test_a_mount_in_which_somebody_deleted_one_role_is_not_made_anew() -> None:
    lab = FakeLab()
    vault_mounts.with_approle(lab)
    lab.the_vault.tree["auth/approle/role/aardvark"] = {"token_policies": ["first"]}
    lab.the_vault.tree["auth/approle/role/aardvark/role-id"] = {"role_id": "r-0"}
    fault, record, _ = prepared("auth-mount-disabled", lab)
    del lab.the_vault.tree["auth/approle/role/aardvark"]
    fault.undo(record, lab)
    assert not [what for what in lab.writes if what.startswith("delete")]


def test_what_only_a_new_role_can_be_told_is_not_told_to_one_that_is_there() -> None:
    lab = FakeLab()
    vault_mounts.with_approle(lab)
    lab.the_vault.tree[vault_mounts.ROLE]["local_secret_ids"] = False
    fault, record, _ = prepared("auth-mount-disabled", lab)
    lab.the_vault.tree[vault_mounts.ROLE]["token_ttl"] = 99
    told: list[object] = []
    lab.the_vault.on_write[vault_mounts.ROLE] = lambda values: told.append(dict(values)) or {}
    fault.undo(record, lab)
    assert told == [{**vault_mounts.SETTINGS, "role_id": "r-1"}]


def test_a_policy_that_no_role_bears_cannot_be_moved() -> None:
    lab = FakeLab()
    with_policies(lab)
    lab.the_vault.tree[ROLE]["token_policies"] = ["others"]
    with pytest.raises(FaultNotPossible, match="no AppRole role at vault bears policy 'orders'"):
        prepared("policy-added-token-stale", lab, policy="orders")


def test_undo_of_an_emptied_value_keeps_what_others_have_changed() -> None:
    lab = FakeLab()
    kv_content.with_versions(lab)
    fault, record = injected("kv-empty-value", lab, secret="kv/billing")
    lab.the_vault.kv["kv/billing"].append({**lab.the_vault.kv["kv/billing"][-1], "username": "renamed"})
    fault.undo(record, lab)
    assert lab.the_vault.kv["kv/billing"][-1] == {"username": "renamed", "password": STORED_PASSWORD}


def test_a_database_role_that_is_gone_is_not_healed() -> None:
    lab = FakeLab()
    leases.with_leases(lab)
    lab.the_vault.tree[leases.ROLE]["revocation_statements"] = []
    fault, record = injected("lease-revoke-stuck", lab, role="orders")
    del lab.the_vault.tree[leases.ROLE]
    with pytest.raises(EnvironmentUnusable, match="any more"):
        fault.healed(record, lab)
