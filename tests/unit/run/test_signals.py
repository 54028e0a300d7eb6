"""The first signal ends a run; behind a closed gate it is only noted."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from harness.run.signals import KNOCK, SIGNALS, EndedEarly, Interrupted, SignalGate, Stopped, watched


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


# Stopped by a watch


def test_a_watch_gets_the_main_thread_out_of_whatever_it_waits_for() -> None:
    gate = SignalGate()
    began = time.monotonic()
    with gate.installed(), pytest.raises(Stopped, match=r"^enough$") as raised, watched(gate, lambda: "enough"):
        time.sleep(30)
    assert time.monotonic() - began < 10
    assert (raised.value.ending, raised.value.reason) == ("stopped", "enough")
    assert gate.noted is None, "it was no signal of a user"


def test_nothing_swallows_a_stop_either() -> None:
    assert issubclass(Stopped, EndedEarly)
    assert not issubclass(EndedEarly, Exception)
    assert not issubclass(Stopped, Interrupted)


def test_a_watch_that_sees_nothing_disturbs_nobody() -> None:
    gate, asked = SignalGate(), threading.Event()

    def look() -> None:
        asked.set()

    with gate.installed():
        with watched(gate, look):
            assert asked.wait(10)
        gate.heed()
    assert not [thread for thread in threading.enumerate() if thread.name == "stop-watch"]


def test_a_stop_does_not_disturb_the_undo() -> None:
    gate = SignalGate()
    with gate.installed():
        gate.close()
        gate.stop("enough", for_good=True)
        send(KNOCK)
        with pytest.raises(Stopped, match="enough"):
            gate.open()


def test_a_stop_for_good_ends_the_runs_to_come_and_another_does_not() -> None:
    gate = SignalGate()
    gate.stop("this one is too long", for_good=False)
    with pytest.raises(Stopped):
        gate.heed()
    gate.open()
    gate.stop("the lever", for_good=True)
    gate.stop("too late", for_good=False)
    for _ in range(2):
        with pytest.raises(Stopped, match="the lever"):
            gate.open()


def test_a_stop_for_good_is_not_lost_while_another_ends_the_run() -> None:
    gate = SignalGate()
    gate.stop("this one is too long", for_good=False)
    gate.stop("the lever", for_good=True)
    with pytest.raises(Stopped, match="this one is too long"):
        gate.heed()
    with pytest.raises(Stopped, match="the lever"):
        gate.open()


def test_a_knock_of_somebody_else_means_nothing() -> None:
    with SignalGate().installed():
        send(KNOCK)


def test_a_signal_comes_before_a_stop() -> None:
    gate = SignalGate()
    with gate.installed():
        gate.close()
        gate.stop("enough", for_good=True)
        send(signal.SIGINT)
        with pytest.raises(Interrupted):
            gate.open()
