"""recovers_without_restart, no_stampede, no_secret_leak and revoked_within."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checks.no_stampede import densest
from tests.unit.checks.histories import FAIL, INCONCLUSIVE, PASS, Run, run


def alive(**more: object) -> Run:
    history = run().container("orders", 0.1, "start").fault(5, 7).up("orders", 0, 5, instance="p1")
    return history.down("orders", 5, 7.2, **more).up("orders", 7.2, 20, instance="p1").end(20)


def test_the_same_process_with_access_at_the_end_passes() -> None:
    assert alive().check("orders", "recovers_without_restart").outcome is PASS


@pytest.mark.parametrize("action", ["die", "oom", "start", "restart"])
def test_a_restart_fails(action: str) -> None:
    finding = alive().container("orders", 6, action).check("orders", "recovers_without_restart")
    assert finding.outcome is FAIL
    assert "at 6.0 s" in finding.summary


def test_an_exit_says_its_code() -> None:
    finding = alive().container("orders", 6, "die", exit_code=1).check("orders", "recovers_without_restart")
    assert "exited with exit code 1" in finding.summary


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(lambda h: h.container("billing", 6, "die"), id="of another"),
        pytest.param(lambda h: h.container("orders", 6, "die", by_lockout=True), id="by lockout"),
        pytest.param(lambda h: h.container("orders", 6, "kill"), id="a signal"),
        pytest.param(lambda h: h.container("orders", 3, "die"), id="before the fault"),
        pytest.param(lambda h: h.container("orders", 20.5, "die"), id="at teardown"),
    ],
)
def test_events_that_are_no_restart(event: object) -> None:
    assert event(alive()).check("orders", "recovers_without_restart").outcome is PASS  # type: ignore[operator]


def test_a_process_restarted_inside_its_container_fails() -> None:
    history = run().container("orders", 0.1, "start").fault(5, 7).up("orders", 0, 6, instance="p1")
    history.up("orders", 6, 20, instance="p2").end(20)
    finding = history.check("orders", "recovers_without_restart")
    assert finding.outcome is FAIL
    assert "another process answered at 6.0 s" in finding.summary
    asked = history.container("orders", 5.9, "restart", by_lockout=True)
    assert asked.check("orders", "recovers_without_restart").outcome is PASS


def test_no_access_at_the_end_fails_or_is_inconclusive_if_the_run_broke_off() -> None:
    def lost(ending: str) -> Run:
        return (
            run().container("orders", 0.1, "start").fault(5, 7).up("orders", 0, 5).down("orders", 5, 20).end(20, ending)
        )

    assert lost("completed").check("orders", "recovers_without_restart").outcome is FAIL
    assert lost("stopped").check("orders", "recovers_without_restart").outcome is INCONCLUSIVE


def test_restarts_need_a_source() -> None:
    blind = run().fault(5, 7).up("orders", 0, 20).end(20)
    assert blind.check("orders", "recovers_without_restart").outcome is INCONCLUSIVE
    assert alive().gap(6, "docker-events").check("orders", "recovers_without_restart").outcome is INCONCLUSIVE
    unsampled = run().fault(5, 7).container("orders", 0.1, "start").end(20)
    assert unsampled.check("orders", "recovers_without_restart").outcome is INCONCLUSIVE


def test_without_samples_all_the_way_it_is_inconclusive() -> None:
    history = run().container("orders", 0.1, "start").fault(5, 7).up("orders", 0, 12).up("orders", 15, 20).end(20)
    assert history.check("orders", "recovers_without_restart").outcome is INCONCLUSIVE


def knocking(times: list[float]) -> Run:
    history = run().fault(5, 15).login("orders", 1).connection("orders", 1).up("orders", 0, 30).end(30)
    for t in times:
        history.connection("orders", t, outcome="upstream-unreachable")
    return history


def test_attempts_exactly_one_period_apart_do_not_count_together() -> None:
    assert knocking([6.0, 7.0, 8.0]).check("orders", "no_stampede", at_most=1, per="1s").outcome is PASS
    finding = knocking([6.0, 6.999, 8.0]).check("orders", "no_stampede", at_most=1, per="1s")
    assert finding.outcome is FAIL
    assert finding.summary == "2 attempts to authenticate within 1s, from 6.0 s on (at most 1)"


def test_attempts_before_the_fault_or_elsewhere_do_not_count() -> None:
    history = knocking([]).connection("orders", 4.5).connection("orders", 4.6)
    history.connection("orders", 6, to="idp").connection("billing", 6)
    assert history.check("orders", "no_stampede", at_most=0, per="10s").outcome is PASS


def test_a_login_over_a_connection_is_one_attempt() -> None:
    history = knocking([]).connection("orders", 16.0).login("orders", 16.05)
    assert history.check("orders", "no_stampede", at_most=1, per="10s").outcome is PASS
    # two more over the same, kept connection; one through a cut one cannot be
    assert history.login("orders", 16.5).check("orders", "no_stampede", at_most=1, per="10s").outcome is FAIL


@pytest.mark.parametrize(
    ("connected", "outcome", "attempts"), [(14.9, "relayed", 2), (15.1, "relayed", 1), (15.1, "cut", 2)]
)
def test_a_login_needs_a_connection_that_was_relayed_shortly_before(
    connected: float, outcome: str, attempts: int
) -> None:
    history = knocking([]).connection("orders", connected, outcome=outcome).login("orders", 16)
    assert history.check("orders", "no_stampede", at_most=attempts, per="10s").outcome is PASS
    assert history.check("orders", "no_stampede", at_most=attempts - 1, per="10s").outcome is FAIL


def test_requests_over_a_kept_connection_are_attempts() -> None:
    history = knocking([6.0]).connection("orders", 6.1, outcome="reused").connection("orders", 6.2, outcome="reused")
    assert history.check("orders", "no_stampede", at_most=2, per="1s").outcome is FAIL
    assert history.check("orders", "no_stampede", at_most=3, per="1s").outcome is PASS


def test_what_the_proxy_does_to_an_attempt_is_none_of_its_own() -> None:
    history = knocking([6.0]).connection("orders", 6.0, outcome="hit").connection("orders", 6.1, outcome="hit")
    assert history.check("orders", "no_stampede", at_most=1, per="1s").outcome is PASS


def test_a_login_over_a_kept_connection_is_one_attempt() -> None:
    history = knocking([]).connection("orders", 16.0, outcome="reused").login("orders", 16.05)
    assert history.check("orders", "no_stampede", at_most=1, per="10s").outcome is PASS


def test_refused_logins_and_token_requests_are_attempts() -> None:
    history = run().fault(5, 15, "token-revoked", "orders").up("orders", 0, 30).end(30)
    history.login("orders", 6, ok=False).login("orders", 6.1, ok=False).token("orders", 6.2).renewal("orders", 6.3)
    assert history.check("orders", "no_stampede", at_most=2, per="1s").outcome is FAIL
    assert history.check("orders", "no_stampede", at_most=3, per="1s").outcome is PASS


def test_attempts_that_nobody_could_have_seen_are_inconclusive() -> None:
    unseen = run().fault(5, 15).up("orders", 0, 30).end(30)
    assert unseen.check("orders", "no_stampede", at_most=5, per="1s").outcome is INCONCLUSIVE
    # Vault is sealed and writes no audit log, and no proxy stands before it
    assert (
        unseen.login("orders", 1).login("orders", 16).check("orders", "no_stampede", at_most=5, per="1s").outcome
        is INCONCLUSIVE
    )


def test_a_gap_leaves_room_for_more_attempts() -> None:
    few, many = knocking([6.0]).gap(9, "proxy-journal"), knocking([6.0, 6.1]).gap(9, "proxy-journal")
    assert few.check("orders", "no_stampede", at_most=1, per="1s").outcome is INCONCLUSIVE
    assert many.check("orders", "no_stampede", at_most=1, per="1s").outcome is FAIL
    assert many.clock_jump(6.05).check("orders", "no_stampede", at_most=1, per="1s").outcome is INCONCLUSIVE


@given(st.lists(st.integers(0, 100), max_size=40).map(sorted), st.integers(1, 30))
def test_densest_agrees_with_counting(times: list[int], per: int) -> None:
    expected = max((sum(t <= other < t + per for other in times) for t in times), default=0)
    assert densest([float(t) for t in times], float(per))[0] == expected


def test_a_leak_fails_whenever_it_was_found() -> None:
    clean = run().fault(5, 7).up("orders", 0, 20).end(20)
    assert clean.check("orders", "no_secret_leak").outcome is PASS
    assert clean.leak("billing", 21).check("orders", "no_secret_leak").outcome is PASS
    finding = clean.leak("orders", 21).check("orders", "no_secret_leak")
    assert (finding.outcome, finding.summary) == (FAIL, "token was found in logs of orders")


def test_not_to_have_looked_is_inconclusive() -> None:
    assert run().up("orders", 0, 20).check("orders", "no_secret_leak").outcome is INCONCLUSIVE
    assert run().up("orders", 0, 20).end(20, "crashed").check("orders", "no_secret_leak").outcome is INCONCLUSIVE
    assert run().up("billing", 0, 20).end(20).check("orders", "no_secret_leak").outcome is INCONCLUSIVE
    assert (
        run().up("orders", 0, 20).gap(3, "container-log", "orders").end(20).check("orders", "no_secret_leak").outcome
        is INCONCLUSIVE
    )


def revoked(old_until: float) -> Run:
    """The token (accessor a1, fingerprint old) is revoked at 5; the old credential works until *old_until*."""
    history = run().fault(5, 6, "token-revoked", "orders").login("orders", 1, accessor="a1")
    history.up("orders", 0, old_until, credential="old").up("orders", old_until, 20, credential="new")
    return history.login("orders", old_until, accessor="a2").end(20)


@pytest.mark.parametrize(("until", "outcome"), [(5.1, PASS), (8.1, PASS), (8.2, FAIL)])
def test_a_use_exactly_at_the_limit_is_in_time(until: float, outcome: object) -> None:
    assert revoked(until).check("orders", "revoked_within", limit="3s").outcome is outcome


def test_the_old_credential_may_turn_up_elsewhere() -> None:
    def check(history: Run) -> object:
        return history.check("orders", "revoked_within", limit="3s").outcome

    assert check(revoked(6).access("orders", 12, credential="new")) is PASS
    assert check(revoked(6).access("thief", 12, credential="old", allowed=False)) is PASS
    assert check(revoked(6).access("thief", 12, credential="old")) is FAIL
    assert check(revoked(6).access("thief", 8, credential="old")) is PASS  # exactly at the limit
    assert check(revoked(6).renewal("orders", 12, accessor="a1", ok=False)) is PASS
    assert check(revoked(6).renewal("orders", 12, accessor="a2")) is PASS
    assert check(revoked(6).renewal("thief", 12, accessor="a1")) is FAIL
    assert check(revoked(6).renewal("thief", 12, accessor="a1").clock_jump(11)) is INCONCLUSIVE


def test_what_cannot_be_told_about_the_old_credential() -> None:
    def check(history: Run) -> object:
        return history.check("orders", "revoked_within", limit="3s").outcome

    def start() -> Run:
        return run().fault(5, 6, "token-revoked", "orders")

    assert check(start().up("orders", 0, 20).end(20)) is INCONCLUSIVE  # neither fingerprint nor accessor
    assert check(start().up("orders", 0, 7, credential="old").end(7)) is INCONCLUSIVE  # ended before the limit
    assert check(start().up("orders", 0, 6, credential="old").up("orders", 6, 20).end(20)) is INCONCLUSIVE
    assert check(start().up("orders", 0, 6, credential="old").end(20)) is INCONCLUSIVE  # no samples after it
    assert check(start().up("orders", 0, 20).login("orders", 1).end(20)) is INCONCLUSIVE  # Vault asked nothing since
    assert check(revoked(6).gap(12, "vault-audit", "vault")) is INCONCLUSIVE


def test_no_access_at_all_is_evidence_that_it_is_of_no_use() -> None:
    history = run().fault(5, 6, "token-revoked", "orders").up("orders", 0, 5, credential="old").down("orders", 5, 20)
    assert history.end(20).check("orders", "revoked_within", limit="3s").outcome is PASS
