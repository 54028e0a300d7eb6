"""What is special about faults of TLS listeners."""

from __future__ import annotations

from random import Random

import pytest

from harness.faults import registry
from harness.faults.base import NoArgs
from harness.faults.ports import FaultNotPossible
from tests.unit.faults.fakes import FakeLab

REFUSED = (
    "listener-cert-expired",
    "listener-cert-wrong-san",
    "listener-cert-unknown-ca",
    "listener-cert-missing-intermediate",
)
ALL = (*REFUSED, "ca-root-rotated", "thumbprint-pinned")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", ["expired", "wrong-names", "unknown-ca", "missing-intermediate", "new-root", "other"])
def test_only_its_own_kind_of_certificate_is_proof(name: str, kind: str) -> None:
    fault, lab = registry.get(name), FakeLab()
    record = fault.prepare("vault", NoArgs(), lab)
    lab.listeners["vault"].reissue(kind)
    own = {
        "expired": {"listener-cert-expired"},
        "wrong-names": {"listener-cert-wrong-san"},
        "unknown-ca": {"listener-cert-unknown-ca"},
        "missing-intermediate": {"listener-cert-missing-intermediate"},
        # Told apart from a missing intermediate only by the bundle, and that is looked at.
        "new-root": {"listener-cert-missing-intermediate", "ca-root-rotated"},
        "other": {"thumbprint-pinned"},
    }
    assert (fault.observe(record, lab) is not None) is (name in own[kind])


def test_a_new_root_that_was_handed_out_to_nobody_is_no_rotation() -> None:
    fault, lab = registry.get("ca-root-rotated"), FakeLab()
    record = fault.prepare("vault", NoArgs(), lab)
    lab.listeners["vault"].reissue("new-root")
    lab.the_bundle.knows_new_root = False
    assert fault.observe(record, lab) is None


@pytest.mark.parametrize("name", ALL)
def test_a_component_that_did_not_reload_shows_the_old_one_and_that_is_no_proof(name: str) -> None:
    fault, lab = registry.get(name), FakeLab()
    record = fault.prepare("vault", NoArgs(), lab)
    lab.listeners["vault"].kind = "expired"
    assert fault.observe(record, lab) is None


def test_connections_that_exist_are_severed_after_the_new_certificate_is_shown() -> None:
    fault, lab = registry.get("listener-cert-expired"), FakeLab()
    fault.inject(fault.prepare("vault", NoArgs(), lab), NoArgs(), lab, Random(1))
    rule = "listener-cert-expired-vault"
    assert lab.writes == ["order vault expired", "reload vault", f"apply {rule}", f"lift {rule}"]
    assert lab.the_proxy.rules == {}


def test_without_a_proxy_the_certificate_changes_all_the_same() -> None:
    fault, lab = registry.get("listener-cert-expired"), FakeLab(proxied=())
    record = fault.prepare("vault", NoArgs(), lab)
    fault.inject(record, NoArgs(), lab, Random(1))
    assert lab.writes == ["order vault expired", "reload vault"]
    fault.undo(record, lab)
    assert fault.healed(record, lab)


def test_one_whose_certificate_is_bad_already_is_left_alone() -> None:
    lab = FakeLab()
    lab.listeners["vault"].reissue("expired")
    with pytest.raises(FaultNotPossible, match="not in order as it is: certificate has expired"):
        registry.get("thumbprint-pinned").prepare("vault", NoArgs(), lab)


def test_a_certificate_that_nobody_made_here_cannot_be_given_back() -> None:
    lab = FakeLab()
    lab.listeners["vault"].kind = "other"
    with pytest.raises(FaultNotPossible, match="not the one that the lab's CA has made"):
        registry.get("listener-cert-expired").prepare("vault", NoArgs(), lab)


def test_two_roots_cannot_be_rotated_at_once() -> None:
    fault = registry.get("ca-root-rotated")
    assert fault.holds("vault", NoArgs()) & fault.holds("vault-secondary", NoArgs()) == {"trust bundle"}
    expired = registry.get("listener-cert-expired")
    assert not fault.holds("vault", NoArgs()) & expired.holds("idp", NoArgs())
    assert fault.holds("vault", NoArgs()) & expired.holds("vault", NoArgs()) == {"vault/tls"}


def test_what_lies_ready_for_the_next_reload_counts_too() -> None:
    fault, lab = registry.get("listener-cert-expired"), FakeLab()
    record = fault.prepare("vault", NoArgs(), lab)
    assert fault.healed(record, lab)
    lab.listeners["vault"].kind = "expired"
    assert fault.healed(record, lab) is None
