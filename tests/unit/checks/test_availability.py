"""stays_available and keeps_serving_cached: what samples alone decide."""

from __future__ import annotations

import pytest

from tests.unit.checks.histories import FAIL, INCONCLUSIVE, PASS, Run, run


def test_every_sample_good_passes() -> None:
    finding = run().fault(5, 7).up("orders", 0, 20).end(20).check("orders", "stays_available")
    assert (finding.outcome, finding.degraded) == (PASS, False)


def test_without_a_limit_one_failed_sample_fails() -> None:
    history = run().fault(5, 7).up("orders", 0, 6).samples("orders", "-", start=6).up("orders", 6.1, 20).end(20)
    finding = history.check("orders", "stays_available")
    assert finding.outcome is FAIL
    assert "0.1 s ± 0.1 s" in finding.summary


@pytest.mark.parametrize(("down_until", "outcome"), [(7.0, PASS), (7.1, FAIL)])
def test_an_outage_of_exactly_the_limit_passes(down_until: float, outcome: object) -> None:
    history = run().fault(5, 7).up("orders", 0, 5).down("orders", 5, down_until).up("orders", down_until, 20).end(20)
    # last good 4.9, but lockout set about it at 5: from 5 to the middle of the last gap
    assert history.check("orders", "stays_available", max_outage="1950ms").outcome is outcome


def test_outages_are_not_added_up() -> None:
    history = run().fault(5, 7).samples("orders", "+++++-----" * 20, start=5).up("orders", 25, 30).end(30)
    assert history.check("orders", "stays_available", max_outage="600ms").outcome is PASS
    assert history.check("orders", "stays_available", max_outage="400ms").outcome is FAIL


def slow_then_failed(failures: int) -> Run:
    """A good sample that takes 0.95 s, then failed ones that hang, then fast good ones that overtake them."""
    history = run().fault(5, 15).up("orders", 0, 7).sample("orders", 7, True, latency=0.95)
    for n in range(1, failures + 1):
        history.sample("orders", round(7 + n / 10, 1), False, latency=1.0)
    return history.up("orders", round(7.1 + failures / 10, 1), 20).end(20)


@pytest.mark.parametrize("failures", [1, 4])
def test_an_outage_too_short_to_measure_is_still_one(failures: int) -> None:
    history = slow_then_failed(failures)
    for name in ("stays_available", "keeps_serving_cached"):
        assert history.check("orders", name).outcome is FAIL
        assert history.check("orders", name, max_outage="1s").outcome is PASS
    [outage] = history.history().outages("orders", 5, 20)
    assert outage.seconds(20) >= 0
    assert outage.seconds(20) - outage.error <= failures / 10 <= outage.seconds(20) + outage.error


def test_what_failed_before_the_fault_does_not_count() -> None:
    history = run().down("orders", 0, 5).fault(5, 7).up("orders", 5, 20).end(20)
    assert history.check("orders", "stays_available").outcome is PASS


def test_an_outage_open_at_the_end_is_inconclusive_until_it_is_too_long() -> None:
    history = run().fault(5, 7).up("orders", 0, 19).down("orders", 19, 20).end(20)
    assert history.check("orders", "stays_available", max_outage="2s").outcome is INCONCLUSIVE
    assert history.check("orders", "stays_available", max_outage="900ms").outcome is FAIL
    assert history.check("orders", "stays_available").outcome is FAIL


def test_no_samples_or_holes_are_inconclusive() -> None:
    assert run().fault(5, 7).up("orders", 0, 5).end(20).check("orders", "stays_available").outcome is INCONCLUSIVE
    holed = run().fault(5, 7).up("orders", 0, 6).up("orders", 9, 20).end(20)
    assert holed.check("orders", "stays_available").outcome is INCONCLUSIVE
    assert holed.check("orders", "stays_available", max_outage="2s").outcome is INCONCLUSIVE
    assert holed.check("orders", "stays_available", max_outage="4s").outcome is PASS  # it cannot hide a longer one


def test_a_hole_does_not_excuse_what_was_seen() -> None:
    holed = run().fault(5, 7).down("orders", 5, 6).up("orders", 9, 20).end(20)
    assert holed.check("orders", "stays_available").outcome is FAIL


def test_samples_taken_during_teardown_do_not_count() -> None:
    history = run().fault(5, 7).up("orders", 0, 20).end(20)
    history.sample("orders", 19.95, False, latency=0.2).down("orders", 20.1, 21)
    assert history.check("orders", "stays_available").outcome is PASS


