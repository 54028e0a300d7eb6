"""re_authenticates: proof from the other side, and access, both within the limit."""

from __future__ import annotations

import pytest

from tests.unit.checks.histories import FAIL, INCONCLUSIVE, PASS, Run, run

WITHIN = {"within": "10s", "after": "undo"}


def outage(back: float, *, end: float = 30.0) -> Run:
    """Vault sealed from 5 to 7; samples fail from 5 until *back*; the workload had renewed at 3."""
    history = run().fault(5, 7).renewal("orders", 3).up("orders", 0, 5).down("orders", 5, back)
    return history.up("orders", back, end).end(end)


def test_a_login_and_access_within_the_limit_pass() -> None:
    finding = outage(8.2).login("orders", 8.1).check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is PASS
    assert finding.summary == (
        "logged in again 1.1 s after undo and had access for good from 1.2 s after undo (limit 10s)"
    )
    assert not finding.degraded
    assert [e.t for e in finding.evidence] == [7, 8.1, 8.2, 8.1]


@pytest.mark.parametrize(("back", "outcome"), [(16.9, PASS), (17.0, PASS), (17.1, FAIL)])
def test_the_first_good_sample_exactly_at_the_limit_is_in_time(back: float, outcome: object) -> None:
    assert outage(back).login("orders", 8).check("orders", "re_authenticates", **WITHIN).outcome is outcome


@pytest.mark.parametrize(("login", "outcome"), [(16.99, PASS), (17.0, PASS), (17.000001, FAIL)])
def test_a_login_exactly_at_the_limit_is_in_time(login: float, outcome: object) -> None:
    assert outage(7.5).login("orders", login).check("orders", "re_authenticates", **WITHIN).outcome is outcome


def test_rounding_does_not_decide() -> None:
    # 0.1 + 0.2 is more than 0.3, by rounding alone
    history = run().fault(0.05, 0.1).login("orders", 0.2)
    history.samples("orders", "--", start=0.1).sample("orders", 0.1 + 0.2, True).end(0.5)
    assert history.check("orders", "re_authenticates", within="200ms", after="undo").outcome is PASS


def test_access_without_proof_fails_and_says_what_was_last_seen() -> None:
    finding = outage(7.5).check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is FAIL
    assert finding.summary.startswith(
        "no successful request to vault in the 10s after undo; the last was at 3.0 s (renewal at vault)"
    )


def test_a_workload_that_never_lost_access_still_needs_proof() -> None:
    history = run().fault(5, 7).login("orders", 0.5).up("orders", 0, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is FAIL
    assert history.renewal("orders", 12).check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_proof_without_access_fails() -> None:
    finding = outage(20).login("orders", 8.2).check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is FAIL
    assert finding.summary == (
        "logged in again 1.2 s after undo but had no access for good until 13.0 s after undo (limit 10s)"
    )


def test_a_workload_that_never_came_back_fails() -> None:
    history = run().fault(5, 7).login("orders", 1).up("orders", 0, 5).down("orders", 5, 30).end(30)
    finding = history.check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is FAIL
    assert "had no access at the end, 23.0 s after undo (http 503)" in finding.summary


def test_one_lost_sample_after_the_limit_fails() -> None:
    history = run().fault(5, 7).login("orders", 7.5)
    history.up("orders", 0, 5).down("orders", 5, 7.6).up("orders", 7.6, 25).samples("orders", "-", start=25)
    history.up("orders", 25.1, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is FAIL


def test_a_lost_sample_before_the_limit_only_moves_the_recovery() -> None:
    history = run().fault(5, 7).login("orders", 7.5)
    history.up("orders", 0, 5).down("orders", 5, 7.6).up("orders", 7.6, 12).samples("orders", "-", start=12)
    finding = history.up("orders", 12.1, 30).end(30).check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is PASS
    assert "from 5.1 s after undo" in finding.summary


def test_no_sample_inside_the_window_is_inconclusive() -> None:
    history = (
        run().fault(5, 7).login("orders", 8).up("orders", 0, 5).down("orders", 5, 7).up("orders", 17.1, 30).end(30)
    )
    finding = history.check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is INCONCLUSIVE
    assert finding.summary.startswith("no sample of orders from undo to 10.0 s after undo")


def test_a_hole_in_the_samples_that_hides_the_limit_is_inconclusive() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 5).down("orders", 5, 12)
    assert history.up("orders", 18, 30).end(30).check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


def test_a_hole_without_any_failed_sample_is_inconclusive() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 20).up("orders", 25, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


def test_a_hole_after_the_recovery_is_inconclusive() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 5).down("orders", 5, 7.2).up("orders", 7.2, 20)
    assert history.up("orders", 25, 30).end(30).check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


def test_samples_that_stop_before_the_end_are_inconclusive() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 5).down("orders", 5, 7.2).up("orders", 7.2, 20)
    assert history.end(30).check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


