"""uses_break_glass, break_glass_intact and fails_closed: what the resource's own journal decides."""

from __future__ import annotations

import pytest

from tests.unit.checks.histories import FAIL, INCONCLUSIVE, PASS, Run, run


def emergency(back: float = 9.0) -> Run:
    """Vault sealed from 5 to 25, break-glass open from 8 to 20, the workload without access from 5 until *back*."""
    history = run().fault(5, 25).break_glass(8, 20).access("orders", 1).up("orders", 0, 5).down("orders", 5, back)
    return history.up("orders", back, 20, path="break-glass").down("orders", 20, 25).up("orders", 25, 40).end(40)


def used(t: float, **more: object) -> Run:
    return emergency().access("orders", t, via="break-glass", **more)


def test_it_passes_as_degraded() -> None:
    finding = used(8.9).check("orders", "uses_break_glass", within="10s")
    assert (finding.outcome, finding.degraded) == (PASS, True)
    assert finding.summary.startswith("used break-glass 3.9 s after inject")


@pytest.mark.parametrize(("within", "outcome"), [("3900ms", FAIL), ("4s", PASS)])
def test_the_limit_counts_from_inject(within: str, outcome: object) -> None:
    assert used(8.9).check("orders", "uses_break_glass", within=within).outcome is outcome


@pytest.mark.parametrize(("within", "outcome"), [("900ms", FAIL), ("1s", PASS)])
def test_the_limit_may_count_from_opening(within: str, outcome: object) -> None:
    assert used(8.9).check("orders", "uses_break_glass", within=within, after="opening").outcome is outcome


def test_a_limit_before_the_opening_is_inconclusive() -> None:
    assert used(8.9).check("orders", "uses_break_glass", within="2s").outcome is INCONCLUSIVE


def test_never_opened_is_inconclusive() -> None:
    history = run().fault(5, 25).access("orders", 1).up("orders", 0, 40).end(40)
    assert history.check("orders", "uses_break_glass", within="10s").outcome is INCONCLUSIVE


def test_access_by_other_means_fails() -> None:
    finding = emergency().check("orders", "uses_break_glass", within="10s")
    assert finding.outcome is FAIL
    assert "never used break-glass" in finding.summary


def test_refused_attempts_are_told() -> None:
    finding = used(8.5, allowed=False, reason="wrong scope").check("orders", "uses_break_glass", within="10s")
    assert finding.outcome is FAIL
    assert "refused 1 times: wrong scope" in finding.summary


def test_use_without_access_fails() -> None:
    history = emergency(back=20).access("orders", 8.9, via="break-glass")
    assert history.check("orders", "uses_break_glass", within="10s").outcome is FAIL


@pytest.mark.parametrize(("t", "outcome"), [(7.99, FAIL), (8.0, PASS), (20.0, PASS), (20.01, FAIL)])
@pytest.mark.parametrize("expectation", ["uses_break_glass", "break_glass_intact"])
def test_a_use_outside_the_open_time_fails(expectation: str, t: float, outcome: object) -> None:
    args = {"within": "10s"} if expectation == "uses_break_glass" else {}
    history = used(8.9).access("orders", t, via="break-glass")
    assert history.check("orders", expectation, **args).outcome is outcome


@pytest.mark.parametrize("expectation", ["uses_break_glass", "break_glass_intact"])
def test_a_use_by_somebody_unknown_fails_and_by_another_does_not(expectation: str) -> None:
    args = {"within": "10s"} if expectation == "uses_break_glass" else {}
    assert used(8.9).access("", 30, via="break-glass").check("orders", expectation, **args).outcome is FAIL
    assert used(8.9).access("billing", 30, via="break-glass").check("orders", expectation, **args).outcome is PASS


@pytest.mark.parametrize("expectation", ["uses_break_glass", "break_glass_intact"])
def test_a_gap_anywhere_or_a_jump_leaves_it_open(expectation: str) -> None:
    args = {"within": "10s"} if expectation == "uses_break_glass" else {}
    assert used(8.9).gap(35, "resource-journal", "ledger").check("orders", expectation, **args).outcome is INCONCLUSIVE
    assert used(8.9).clock_jump(35).check("orders", expectation, **args).outcome is INCONCLUSIVE
    moved = used(8.9).clock_jump(7).access("orders", 7.5, via="break-glass")
    assert moved.check("orders", expectation, **args).outcome is INCONCLUSIVE


