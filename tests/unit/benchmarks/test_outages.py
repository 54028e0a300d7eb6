"""Outages of known length, against what the history code says of them."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.outages import LONGEST, MARGIN, SHORTEST, UP, TrueOutage, errors, schedule, with_fault
from harness.history.events import Sample


def sampled(true: TrueOutage, phase: float, period: float = 0.1, until: float = 6.0) -> list[Sample]:
    """Samples of a workload that is down exactly from ``closed`` to ``opened``."""
    times = [phase + period * n for n in range(int(until / period))]
    return [
        Sample(t=t, wall="", source="", workload="w", ok=not true.closed <= t < true.opened, latency=0) for t in times
    ]


@given(st.integers(), st.integers(1, 20))
def test_a_schedule_has_outages_of_the_lengths_promised(seed: int, count: int) -> None:
    pairs = schedule(Random(seed), count)
    assert len(pairs) == count
    assert all(SHORTEST - 1e-9 <= opening - closing <= LONGEST + 1e-9 for closing, opening in pairs)
    ups = [after[0] - before[1] for before, after in pairwise(pairs)]
    assert all(UP[0] - 1e-9 <= up <= UP[1] + 1e-9 for up in ups)


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert schedule(Random(1), 5) == schedule(Random(1), 5) != schedule(Random(2), 5)


def test_what_is_looked_at_never_reaches_into_the_next_outage() -> None:
    assert UP[0] > MARGIN


@given(st.integers())
def test_a_fault_is_undone_within_its_outage_and_injected_before(seed: int) -> None:
    true = with_fault(Random(seed), 2.0, 3.0)
    assert 2.0 - MARGIN < true.injected < 1.9
    assert 2.0 < true.undone < 3.0


def test_an_outage_right_between_samples_is_measured_without_error() -> None:
    # samples at 0.95, 1.05, … and 1.95, 2.05: the gaps' middles are 1.0 and 2.0
    true = TrueOutage(injected=0.6, closed=1.0, undone=1.5, opened=2.0)
    found = errors("w", sampled(true, 0.05), true)
    assert found is not None
    assert [one.seconds for one in found] == pytest.approx([0, 0], abs=1e-9)


def test_an_outage_that_begins_and_ends_with_a_sample_is_off_by_nothing_in_length_and_half_a_period_in_recovery() -> (
    None
):
    true = TrueOutage(injected=0.6, closed=1.0001, undone=1.5, opened=2.0001)
    found = errors("w", sampled(true, 0.0), true)
    assert found is not None
    assert found[0].seconds == pytest.approx(0, abs=1e-9)
    assert found[1].seconds == pytest.approx(0.05, abs=0.001)
    assert all(one.stated for one in found)


@settings(max_examples=200)
@given(st.integers(), st.floats(0, 0.0999), st.floats(1.0, 1.1), st.floats(SHORTEST, LONGEST))
def test_with_exact_sampling_no_error_exceeds_a_period_and_none_what_is_stated(
    seed: int, phase: float, closed: float, length: float
) -> None:
    true = with_fault(Random(seed), closed, closed + length)
    found = errors("w", sampled(true, phase), true)
    assert found is not None
    outage, recover = found
    assert outage.stated
    assert recover.stated
    assert outage.seconds <= 0.1 + 1e-6
    assert recover.seconds <= 0.05 + 1e-6


def test_a_sampler_that_sees_late_is_found_out() -> None:
    true = TrueOutage(injected=0.6, closed=1.0, undone=1.5, opened=2.0)
    seen = TrueOutage(injected=0.6, closed=1.0, undone=1.5, opened=2.3)
    found = errors("w", sampled(seen, 0.05), true)
    assert found is not None
    assert [one.seconds for one in found] == pytest.approx([0.3, 0.3])
    assert [one.stated for one in found] == [False, False]


def test_an_outage_that_no_sample_saw_has_no_error() -> None:
    true = TrueOutage(injected=0.6, closed=1.0, undone=1.5, opened=2.0)
    blind = TrueOutage(injected=0.6, closed=9.0, undone=9.0, opened=9.0)
    assert errors("w", sampled(blind, 0.05), true) is None
    assert errors("w", [], true) is None