def test_samples_may_stop_when_verification_begins() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 5).down("orders", 5, 7.2).up("orders", 7.2, 20)
    history.phase(20, "verify").end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_a_hanging_probe_is_no_hole() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 5)
    for t in (5.0, 7.0, 9.0):
        history.sample("orders", t, False, latency=2.0)
    assert history.up("orders", 11, 30).end(30).check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_a_run_that_ended_before_the_limit_is_inconclusive_unless_it_was_already_well() -> None:
    down = run().fault(5, 7).login("orders", 1).up("orders", 0, 5).down("orders", 5, 12).end(12, "stopped")
    finding = down.check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is INCONCLUSIVE
    assert "cut short" in finding.summary
    assert outage(8, end=12).login("orders", 7.9).check("orders", "re_authenticates", **WITHIN).outcome is PASS
    assert outage(8, end=12).check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


def test_a_journal_that_never_showed_the_workload_cannot_tell() -> None:
    history = run().fault(5, 7).login("billing", 8).up("orders", 0, 30).end(30)
    finding = history.check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is INCONCLUSIVE
    assert "no request of orders was ever seen" in finding.summary


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda h: h.login("orders", 8, ok=False), id="refused"),
        pytest.param(lambda h: h.login("billing", 8), id="somebody else"),
        pytest.param(lambda h: h.request("orders", 8, path="sys/seal-status", accessor=""), id="without a token"),
        pytest.param(lambda h: h.login("orders", 8, at="vault-secondary"), id="at another vault"),
        pytest.param(lambda h: h.token("orders", 8), id="at an identity provider that was not at fault"),
        pytest.param(lambda h: h.login("orders", 6), id="before undo"),
        pytest.param(lambda h: h.access("orders", 8, via="break-glass").break_glass(5.5, 29), id="break-glass"),
    ],
)
def test_what_is_no_proof(wrong: object) -> None:
    assert wrong(outage(8)).check("orders", "re_authenticates", **WITHIN).outcome is FAIL  # type: ignore[operator]


def test_login_true_demands_a_login() -> None:
    history = outage(8).renewal("orders", 7.9)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is PASS
    assert history.check("orders", "re_authenticates", login=True, **WITHIN).outcome is FAIL
    assert history.login("orders", 9).check("orders", "re_authenticates", login=True, **WITHIN).outcome is PASS


