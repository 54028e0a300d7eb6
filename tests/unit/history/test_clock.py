"""Offsets on the monotonic clock, wall time beside them, and the engine's own idea of time."""

from __future__ import annotations

import time

import pytest

from harness.history.clock import RunClock, Stamp, parse_engine_time, rfc3339

EPOCH = 1_795_341_600.0  # 2026-11-22T10:00:00Z


class Hands:
    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.wall = EPOCH

    def clock(self, skew: float = 0.0) -> RunClock:
        return RunClock(lambda: self.monotonic, lambda: self.wall, skew)


def test_the_clock_starts_at_zero() -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now() == 0.0
    assert clock.stamp() == Stamp(0.0, "2026-11-22T10:00:00.000000Z")


def test_offsets_follow_the_monotonic_clock_alone() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.monotonic += 1.25
    hands.wall += 3600.0
    assert clock.stamp() == Stamp(1.25, "2026-11-22T10:00:01.250000Z")
    assert clock.drift() == pytest.approx(3598.75)


def test_no_drift_while_both_hands_go_alike() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.monotonic += 60
    hands.wall += 60
    assert clock.drift() == 0.0


def test_stamps_are_in_microseconds() -> None:
    assert Hands().clock().at(1.23456789).t == 1.234568


def test_an_engine_that_is_ahead() -> None:
    clock = Hands().clock(skew=2.5)
    assert clock.engine_stamp(EPOCH + 3.5) == Stamp(1.0, "2026-11-22T10:00:01.000000Z")
    assert clock.engine_start() == EPOCH + 2.5


@pytest.mark.parametrize("step", [-60.0, 0.4, 3600.0])
def test_a_step_of_the_wall_clock_before_a_line_was_written_does_not_move_it(step: float) -> None:
    hands = Hands()
    clock = hands.clock()
    hands.monotonic += 5.0
    hands.wall += 5.0 + step
    assert clock.engine_stamp(hands.wall - 0.5) == Stamp(4.5, "2026-11-22T10:00:04.500000Z")
    hands.monotonic += 5.0
    hands.wall += 5.0 - step  # between writing and reading
    assert clock.engine_stamp(EPOCH + 9.5 + step).t == 9.5 + step


@pytest.mark.parametrize(("step", "start"), [(-60.0, EPOCH - 60.0), (60.0, EPOCH)])
def test_of_two_wall_clocks_at_the_start_the_earlier_counts(step: float, start: float) -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += step
    assert clock.engine_start() == start


def test_an_engine_with_a_clock_of_its_own_does_not_step_with_ours() -> None:
    hands = Hands()
    clock = hands.clock(skew=2.5)
    hands.wall += 60.0
    assert clock.engine_stamp(EPOCH + 3.5).t == 1.0


def test_a_clock_that_is_slewed_makes_no_steps() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 0.09
    assert clock.engine_stamp(EPOCH + 1.0).t == 1.0


def test_a_thread_that_is_held_up_between_two_looks_is_no_drift() -> None:
    hands = Hands()
    held_up = iter([0.0, 0.3])

    def wall() -> float:
        seen = hands.wall
        delay = next(held_up, 0.0)
        hands.monotonic += delay
        hands.wall += delay
        return seen

    clock = RunClock(lambda: hands.monotonic, wall)
    assert clock.drift() == pytest.approx(0.0, abs=1e-6)


def test_an_engine_that_is_behind_may_speak_of_before_the_start() -> None:
    clock = Hands().clock(skew=-2.0)
    assert clock.engine_stamp(EPOCH - 3.0).t == -1.0


def test_the_real_clock_goes_forward() -> None:
    clock = RunClock()
    first = clock.stamp()
    time.sleep(0.002)
    second = clock.stamp()
    assert 0 <= first.t < second.t < 1
    assert first.wall < second.wall
    assert abs(clock.drift()) < 0.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-22T10:00:00Z", EPOCH),
        ("2026-11-22T10:00:00.5Z", EPOCH + 0.5),
        ("2026-11-22T10:00:00.000000000Z", EPOCH),
        ("2026-11-22T10:00:00.123456789Z", EPOCH + 0.123456789),
        ("2026-11-22T10:00:59.999999999Z", EPOCH + 59.999999999),
        ("1970-01-01T00:00:00.25Z", 0.25),
    ],
)
def test_engine_times(text: str, seconds: float) -> None:
    assert parse_engine_time(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("text", ["", "now", "2026-11-22", "1795341600"])
def test_what_is_no_engine_time(text: str) -> None:
    if text == "2026-11-22":
        assert parse_engine_time(text) == EPOCH - 36_000  # midnight
        return
    with pytest.raises(ValueError, match=r"Invalid isoformat string|year .* is out of range"):
        parse_engine_time(text)


def test_engine_times_and_ours_agree() -> None:
    clock = RunClock()
    assert clock.engine_stamp(parse_engine_time(clock.at(2.5).wall)).t == pytest.approx(2.5, abs=1e-5)


def test_rfc3339() -> None:
    assert rfc3339(EPOCH + 0.000001) == "2026-11-22T10:00:00.000001Z"
