"""The first signal ends a run; behind a closed gate it is only noted."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from harness.run.signals import SIGNALS, Interrupted, SignalGate


@pytest.fixture(autouse=True)
def _as_in_a_terminal() -> Iterator[None]:
    """Whoever started the tests may have had hang-ups ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_hang_ups_stay_ignored_where_they_were() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    gate = SignalGate()
    with gate.installed():
        send(signal.SIGHUP)
    assert gate.noted is None


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_raised(number: signal.Signals) -> None:
    gate = SignalGate()
    with gate.installed(), pytest.raises(Interrupted) as raised:
        send(number)
    assert (raised.value.number, raised.value.name) == (number, number.name)
    assert gate.noted == number


def test_nothing_swallows_it_on_the_way_to_the_undo() -> None:
    assert not issubclass(Interrupted, Exception)


def test_a_second_signal_does_not_disturb_the_undo() -> None:
    gate = SignalGate()
    with gate.installed():
        with pytest.raises(Interrupted):
            send(signal.SIGINT)
        send(signal.SIGTERM)
        send(signal.SIGINT)
    assert gate.noted == signal.SIGINT


def test_behind_a_closed_gate_signals_are_noted() -> None:
    gate = SignalGate()
    with gate.installed():
        gate.close()
        send(signal.SIGTERM)
        send(signal.SIGINT)
    assert gate.noted == signal.SIGTERM


def test_opening_lets_through_what_was_noted() -> None:
    gate = SignalGate()
    with gate.installed():
        gate.close()
        send(signal.SIGTERM)
        with pytest.raises(Interrupted, match="SIGTERM"):
            gate.open()


def test_opening_without_a_signal_does_nothing() -> None:
    gate = SignalGate()
    with gate.installed():
        gate.close()
        gate.open()
        with pytest.raises(Interrupted):
            send(signal.SIGINT)


def test_a_signal_that_was_swallowed_can_be_asked_for() -> None:
    gate = SignalGate()
    with gate.installed():
        gate.heed()
        with suppress(Interrupted):
            send(signal.SIGTERM)
        with pytest.raises(Interrupted, match="SIGTERM"):
            gate.heed()


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    during: list[object] = []

    def fails() -> None:
        with SignalGate().installed():
            during.extend(signal.getsignal(number) for number in SIGNALS)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert not set(map(id, during)) & set(map(id, before))