def test_the_identity_provider_at_fault_must_have_issued_a_token() -> None:
    history = run().fault(5, 7, "idp-down-warm", "idp").token("orders", 1).login("orders", 8)
    history.up("orders", 0, 5).down("orders", 5, 7.5).up("orders", 7.5, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is FAIL
    assert history.check("orders", "re_authenticates", at="vault", **WITHIN).outcome is PASS
    assert history.token("orders", 7.6, endpoint="jwks").check("orders", "re_authenticates", **WITHIN).outcome is FAIL
    assert history.token("orders", 7.6).check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_a_fault_on_the_workload_itself_takes_proof_from_anybody() -> None:
    history = run().fault(5, 6, "token-revoked", "orders").token("orders", 5.2)
    history.up("orders", 0, 5).down("orders", 5, 5.3).up("orders", 5.3, 30).end(30)
    assert history.check("orders", "re_authenticates", within="2s").outcome is PASS


def test_what_happens_while_lockout_undoes_counts() -> None:
    history = run().fault(5, 7, takes=0.4).renewal("orders", 6.8)
    history.up("orders", 0, 5).down("orders", 5, 6.9).up("orders", 6.9, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_while_lockout_injects_only_a_login_counts() -> None:
    """A renewal may still have been made with the token that is just being revoked."""

    def history() -> Run:
        return run().fault(5, 8, "token-revoked", "orders", takes=0.4).login("orders", 1).up("orders", 0, 30).end(30)

    assert history().renewal("orders", 4.8).check("orders", "re_authenticates", within="2s").outcome is FAIL
    assert history().login("orders", 4.8).check("orders", "re_authenticates", within="2s").outcome is PASS
    assert history().renewal("orders", 5.1).check("orders", "re_authenticates", within="2s").outcome is PASS


def test_a_gap_in_the_journal_in_the_window_is_inconclusive() -> None:
    seen = outage(8).login("orders", 7.9)
    assert seen.gap(9, "vault-audit", "vault").check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


def test_a_gap_elsewhere_does_not_matter() -> None:
    seen = outage(8).login("orders", 7.9).gap(9, "idp-journal", "idp").gap(9, "vault-audit", "vault-secondary")
    seen.gap(20, "vault-audit", "vault").gap(6, "vault-audit", "vault")
    assert seen.check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_when_nothing_was_found_a_gap_reaches_as_far_as_the_silence_around_it() -> None:
    # reported at 6, and the next thing that this observer saw came at 20, so a login at 8 would have been missed
    silent = outage(8).gap(6, "vault-audit", "vault").renewal("orders", 20)
    assert silent.check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE
    heard = outage(8).gap(6, "vault-audit", "vault").renewal("billing", 6.5)
    assert heard.check("orders", "re_authenticates", **WITHIN).outcome is FAIL


def test_failed_samples_fail_in_spite_of_a_gap_or_a_jump_of_the_clock() -> None:
    lost = outage(20).login("orders", 8).gap(9, "vault-audit", "vault").clock_jump(9)
    assert lost.check("orders", "re_authenticates", **WITHIN).outcome is FAIL


def test_a_jump_of_the_clock_in_the_window_is_inconclusive() -> None:
    assert (
        outage(8).login("orders", 8).clock_jump(9).check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE
    )
    assert outage(8).login("orders", 8).clock_jump(18).check("orders", "re_authenticates", **WITHIN).outcome is PASS


def test_nothing_after_the_engine_began_to_go_counts() -> None:
    history = outage(20).login("orders", 8).engine_lost(25)
    # horizon: 25 - 15 = 10, before the limit at 17, and still down there
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE


@pytest.mark.parametrize(
    ("history", "why"),
    [
        pytest.param(run().up("orders", 0, 9).end(9), "no fault was injected", id="no fault"),
        pytest.param(run().fault(5).up("orders", 0, 9).end(9), "vault-sealed was not undone", id="not undone"),
    ],
)
def test_without_an_anchor_it_is_inconclusive(history: Run, why: str) -> None:
    finding = history.check("orders", "re_authenticates", **WITHIN)
    assert finding.outcome is INCONCLUSIVE
    assert finding.summary == why


def test_the_last_undo_and_the_first_inject_are_the_default_anchors() -> None:
    history = run().fault(5, 6).fault(8, 12).fault(1, 25, "break-glass-opened", "ledger").login("orders", 21)
    history.events = [e for e in history.events if getattr(e, "fault", "") != "break-glass-opened"]
    history.up("orders", 0, 30).end(30)
    assert history.check("orders", "re_authenticates", within="9s", after="undo").outcome is PASS
    assert history.check("orders", "re_authenticates", within="8s", after="undo").outcome is FAIL
    assert history.check("orders", "re_authenticates", within="16s").outcome is PASS
    assert history.check("orders", "re_authenticates", within="15s").outcome is FAIL


def test_the_last_undo_is_not_always_that_of_the_last_fault() -> None:
    history = run().fault(5, 15).fault(8, 12).login("orders", 13).up("orders", 0, 30).end(30)
    assert history.check("orders", "re_authenticates", within="5s", after="undo").outcome is FAIL
    assert history.login("orders", 19).check("orders", "re_authenticates", within="5s", after="undo").outcome is PASS


def test_acts_of_operators_are_no_anchors() -> None:
    history = run().break_glass(2, 25).fault(5, 6).login("orders", 7).up("orders", 0, 30).end(30)
    assert history.check("orders", "re_authenticates", within="1s", after="undo").outcome is PASS
    assert history.check("orders", "re_authenticates", within="2s").outcome is PASS
    assert history.check("orders", "re_authenticates", within="1s").outcome is FAIL


def test_a_claim_about_one_fault_ends_with_the_next() -> None:
    history = run().fault(5, 6, "token-revoked", "orders").fault(12, 14).login("orders", 5.4)
    history.up("orders", 0, 5).down("orders", 5, 5.5).up("orders", 5.5, 12).down("orders", 12, 30).end(30)
    assert history.check("orders", "re_authenticates", within="2s", fault=0).outcome is PASS
    assert history.check("orders", "re_authenticates", within="2s", fault="token-revoked").outcome is PASS
    assert history.check("orders", "re_authenticates", within="2s").outcome is FAIL  # about the run as a whole
    assert history.check("orders", "re_authenticates", within="8s", fault=1).outcome is FAIL
    assert history.check("orders", "re_authenticates", within="8s", fault=7).outcome is INCONCLUSIVE


def test_a_workload_still_on_break_glass_is_degraded() -> None:
    history = run().fault(5, 7).login("orders", 8).up("orders", 0, 5)
    history.up("orders", 5, 30, path="break-glass").end(30)
    finding = history.check("orders", "re_authenticates", **WITHIN)
    assert (finding.outcome, finding.degraded) == (PASS, True)


def test_the_journal_of_what_was_broken_decides_even_if_it_was_never_seen() -> None:
    history = run().fault(5, 7, role="vault").token("orders", 8).up("orders", 0, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is INCONCLUSIVE
    assert history.check("orders", "re_authenticates", at="idp", **WITHIN).outcome is PASS


def test_with_several_authorities_broken_proof_from_one_suffices_unless_one_is_named() -> None:
    history = run().fault(5, 7, role="vault").fault(5, 7, "idp-down-warm", "idp", role="idp")
    history.token("orders", 8).login("orders", 1).up("orders", 0, 30).end(30)
    assert history.check("orders", "re_authenticates", **WITHIN).outcome is PASS
    assert history.check("orders", "re_authenticates", fault=0, **WITHIN).outcome is FAIL