def test_intact_reports_attempts_that_were_refused() -> None:
    finding = used(8.9).access("orders", 3, via="break-glass", allowed=False).check("orders", "break_glass_intact")
    assert finding.outcome is PASS
    assert "1 attempts were refused" in finding.summary


def test_intact_needs_a_journal() -> None:
    assert run().fault(5, 6).up("orders", 0, 9).end(9).check("orders", "break_glass_intact").outcome is INCONCLUSIVE


def test_an_undo_before_the_opening_ends_nothing() -> None:
    history = run().fault(5, 5.2, "token-revoked", "vault").break_glass(8, 20).access("orders", 8.9, via="break-glass")
    history.up("orders", 0, 5).down("orders", 5, 9).up("orders", 9, 20).down("orders", 20, 30).end(30)
    assert history.check("orders", "uses_break_glass", within="10s").outcome is PASS


def test_never_closed_stays_open() -> None:
    history = run().fault(5, 25).break_glass(8).access("orders", 30, via="break-glass").up("orders", 0, 40).end(40)
    assert history.check("orders", "break_glass_intact").outcome is PASS


def closed(opened_at: float = 7.0, *, until: float = 20.0) -> Run:
    """The token is revoked from 5 to 20; samples go on succeeding until *opened_at*."""
    history = run().fault(5, until, "token-revoked", "orders").access("orders", 1).up("orders", 0, opened_at)
    return history.down("orders", opened_at, 20).up("orders", 20, 30).end(30)


@pytest.mark.parametrize(("still", "outcome"), [(7.0, PASS), (7.1, FAIL)])
def test_fails_closed_from_the_limit_on(still: float, outcome: object) -> None:
    finding = closed(still).check("orders", "fails_closed", within="2s")
    assert finding.outcome is outcome


def test_fails_closed_believes_the_resource_too() -> None:
    assert closed().access("orders", 6.9).check("orders", "fails_closed", within="2s").outcome is PASS
    assert closed().access("orders", 12).check("orders", "fails_closed", within="2s").outcome is FAIL
    assert closed().access("orders", 12, allowed=False).check("orders", "fails_closed", within="2s").outcome is PASS
    assert closed().access("orders", 20).check("orders", "fails_closed", within="2s").outcome is PASS
    assert closed().access("orders", 21).check("orders", "fails_closed", within="2s").outcome is PASS


def test_fails_closed_lets_open_break_glass_pass() -> None:
    history = closed().break_glass(8, 18).access("orders", 12, via="break-glass")
    history.sample("orders", 12.05, True, path="break-glass")
    assert history.check("orders", "fails_closed", within="2s").outcome is PASS
    assert closed().access("orders", 12, via="break-glass").check("orders", "fails_closed", within="2s").outcome is FAIL


def test_a_probe_answered_after_the_undo_does_not_count() -> None:
    history = closed().sample("orders", 19.95, True, latency=0.2)
    assert history.check("orders", "fails_closed", within="2s").outcome is PASS


def test_fails_closed_is_inconclusive_without_evidence() -> None:
    assert closed(until=6.5).check("orders", "fails_closed", within="2s").outcome is INCONCLUSIVE
    unseen = run().fault(5, 20, "token-revoked", "orders").up("orders", 0, 5).up("orders", 20, 30).end(30)
    assert unseen.check("orders", "fails_closed", within="2s").outcome is INCONCLUSIVE
    holed = run().fault(5, 20, "token-revoked", "orders").down("orders", 5, 12).down("orders", 16, 20).end(20)
    assert holed.check("orders", "fails_closed", within="2s").outcome is INCONCLUSIVE
    gap = closed().gap(12, "resource-journal", "ledger")
    assert gap.check("orders", "fails_closed", within="2s").outcome is INCONCLUSIVE
    jump = closed().access("orders", 12).clock_jump(11)
    assert jump.check("orders", "fails_closed", within="2s").outcome is INCONCLUSIVE
    assert closed(9).clock_jump(11).check("orders", "fails_closed", within="2s").outcome is FAIL
