from __future__ import annotations

import pytest

from tests.unit.checks.histories import FAIL, INCONCLUSIVE, PASS, Run, run

TO = {"to": "vault-secondary", "within": "5s"}


def sealed(back: float) -> Run:
    history = run().fault(5, 25).login("orders", 1).up("orders", 0, 5).down("orders", 5, back)
    return history.up("orders", back, 40, path="secondary").end(40)


def test_a_request_at_the_other_vault_and_access_pass() -> None:
    finding = sealed(7).login("orders", 6.9, at="vault-secondary").check("orders", "fails_over", **TO)
    assert finding.outcome is PASS
    assert finding.summary.startswith("was accepted by vault-secondary 1.9 s after inject")


@pytest.mark.parametrize(("back", "login", "outcome"), [(10.0, 10.0, PASS), (10.1, 9, FAIL), (9, 10.01, FAIL)])
def test_exactly_at_the_limit_is_in_time(back: float, login: float, outcome: object) -> None:
    history = sealed(back).login("orders", login, at="vault-secondary")
    assert history.check("orders", "fails_over", **TO).outcome is outcome


def test_its_own_word_is_not_enough() -> None:
    history = sealed(7).login("billing", 1, at="vault-secondary")
    finding = history.check("orders", "fails_over", **TO)
    assert finding.outcome is FAIL
    assert "vault-secondary accepted no request of it in the 5s after inject" in finding.summary


def test_requests_that_were_refused_or_made_before_do_not_count() -> None:
    history = sealed(7).login("orders", 6.9, at="vault-secondary", ok=False).renewal("orders", 4, at="vault-secondary")
    assert history.check("orders", "fails_over", **TO).outcome is FAIL


def test_access_lost_again_before_the_undo_fails() -> None:
    history = run().fault(5, 25).login("orders", 6.9, at="vault-secondary").up("orders", 0, 5).down("orders", 5, 7)
    history.up("orders", 7, 20).down("orders", 20, 20.2).up("orders", 20.2, 40).end(40)
    assert history.check("orders", "fails_over", **TO).outcome is FAIL


def test_access_lost_after_the_undo_is_not_its_business() -> None:
    history = run().fault(5, 25).login("orders", 6.9, at="vault-secondary").up("orders", 0, 5).down("orders", 5, 7)
    history.up("orders", 7, 25).down("orders", 25, 40).end(40)
    assert history.check("orders", "fails_over", **TO).outcome is PASS


def test_without_anything_from_the_other_vault_it_cannot_tell() -> None:
    assert sealed(7).check("orders", "fails_over", **TO).outcome is INCONCLUSIVE


def test_a_fault_undone_before_the_limit_is_inconclusive_unless_it_failed_over() -> None:
    history = run().fault(5, 7).login("billing", 1, at="vault-secondary").up("orders", 0, 40).end(40)
    assert history.check("orders", "fails_over", **TO).outcome is INCONCLUSIVE
    assert history.login("orders", 6, at="vault-secondary").check("orders", "fails_over", **TO).outcome is PASS


def test_no_sample_inside_the_window_is_inconclusive() -> None:
    history = (
        run().fault(5, 25).login("orders", 6, at="vault-secondary").up("orders", 0, 5).up("orders", 11, 40).end(40)
    )
    assert history.check("orders", "fails_over", **TO).outcome is INCONCLUSIVE


def test_a_gap_or_a_jump_of_the_clock_is_inconclusive() -> None:
    good = sealed(7).login("orders", 6.9, at="vault-secondary")
    assert good.gap(8, "vault-audit", "vault").check("orders", "fails_over", **TO).outcome is PASS
    assert good.gap(8, "vault-audit", "vault-secondary").check("orders", "fails_over", **TO).outcome is INCONCLUSIVE
    jumped = sealed(7).login("orders", 6.9, at="vault-secondary").clock_jump(6)
    assert jumped.check("orders", "fails_over", **TO).outcome is INCONCLUSIVE


def test_an_identity_provider_can_be_failed_over_to() -> None:
    history = run().fault(5, 25, "idp-down-warm", "idp").token("orders", 6, at="idp-b").up("orders", 0, 40).end(40)
    assert history.check("orders", "fails_over", to="idp-b", within="5s").outcome is PASS


def test_access_through_break_glass_is_degraded() -> None:
    history = sealed(7).login("orders", 6.9, at="vault-secondary").access("orders", 6.95, via="break-glass")
    finding = history.check("orders", "fails_over", **TO)
    assert (finding.outcome, finding.degraded) == (PASS, True)


def test_keeping_a_token_alive_at_the_other_one_is_no_fail_over() -> None:
    history = run().fault(5, 25).up("orders", 0, 40, path="cached").end(40)
    history.request("orders", 6, at="vault-secondary", path="auth/token/lookup-self")
    history.renewal("orders", 6.5, at="vault-secondary")
    assert history.check("orders", "fails_over", **TO).outcome is FAIL
    history.request("orders", 7, at="vault-secondary", path="database/creds/orders")
    assert history.check("orders", "fails_over", **TO).outcome is PASS
