"""Every workload on a schedule of its own, and no answer is an answer, too."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from contextlib import suppress

import aiohttp
import pytest

from harness.history.clock import RunClock
from harness.history.events import AnyEvent, ClockJumped, Sample
from harness.probes import sampler
from harness.probes.answer import Probe, ProbeAnswer
from harness.probes.sampler import IN_FLIGHT, Sampling
from harness.stops.view import Tally
from tests.unit.probes.support import OK, Watched, always, sampling, until


def test_samples_are_sent_at_the_rate_that_was_asked_for() -> None:
    watched = Watched({"orders": sampling(always(OK), every=0.02)})
    with watched.running():
        until(lambda: len(watched.samples("orders")) >= 25)
    sent = [sample.t for sample in watched.samples("orders")]
    assert sent == sorted(sent)
    assert 24 * 0.02 - 0.02 <= sent[24] - sent[0] <= 24 * 0.02 + 0.15


def test_lateness_does_not_add_up() -> None:
    def busy(event: AnyEvent) -> None:
        time.sleep(0.014)  # a schedule counted from "now" would fall behind by this much with every sample

    watched = Watched({"orders": sampling(always(OK), every=0.02)}, on_emit=busy)
    with watched.running():
        until(lambda: len(watched.samples("orders")) >= 41)
    sent = [sample.t for sample in watched.samples("orders")]
    assert sent[40] - sent[0] < 40 * 0.02 + 0.5 < 40 * 0.034


def test_missed_ticks_are_not_made_up_for_in_a_burst() -> None:
    stalled = False

    def stall(event: AnyEvent) -> None:
        nonlocal stalled
        if not stalled:
            stalled = True
            time.sleep(0.3)

    watched = Watched({"orders": sampling(always(OK), every=0.02)}, on_emit=stall)
    with watched.running():
        until(lambda: len(watched.samples("orders")) >= 12)
    sent = [sample.t for sample in watched.samples("orders")]
    hole = max(range(1, 12), key=lambda i: sent[i] - sent[i - 1])
    assert sent[hole] - sent[hole - 1] >= 0.25
    burst = [t for t in sent if sent[hole] <= t < sent[hole] + 0.015]
    assert len(burst) <= 3, "fifteen ticks were missed, and no more than the last of them may be caught up"


def test_a_slow_workload_does_not_delay_another() -> None:
    async def slow() -> ProbeAnswer:
        await asyncio.sleep(0.4)
        return OK

    watched = Watched({"slow": sampling(slow, every=0.02), "quick": sampling(always(OK), every=0.02)})
    with watched.running():
        until(lambda: watched.samples("slow"))
        quick = len(watched.samples("quick"))
        latency = watched.samples("slow")[0].latency
    assert quick >= 12
    assert 0.4 <= latency < 0.6
    sent = [sample.t for sample in watched.samples("slow")]
    assert min(b - a for a, b in itertools.pairwise(sent)) < 0.1, "it is not even delayed by itself"


def test_no_answer_in_time_is_a_failed_sample() -> None:
    async def never() -> ProbeAnswer:
        await asyncio.Event().wait()
        return OK

    watched = Watched({"orders": sampling(never, every=0.05, timeout=0.1)})
    with watched.running():
        until(lambda: watched.samples("orders"))
    first = watched.samples("orders")[0]
    assert (first.ok, first.error) == (False, "timeout")
    assert 0.1 <= first.latency < 0.3
    assert first.t < 0.1, "a sample is dated by when it was sent"
    assert watched.sampler.failure is None


def test_unanswered_probes_are_limited() -> None:
    release: asyncio.Event | None = None
    at_once = most = 0

    async def waits() -> ProbeAnswer:
        nonlocal release, at_once, most
        release = release or asyncio.Event()
        at_once += 1
        most = max(most, at_once)
        while not release.is_set():
            with suppress(asyncio.CancelledError):  # one that does not end when its time is over
                await release.wait()
        at_once -= 1
        return OK

    watched = Watched({"orders": sampling(waits, every=0.005, timeout=0.1)})
    watched.sampler.start()
    until(lambda: len(watched.samples("orders")) >= 5)
    assert watched.sampler._loop is not None
    assert release is not None
    watched.sampler._loop.call_soon_threadsafe(release.set)
    watched.sampler.stop()
    assert most == IN_FLIGHT
    beyond = [sample for sample in watched.samples("orders") if not sample.ok]
    assert {(sample.error, sample.latency) for sample in beyond} == {("too many unanswered probes", 0.0)}
    assert sum(sample.ok for sample in watched.samples("orders")) >= IN_FLIGHT, "those under way were finished"


@pytest.mark.parametrize(
    ("every", "timeout", "limit"), [(0.1, 1.0, 32), (0.1, 3.1, 32), (0.1, 3.2, 33), (0.1, 60.0, 601), (1.0, 0.1, 32)]
)
def test_a_workload_that_may_take_its_time_is_asked_all_the_same(every: float, timeout: float, limit: int) -> None:
    assert sampling(always(OK), every, timeout).in_flight == limit


def test_what_a_workload_says_of_itself_is_recorded() -> None:
    said = ProbeAnswer(ok=True, path="cached", credential="sha256:ab", instance="i-1", text="all well")
    watched = Watched({"orders": sampling(always(said))})
    with watched.running():
        until(lambda: watched.samples("orders"))
    sample = watched.samples("orders")[0]
    assert (sample.path, sample.credential, sample.instance) == ("cached", "sha256:ab", "i-1")
    assert sample.source == "sampler/orders"
    assert sample.wall.endswith("Z")


def test_a_secret_in_an_answer_is_reported_once() -> None:
    said = ProbeAnswer(ok=True, text="here: hunter2-hunter2")
    secrets = {"db-password": "hunter2-hunter2", "other": "nowhere to be found"}
    watched = Watched({"a": sampling(always(said)), "b": sampling(always(OK))}, secrets=secrets)
    with watched.running():
        until(lambda: len(watched.samples("a")) >= 5 and len(watched.samples("b")) >= 5)
    [leak] = watched.leaks()
    assert (leak.workload, leak.what, leak.where) == ("a", "db-password", "probe answer of a")


def test_a_wall_clock_that_jumps_is_reported_once() -> None:
    offset = 0.0
    clock = RunClock(wall=lambda: time.time() + offset)
    watched = Watched({"orders": sampling(always(OK))}, clock=clock)

    def jumps() -> list[ClockJumped]:
        return [event for event in watched.events if isinstance(event, ClockJumped)]

    with watched.running():
        until(lambda: watched.samples("orders"))
        offset = 0.4  # as much as an adjusted clock may slew; not a jump
        time.sleep(0.3)
        assert jumps() == []
        offset = -60.0
        until(jumps)
        time.sleep(0.3)
    [jump] = jumps()
    assert jump.delta == pytest.approx(-60.0, abs=0.01)


def test_a_probe_that_breaks_is_not_passed_over() -> None:
    async def broken() -> ProbeAnswer:
        raise RuntimeError("a mistake of ours")

    watched = Watched({"orders": sampling(broken)})
    with watched.running():
        until(lambda: watched.sampler.failure)
    assert isinstance(watched.sampler.failure, RuntimeError)


def test_a_sample_that_cannot_be_stored_is_not_passed_over() -> None:
    def full(event: AnyEvent) -> None:
        raise OSError(28, "No space left on device")

    watched = Watched({"orders": sampling(always(OK))}, on_emit=full)
    with watched.running():
        until(lambda: watched.sampler.failure)
    assert isinstance(watched.sampler.failure, OSError)


def test_a_probe_that_cannot_be_made_fails_the_sampler_and_does_not_hang_it() -> None:
    def make(session: aiohttp.ClientSession) -> Probe:
        raise ValueError("no such port")

    watched = Watched({"orders": Sampling(every=0.1, timeout=1.0, make=make)})
    began = time.monotonic()
    with watched.running():
        until(lambda: watched.sampler.failure)
    assert time.monotonic() - began < 5
    assert isinstance(watched.sampler.failure, ValueError)


def test_stopping_finishes_the_samples_under_way() -> None:
    async def slow() -> ProbeAnswer:
        await asyncio.sleep(0.2)
        return OK

    watched = Watched({"orders": sampling(slow, every=10.0)})
    watched.sampler.start()
    time.sleep(0.05)
    watched.sampler.stop()
    assert [sample.ok for sample in watched.samples("orders")] == [True]


# What the conductor asks. The clock stands still here, so that limits can be met exactly.


class Known:
    """A sampler that was told its samples."""

    def __init__(self, every: float = 0.1, secrets: Mapping[str, str] | None = None) -> None:
        self.now = 0.0
        clock = RunClock(monotonic=lambda: self.now, wall=lambda: 1_800_000_000.0 + self.now)
        self.watched = Watched({"orders": sampling(always(OK), every=every)}, clock=clock, secrets=secrets)
        self.sampler = self.watched.sampler

    def saw(self, *samples: tuple[float, bool], latency: float = 0.0) -> Known:
        for t, ok in samples:
            self.sampler._record("orders", t, latency, ProbeAnswer(ok=ok, error="" if ok else f"failed at {t}"))
        return self

    def at(self, now: float) -> Known:
        self.now = now
        return self


def row(start: float, end: float, ok: bool = True) -> list[tuple[float, bool]]:
    return [(round(start + i * 0.1, 3), ok) for i in range(round((end - start) * 10) + 1)]


@pytest.mark.parametrize(
    ("samples", "green"),
    [
        ([], False),
        (row(1.0, 2.0), True),
        ([*row(1.0, 1.9), (2.0, False)], False),
        ([(1.0, False), *row(1.1, 2.0)], False),  # just inside the span
        ([(0.99, False), *row(1.0, 2.0)], True),  # just outside
        (row(1.6, 2.0), True),  # half of the samples due are enough
        (row(1.7, 2.0), False),  # fewer are not
        (row(0.0, 0.9), False),  # it was green once
    ],
)
def test_green_for_a_second(samples: list[tuple[float, bool]], green: bool) -> None:
    assert Known().saw(*samples).at(2.0).sampler.green_for("orders", 1.0) is green


def test_a_slow_workload_can_be_green() -> None:
    # At 2.0 s the probes sent from 1.2 s on are not answered yet.
    assert Known().saw(*row(0.0, 1.2), latency=0.8).at(2.0).sampler.green_for("orders", 1.0)


def test_one_sample_is_the_least_that_makes_green() -> None:
    known = Known(every=5.0)
    assert not known.at(2.0).sampler.green_for("orders", 1.0)
    assert known.saw((1.5, True)).sampler.green_for("orders", 1.0)


@pytest.mark.parametrize(
    ("samples", "since"),
    [
        ([], None),
        ([(1.0, True)], None),
        ([(1.0, False)], 1.0),
        ([(1.0, True), (1.1, False), (1.2, False)], 1.1),
        ([(1.0, False), (1.1, True)], None),
        ([(1.0, False), (1.1, True), (1.2, False)], 1.2),
        ([(1.1, False), (1.2, False), (1.0, True)], 1.1),  # answers arrive in any order
        ([(1.0, False), (1.2, False), (1.1, True)], 1.2),
    ],
)
def test_down_since(samples: list[tuple[float, bool]], since: float | None) -> None:
    assert Known().saw(*samples).at(2.0).sampler.down_since("orders") == since


@pytest.mark.parametrize(
    ("samples", "tally"),
    [
        ([], Tally(0, 0, 10)),
        (row(1.0, 2.0), Tally(0, 11, 10)),
        ([(0.99, False), *row(1.0, 1.5), *row(1.6, 2.0, ok=False)], Tally(5, 11, 10)),  # one just outside the span
        ([(1.0, False)], Tally(1, 1, 10)),
    ],
)
def test_a_tally_of_a_second(samples: list[tuple[float, bool]], tally: Tally) -> None:
    assert Known().saw(*samples).at(2.0).sampler.tally("orders", 1.0) == tally


def test_how_long_a_workload_is_down_is_known_longer_than_its_samples_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "KEPT", 10)
    known = Known().saw((0.9, True), *row(1.0, 9.0, ok=False)).at(9.0)
    assert known.sampler.down_since("orders") == 1.0
    known.saw((9.1, True))
    assert known.sampler.down_since("orders") is None
    known.saw(*row(9.2, 20.0, ok=False))
    assert known.sampler.down_since("orders") == 9.2
    known.saw(*row(20.1, 30.0))
    assert known.sampler.down_since("orders") is None
    known.saw(*row(30.1, 30.3, ok=False))
    assert known.sampler.down_since("orders") == 30.1


def test_texts_are_redacted_before_they_are_cut() -> None:
    secret = "hunter2-hunter2"
    known = Known(secrets={"key": secret})
    answer = ProbeAnswer(
        ok=False, error="x" * 190 + secret, path="x" * 30 + secret, credential="x" * 70 + secret, instance=secret
    )
    known.sampler._record("orders", 1.0, 0.0, answer)
    [sample] = known.watched.samples("orders")
    assert sample.error == "x" * 190 + "[redacted:"
    assert (sample.path, sample.credential) == ("x" * 30 + "[redacted:", "x" * 70 + "[redacted:")
    assert sample.instance == "[redacted:key]"
    assert known.sampler.last_error("orders") == sample.error


def test_long_texts_are_cut() -> None:
    known = Known()
    answer = ProbeAnswer(ok=False, **dict.fromkeys(("error", "path", "credential", "instance"), "x" * 1000))
    known.sampler._record("orders", 1.0, 0.0, answer)
    [sample] = known.watched.samples("orders")
    assert [len(text) for text in (sample.error, sample.path, sample.credential, sample.instance)] == [200, 40, 80, 80]


def test_last_error_is_that_of_the_last_failed_sample() -> None:
    known = Known()
    assert known.sampler.last_error("orders") == ""
    known.saw((1.0, False), (1.1, False), (1.2, True))
    assert known.sampler.last_error("orders") == "failed at 1.1"
    assert known.sampler.last_error("nobody") == ""


def test_a_sample_is_stamped_with_when_it_was_sent() -> None:
    known = Known().at(7.5).saw((2.25, True))
    [sample] = known.watched.events
    assert isinstance(sample, Sample)
    assert (sample.t, sample.wall, sample.latency) == (2.25, "2027-01-15T08:00:02.250000Z", 0.0)
