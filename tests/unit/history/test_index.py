"""The index: samples in columns, outages with their error, fault spans, and where evidence ends."""

from __future__ import annotations

from datetime import date
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.history import events as e
from harness.history.index import History, between
from tests.unit.checks.histories import STAMP, run


def test_samples_are_in_the_order_of_sending_with_their_texts() -> None:
    history = run().sample("orders", 2, False, path="primary").sample("orders", 1, True, credential="fp", instance="p1")
    samples = history.sample("billing", 1.5, True).end(5).history().samples("orders")
    assert list(samples.t) == [1, 2]
    assert list(samples.ok) == [1, 0]
    assert [samples.error(i) for i in range(2)] == ["", "http 503"]
    assert [samples.path(i) for i in range(2)] == ["", "primary"]
    assert [samples.credential(i) for i in range(2)] == ["fp", ""]
    assert [samples.instance(i) for i in range(2)] == ["p1", ""]


def test_a_workload_without_samples_has_none() -> None:
    samples = run().end(5).history().samples("orders")
    assert not len(samples)
    assert not samples.between(-inf, inf)
    assert samples.outages(0, 5) == []
    assert samples.hole(0, 5, 1) == (0, 5)


def test_between_includes_both_ends_and_forgives_rounding() -> None:
    samples = run().samples("orders", "++++").end(5).history().samples("orders")
    assert samples.between(0.1, 0.2) == range(1, 3)
    assert samples.between(0.1 + 1e-12, 0.2 - 1e-12) == range(1, 3)
    assert samples.between(0.11, 0.19) == range(2, 2)
    assert not samples.between(0.11, 0.19)


@pytest.mark.parametrize(
    ("pattern", "start", "end", "expected"),
    [
        ("+++---+++", 0, 9, [(2.5, 5.5, 1.0)]),
        ("+-+", 0, 2, [(0.5, 1.5, 1.0)]),
        ("+--", 0, 2, [(0.5, None, 0.5)]),
        ("--+", 0, 2, [(0, 1.5, 0.5)]),  # nothing before the first sample: from the start
        ("+-+-+", 0, 4, [(0.5, 1.5, 1.0), (2.5, 3.5, 1.0)]),
        ("++++", 0, 3, []),
        ("+---+", 2, 4, [(2, 3.5, 0.5)]),  # already without access at the start
        ("+++--+", 2.5, 5, [(2.75, 4.5, 0.75)]),  # had access at 2, so lost it between 2.5 and 3
        ("+---+", 0, 2, [(0.5, None, 0.5)]),  # what came after the time asked about does not count
        ("++---", 0, 1, []),
    ],
)
def test_outages(pattern: str, start: float, end: float, expected: list[tuple[float, float | None, float]]) -> None:
    history = run().samples("orders", pattern, every=1).end(20).history()
    found = history.outages("orders", start, end)
    assert [(o.start, o.end, o.error) for o in found] == expected


def test_an_outage_says_why_and_how_often() -> None:
    [outage] = run().samples("orders", "+--+").end(20).history().outages("orders", 0, 20)
    assert (outage.why, outage.failed) == ("http 503", 2)
    assert outage.seconds(20) == pytest.approx(0.2)


@given(
    lost=st.floats(3, 10),
    length=st.floats(0.3, 10),
    phase=st.floats(0, 0.1),
    jitter=st.lists(st.floats(0, 0.09), min_size=400, max_size=400),
)
def test_the_true_outage_is_within_the_estimate_and_its_error(
    lost: float, length: float, phase: float, jitter: list[float]
) -> None:
    history = run()
    times = [phase + 0.1 * n + shift for n, shift in enumerate(jitter)]
    for t in times:
        history.sample("orders", t, not lost <= t < lost + length)
    outages = history.end(60).history().outages("orders", 0, 60)
    assert len(outages) == 1
    assert abs(outages[0].seconds(60) - length) <= outages[0].error + 1e-9
    assert outages[0].error <= 0.2


@given(
    lost=st.floats(3, 5),
    length=st.floats(1.2, 6),
    phase=st.floats(0, 0.1),
    hangs=st.booleans(),
    patience=st.floats(0.2, 1),
)
def test_the_error_covers_probes_that_are_under_way_or_hang(
    lost: float, length: float, phase: float, hangs: bool, patience: float
) -> None:
    takes, back = 0.01, lost + length
    history = run()
    for n in range(150):
        t = phase + 0.1 * n
        if t + takes <= lost or t >= back:
            history.sample("orders", t, True, latency=takes)
        elif hangs and back + takes <= t + patience:
            history.sample("orders", t, True, latency=back + takes - t)
        else:
            history.sample("orders", t, False, latency=patience if hangs else takes)
    [outage] = history.end(60).history().outages("orders", 0, 60)
    assert abs(outage.seconds(60) - length) <= outage.error + 1e-9
    if not hangs:
        # one sampling period, and the time that a probe is under way
        assert abs(outage.seconds(60) - length) <= outage.error <= 0.1 + takes + 1e-9


