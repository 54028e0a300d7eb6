"""Waiting for a condition, on a clock that the test holds."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.lab import waiting
from harness.lab.waiting import wait_for


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self._sleep))

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_condition_that_is_met_costs_no_time(clock: Clock) -> None:
    assert wait_for(lambda: "ready", 10.0) == "ready"
    assert clock.slept == []


def test_it_is_asked_until_it_is_met(clock: Clock) -> None:
    answers = iter([None, "", 0, "ready"])
    assert wait_for(lambda: next(answers), 10.0, poll=0.5) == "ready"
    assert clock.slept == [0.5, 0.5, 0.5]


def test_it_is_given_up_at_the_deadline_and_not_later(clock: Clock) -> None:
    assert wait_for(lambda: None, 1.2, poll=0.5) is None
    assert clock.now == pytest.approx(101.2)
    assert clock.slept == pytest.approx([0.5, 0.5, 0.2])


def test_a_condition_that_is_met_at_the_deadline_counts(clock: Clock) -> None:
    assert wait_for(lambda: clock.now >= 101.2 - 1e-9 and "just in time", 1.2, poll=0.5) == "just in time"


def test_with_no_time_it_is_asked_once(clock: Clock) -> None:
    asked: list[int] = []
    assert wait_for(lambda: asked.append(1), 0.0) is None
    assert len(asked) == 1
    assert clock.slept == []


def test_a_condition_that_takes_longer_than_the_deadline_is_asked_once(clock: Clock) -> None:
    def slow() -> None:
        clock.now += 5.0

    assert wait_for(slow, 1.0) is None
    assert clock.now == 105.0
    assert clock.slept == []


def test_what_a_condition_raises_is_raised(clock: Clock) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wait_for(broken, 10.0)