def test_available_only_through_break_glass_is_degraded() -> None:
    history = run().fault(5, 7).up("orders", 0, 6).up("orders", 6, 20, path="break-glass").end(20)
    finding = history.check("orders", "stays_available")
    assert (finding.outcome, finding.degraded) == (PASS, True)


def test_a_jump_of_the_clock_does_not_touch_samples() -> None:
    assert (
        run().fault(5, 7).up("orders", 0, 20).clock_jump(6).end(20).check("orders", "stays_available").outcome is PASS
    )


def test_cached_service_may_have_short_outages_that_are_allowed() -> None:
    # without access from 6.95 s to 7.95 s, in the middle of the fault
    history = run().fault(5, 15).samples("orders", "+" * 70 + "-" * 10 + "+" * 120).end(20)
    assert history.check("orders", "keeps_serving_cached").outcome is FAIL
    assert history.check("orders", "keeps_serving_cached", max_outage="900ms").outcome is FAIL
    finding = history.check("orders", "keeps_serving_cached", max_outage="1s")
    assert finding.outcome is PASS
    assert finding.summary == "all but 10 of 101 samples succeeded, with no outage over 1.0 s"


def test_an_outage_that_outlasts_the_fault_counts_whole() -> None:
    begun = run().fault(5, 15).up("orders", 0, 14)
    back = begun.down("orders", 14, 17).up("orders", 17, 20).end(20)
    assert back.check("orders", "keeps_serving_cached", max_outage="2s").outcome is FAIL
    assert back.check("orders", "keeps_serving_cached", max_outage="3s").outcome is PASS


def test_an_outage_that_outlasts_the_run_is_inconclusive_until_it_is_too_long() -> None:
    history = run().fault(5, 15).up("orders", 0, 14).down("orders", 14, 20).end(20)
    assert history.check("orders", "keeps_serving_cached", max_outage="2s").outcome is FAIL
    assert history.check("orders", "keeps_serving_cached", max_outage="10s").outcome is INCONCLUSIVE


def test_serving_all_through_the_fault_passes_whatever_happens_later() -> None:
    history = run().fault(5, 15).up("orders", 0, 15.1).down("orders", 15.1, 20).end(20)
    finding = history.check("orders", "keeps_serving_cached")
    assert finding.outcome is PASS
    assert finding.summary == "all 101 samples succeeded"


@pytest.mark.parametrize("t", [5.0, 9.3, 15.0])
def test_one_failed_sample_in_the_fault_fails(t: float) -> None:
    history = run().fault(5, 15).up("orders", 0, t).samples("orders", "-", start=t).up("orders", t + 0.1, 20).end(20)
    finding = history.check("orders", "keeps_serving_cached")
    assert finding.outcome is FAIL
    assert f"the first {t - 5:.1f} s after inject" in finding.summary


def test_for_limits_the_time() -> None:
    history = run().fault(5, 15).up("orders", 0, 10.1).down("orders", 10.1, 20).end(20)
    assert history.check("orders", "keeps_serving_cached", **{"for": "5s"}).outcome is PASS
    assert history.check("orders", "keeps_serving_cached", **{"for": "5100ms"}).outcome is FAIL
    assert history.check("orders", "keeps_serving_cached").outcome is FAIL


def test_a_time_cut_short_is_inconclusive() -> None:
    history = run().fault(5, 7).up("orders", 0, 10).end(10)
    assert history.check("orders", "keeps_serving_cached", **{"for": "6s"}).outcome is INCONCLUSIVE
    assert history.check("orders", "keeps_serving_cached", **{"for": "5s"}).outcome is PASS


def test_without_samples_or_undo_it_is_inconclusive() -> None:
    unseen = run().fault(5, 15).up("orders", 0, 4.9).up("orders", 15.2, 20).end(20)
    assert unseen.check("orders", "keeps_serving_cached").outcome is INCONCLUSIVE
    not_undone = run().fault(5).up("orders", 0, 20).end(20)
    assert not_undone.check("orders", "keeps_serving_cached").outcome is INCONCLUSIVE


def test_all_faults_are_meant_unless_one_is_named() -> None:
    history = run().fault(5, 7).fault(10, 12).up("orders", 0, 11).down("orders", 11, 13).up("orders", 13, 20).end(20)
    assert history.check("orders", "keeps_serving_cached").outcome is FAIL
    assert history.check("orders", "keeps_serving_cached", fault=0).outcome is PASS
    assert history.check("orders", "keeps_serving_cached", fault=1).outcome is FAIL