def test_access_is_back_with_the_first_answer_not_with_the_first_question() -> None:
    history = run().samples("orders", "+-", every=1).sample("orders", 2, True, latency=1.5)
    [outage] = history.sample("orders", 3, True, latency=0.1).end(20).history().outages("orders", 0, 20)
    assert outage.end == pytest.approx((1 + 3.1) / 2)


def test_a_probe_under_way_when_access_was_lost() -> None:
    """Sent at 1, answered in 0.2 s as a rule: access may have been lost until 1.2, however long the probe then hung."""
    history = run().sample("orders", 0, True, latency=0.2).sample("orders", 1, False, latency=5).end(20)
    [outage] = history.history().outages("orders", 0, 20)
    assert (outage.start, outage.error) == (pytest.approx(0.6), pytest.approx(0.6))


def test_holes_are_times_without_a_probe_under_way() -> None:
    history = run().up("orders", 0, 2).sample("orders", 2, True, latency=3).up("orders", 5, 6).up("orders", 9, 10)
    samples = history.end(10).history().samples("orders")
    assert samples.hole(0, 10, 1) == (pytest.approx(5.9), 9)
    assert samples.hole(0, 6, 1) is None
    assert samples.hole(6, 7.5, 1) == (6, 7.5)
    assert samples.hole(6, 7, 1) is None  # exactly as long as allowed
    assert samples.hole(9, 12, 1) == (pytest.approx(9.9), 12)


def test_fault_spans() -> None:
    history = run().fault(5, 7, takes=0.5).fault(9, name="token-revoked", on="orders", observed=False).break_glass(6, 8)
    sealed, opened, revoked = history.end(20).history().faults
    assert (sealed.injecting, sealed.injected, sealed.observed) == (4.5, 5, 5)
    assert (sealed.undoing, sealed.undone, sealed.undo_verified) == (6.5, 7, True)
    assert (opened.fault, opened.operator) == ("break-glass-opened", True)
    assert (revoked.target, revoked.observed, revoked.undone) == ("orders", None, None)


def test_an_undo_that_worked_at_the_second_attempt() -> None:
    history = run().fault(5, 7, verified=False)
    history.add(e.FaultFailed(t=7.5, fault_id="timeline.0", stage="undo", error="timeout", **STAMP))
    history.add(e.FaultUndone(t=8, fault_id="timeline.0", verified=True, evidence="unsealed", **STAMP))
    [span] = history.history().faults
    assert (span.undone, span.undo_verified, span.undo_evidence, span.error) == (8, True, "unsealed", "timeout")


def test_a_fault_observed_only_after_its_undo_was_not_observed() -> None:
    history = run().fault(5, 7, observed=False)
    history.add(e.FaultObserved(t=8, fault_id="timeline.0", evidence="late", **STAMP))
    assert history.history().faults[0].observed is None


def test_evidence_ends_with_teardown_the_end_or_the_engine() -> None:
    assert run().up("orders", 0, 3).end(10).history().horizon == 10
    assert run().phase(8, "teardown").add(e.RunEnded(t=9, ending="completed", **STAMP)).history().horizon == 8
    assert run().up("orders", 0, 3).sample("orders", 4, False, latency=1).history().horizon == 5
    assert run().up("orders", 0, 3).engine_lost(40).end(41).history().horizon == 25


def test_nothing_after_the_horizon_is_told_except_leaks() -> None:
    history = run().end(10)
    history.login("orders", 11).access("orders", 11).connection("orders", 11).container("orders", 11, "die").token(
        "orders", 11
    )
    history.gap(11, "vault-audit").leak("orders", 11).sample("orders", 10.5, True)
    told = history.history()
    assert not any((told.requests, told.resource_accesses, told.proxy_connections, told.containers, told.gaps))
    assert not len(told.samples("orders"))
    assert len(told.leaks) == 1


def test_a_probe_cut_off_by_the_end_tells_nothing_but_its_success_does() -> None:
    history = run().sample("orders", 1, True).sample("orders", 9.8, False, latency=0.5).end(10)
    assert list(history.history().samples("orders").t) == [1]
    assert list(history.sample("orders", 9.9, True, latency=0.5).history().samples("orders").t) == [1, 9.9]


def test_the_day_of_the_run() -> None:
    late = {"source": "run", "wall": "2026-11-22T23:30:00-05:00"}
    started = e.RunStarted(t=0, run="r", scenario="s", seed=1, plan_hash="", period=1, lockout="0", **late)
    assert History.from_events([started]).day == date(2026, 11, 23)
    assert History.from_events([e.EngineLost(t=1, reason="", **late)]).day == date(2026, 11, 23)
    assert History.from_events([]).day is None
    assert History.from_events([e.EngineLost(t=1, reason="", wall="yesterday", source="")]).day is None


def test_jitter_allowed_for_follows_the_sampling_period() -> None:
    assert run().history().longest_hole == 1.0
    assert run(period=2.0).history().longest_hole == 20.0


def test_between_events() -> None:
    told = run().login("orders", 1).login("orders", 3).login("orders", 2).end(9).history()
    assert [r.t for r in between(told.vault_requests, 2, 3)] == [2, 3]
