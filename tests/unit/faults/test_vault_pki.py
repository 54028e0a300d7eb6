"""What is special about faults of Vault's own CAs, and of the certificates that they issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from harness.faults import registry
from harness.faults.base import AnyFault
from harness.faults.ports import FaultNotPossible
from harness.faults.vault_pki import ISSUER
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel
from tests.unit.faults.cases import client_certificate, vault_pki
from tests.unit.faults.certificates import HOUR
from tests.unit.faults.fakes import FakeLab


def test_without_a_ca_nothing_can_run_out() -> None:
    for name, words in (("crl-expired", "no pki/config/crl"), ("pki-issuer-switched", "no pki/config/issuers")):
        fault = registry.get(name)
        with pytest.raises(FaultNotPossible, match=words):
            fault.prepare("vault", fault.Args(), FakeLab())


@pytest.mark.parametrize(
    ("path", "values"),
    [("peers/config/crl", {"disable": True}), ("peers/cert/crl", {"certificate": vault_pki.OVER})],
)
def test_a_list_that_nobody_goes_by_cannot_run_out(path: str, values: dict[str, object]) -> None:
    fault, lab = registry.get("crl-expired"), FakeLab()
    vault_pki.with_crl(lab)
    lab.the_vault.tree[path] |= values
    with pytest.raises(FaultNotPossible, match="publishes no current CRL at peers"):
        fault.prepare("vault", fault.Args.model_validate(vault_pki.PEERS), lab)


def test_a_list_is_no_proof_as_long_as_it_is_good() -> None:
    fault, lab = registry.get("crl-expired"), FakeLab()
    vault_pki.with_crl(lab)
    args = fault.Args.model_validate({**vault_pki.PEERS, "remaining": "40s"})
    record = fault.prepare("vault", args, lab)
    fault.inject(record, args, lab, Random(1))
    assert lab.the_vault.tree["peers/config/crl"]["expiry"] == "40s"
    assert fault.observe(record, lab) is None


def test_a_short_list_that_is_still_out_is_not_healed() -> None:
    fault, lab = registry.get("crl-expired"), FakeLab()
    vault_pki.with_crl(lab)
    record = fault.prepare("vault", fault.Args.model_validate(vault_pki.PEERS), lab)
    lab.the_vault.tree["peers/cert/crl"] = {"certificate": vault_pki.FIRST.crl(-HOUR)}
    assert fault.healed(record, lab) is None


def begun_crl(**config: object) -> tuple[AnyFault, StrictModel, FakeLab]:
    fault, lab = registry.get("crl-expired"), FakeLab()
    vault_pki.with_crl(lab)
    lab.the_vault.tree["peers/config/crl"] |= config
    args = fault.Args.model_validate({**vault_pki.PEERS, "remaining": "1s"})
    record = fault.prepare("vault", args, lab)
    fault.inject(record, args, lab, Random(1))
    return fault, record, lab


def test_an_expiry_that_its_owner_changed_meanwhile_stays_and_is_healed() -> None:
    fault, record, lab = begun_crl()
    tree = lab.the_vault.tree
    tree["peers/config/crl"] |= {"expiry": "2h", "auto_rebuild": True}
    owners, longer = dict(tree["peers/config/crl"]), vault_pki.FIRST.crl(2 * HOUR, 2 * HOUR)
    lab.the_vault.on_read["peers/crl/rotate"] = lambda: tree.update({"peers/cert/crl": {"certificate": longer}}) or {}
    assert fault.healed(record, lab) is None  # the one that has run out is still published
    fault.undo(record, lab)
    assert fault.healed(record, lab)
    assert tree["peers/config/crl"] == owners


def test_of_what_its_owner_changed_in_part_the_rest_comes_back() -> None:
    fault, record, lab = begun_crl(auto_rebuild=True)
    config = lab.the_vault.tree["peers/config/crl"]
    assert config["auto_rebuild"] is False
    config["expiry"] = "2h"
    lab.the_vault.tree["peers/cert/crl"] = {"certificate": vault_pki.CURRENT}
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert fault.healed(record, lab)
    assert lab.the_vault.tree["peers/config/crl"] == vault_pki.CONFIG | {"expiry": "2h", "auto_rebuild": True}


def test_a_list_from_before_an_older_change_of_the_expiry_does_not_keep_it_from_healing() -> None:
    """What is built last need not have the life of what was published when the fault began."""
    fault, record, lab = begun_crl()
    longer = vault_pki.FIRST.crl(2 * HOUR, 2 * HOUR)
    tree = lab.the_vault.tree
    lab.the_vault.on_read["peers/crl/rotate"] = lambda: tree.update({"peers/cert/crl": {"certificate": longer}}) or {}
    fault.undo(record, lab)
    assert fault.healed(record, lab)
    assert tree["peers/config/crl"] == vault_pki.CONFIG


def test_the_short_life_that_the_fault_has_set_is_not_healed_as_long_as_it_is_set() -> None:
    fault, record, lab = begun_crl()
    lab.the_vault.tree["peers/cert/crl"] = {"certificate": vault_pki.CURRENT}
    assert fault.healed(record, lab) is None


@pytest.mark.parametrize(("whole", "healed"), [(40, False), (41, True)])
def test_the_list_that_the_fault_has_made_is_not_taken_for_a_new_one(whole: int, healed: bool) -> None:
    fault, lab = registry.get("crl-expired"), FakeLab()
    vault_pki.with_crl(lab)
    record = fault.prepare("vault", fault.Args.model_validate({**vault_pki.PEERS, "remaining": "40s"}), lab)
    still_good = vault_pki.FIRST.crl(timedelta(seconds=30), timedelta(seconds=whole))
    lab.the_vault.tree["peers/cert/crl"] = {"certificate": still_good}
    assert bool(fault.healed(record, lab)) is healed


def test_a_ca_that_is_gone_is_not_healed() -> None:
    fault, record, lab = begun_crl()
    lab.the_vault.tree["peers/cert/crl"] = {"certificate": vault_pki.CURRENT}
    del lab.the_vault.tree["peers/config/crl"]
    with pytest.raises(EnvironmentUnusable, match="no peers/config/crl any more"):
        fault.healed(record, lab)


def test_a_default_that_others_changed_is_no_proof_when_leaves_are_as_before() -> None:
    fault, lab = registry.get("pki-issuer-switched"), FakeLab()
    vault_pki.with_issuers(lab)
    record = fault.prepare("vault", fault.Args.model_validate(vault_pki.PEERS), lab)
    lab.the_vault.tree["peers/config/issuers"] = {"default": "id-9"}
    leaf = vault_pki.FIRST.leaf("settlements", HOUR)
    answer = {"certificate": leaf, "issuing_ca": vault_pki.FIRST.pem, "private_key": "a-private-key"}
    lab.the_vault.on_write["peers/issue/settlements"] = lambda values: answer
    assert fault.observe(record, lab) is None


def test_two_faults_of_one_ca_conflict_and_those_of_two_do_not() -> None:
    one, other = registry.get("crl-expired"), registry.get("pki-issuer-switched")
    assert one.holds("vault", one.Args(pki="peers")) == other.holds("vault", other.Args(pki="peers/"))
    assert not one.holds("vault", one.Args(pki="peers")) & other.holds("vault", other.Args(pki="pki"))


def test_who_has_no_certificate_cannot_lose_it() -> None:
    fault, lab = registry.get("client-cert-expired"), FakeLab()
    client_certificate.ready(lab)
    with pytest.raises(FaultNotPossible, match="lockout has handed no client certificate for vault to billing"):
        fault.prepare("vault", fault.Args.model_validate({"workloads": ["billing"]}), lab)


def test_a_certificate_that_is_still_good_is_not_tried() -> None:
    """A login that is accepted would count as the workload's own."""
    fault, lab = registry.get("client-cert-expired"), FakeLab()
    client_certificate.ready(lab)
    tried: list[str] = []
    lab.the_vault.refusal_of_certificate = lambda one: tried.append(one) or ""
    args = fault.Args.model_validate({"remaining": "50s"})
    record = fault.prepare("vault", args, lab)
    fault.inject(record, args, lab, Random(1))
    assert fault.observe(record, lab) is None
    assert tried == []


def test_a_refusal_for_another_reason_is_no_proof() -> None:
    fault, lab = registry.get("client-cert-expired"), FakeLab()
    client_certificate.ready(lab)
    record = fault.prepare("vault", fault.Args(), lab)
    fault.inject(record, fault.Args(), lab, Random(1))
    assert fault.observe(record, lab)
    lab.the_vault.refusal_of_certificate = lambda one: "no chain matching all constraints could be found"
    assert fault.observe(record, lab) is None


def test_a_certificate_that_somebody_else_delivered_meanwhile_stays() -> None:
    fault, lab = registry.get("client-cert-expired"), FakeLab()
    client_certificate.ready(lab)
    record = fault.prepare("vault", fault.Args(), lab)
    fault.inject(record, fault.Args(), lab, Random(1))
    newer = client_certificate.ROOT.leaf("orders", HOUR)
    lab.containers.files["orders", f"{client_certificate.FOLDER}/client.crt"] = newer
    fault.undo(record, lab)
    assert "deliver orders" not in lab.writes
    assert fault.healed(record, lab)


def test_two_workloads_of_one_role_both_get_a_short_certificate() -> None:
    fault, lab = registry.get("client-cert-expired"), FakeLab()
    client_certificate.ready(lab)
    first = lab.logins[0]
    lab.logins.append(replace(first, workload="billing"))
    for name in ("client.crt", "client.key"):
        path = f"{client_certificate.FOLDER}/{name}"
        lab.containers.files["billing", path] = lab.containers.files["orders", path]
    record = fault.prepare("vault", fault.Args(), lab)
    fault.inject(record, fault.Args(), lab, Random(1))
    issued = [number for number, what in enumerate(lab.writes) if what == "write pki/issue/orders"]
    broken = [number for number, what in enumerate(lab.writes) if what == "write pki/roles/orders"]
    assert len(issued) == 2
    assert max(issued) < min(broken)


def test_a_role_that_issues_for_any_name_is_no_proof() -> None:
    fault, lab = registry.get("client-cert-expired"), FakeLab()
    client_certificate.ready(lab)
    record = fault.prepare("vault", fault.Args(), lab)
    fault.inject(record, fault.Args(), lab, Random(1))
    assert fault.observe(record, lab)
    lab.the_vault.tree["pki/roles/orders"]["allow_any_name"] = True
    assert fault.observe(record, lab) is None


def test_an_issuer_of_the_same_name_is_not_taken_for_lockouts_own() -> None:
    fault, lab = registry.get("pki-issuer-switched"), FakeLab()
    vault_pki.with_issuers(lab)
    lab.the_vault.tree["peers/issuer/id-1"] = {"issuer_name": ISSUER}
    with pytest.raises(FaultNotPossible, match="already: left by another run"):
        fault.prepare("vault", fault.Args.model_validate(vault_pki.PEERS), lab)
