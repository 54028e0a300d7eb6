"""Samples every workload independently, at a fixed rate, on a schedule that a slow one cannot delay.

After etcd's robustness traffic clients: one task per client, and nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from harness.history.clock import RunClock
from harness.history.events import AnyEvent, ClockJumped, LeakFound, Sample
from harness.history.redaction import Redactor
from harness.probes.answer import Probe, ProbeAnswer
from harness.stops.view import MOST_PROBES, Tally

IN_FLIGHT = 32  # probes of one workload that may be unanswered at once; more if that many are sent within its timeout
KEPT = MOST_PROBES  # of the last samples of one workload
JUMP = 0.5  # seconds of drift between wall and monotonic clock that count as a jump

MakeProbe = Callable[[aiohttp.ClientSession], Probe]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one workload is sampled; times in seconds."""

    every: float
    timeout: float
    make: MakeProbe

    @property
    def in_flight(self) -> int:
        """How many probes may be unanswered at once; beyond it the missing answer is the sample."""
        return max(IN_FLIGHT, math.ceil(self.timeout / self.every) + 1)


class Sampler:
    """Runs in a thread with an event loop of its own. ``emit`` is called from that thread."""

    def __init__(
        self,
        samplings: Mapping[str, Sampling],
        clock: RunClock,
        emit: Callable[[AnyEvent], None],
        redactor: Redactor,
    ) -> None:
        self._samplings = samplings
        self._clock = clock
        self._emit = emit
        self._redactor = redactor
        self._leaks_told: set[tuple[str, str]] = set()
        self._latest: dict[str, list[tuple[float, float, bool]]] = {name: [] for name in samplings}
        # Since when a workload was down at the end of those of its samples that are not kept any more.
        self._down_before: dict[str, float | None] = dict.fromkeys(samplings)
        self._errors: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="sampler", daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()
        self._started.wait(timeout=10)

    def stop(self) -> None:
        """End sampling; samples under way are finished or timed out first."""
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        slowest = max((sampling.timeout for sampling in self._samplings.values()), default=0.0)
        self._thread.join(timeout=slowest + 5.0)

    def green_for(self, workload: str, span: float) -> bool:
        """Whether every sample answered in the last *span* seconds was ok, and they cover that span.

        By the answer, because a healthy workload that takes 0.8 s has answered hardly any of its newest probes.
        """
        now = self._clock.now()
        recent = [ok for _, answered, ok in list(self._latest[workload]) if answered >= now - span]
        needed = max(1, int(span / self._samplings[workload].every * 0.5))
        return len(recent) >= needed and all(recent)

    def tally(self, workload: str, span: float) -> Tally:
        """How many of the samples answered in the last *span* seconds failed."""
        now = self._clock.now()
        recent = [ok for _, answered, ok in list(self._latest[workload]) if answered >= now - span]
        return Tally(recent.count(False), len(recent), int(span / self._samplings[workload].every))

    def last_error(self, workload: str) -> str:
        """Why the last sample that failed did, free of secrets; empty when none has."""
        return self._errors.get(workload, "")

    def down_since(self, workload: str) -> float | None:
        """When the first of the current row of failed samples was sent; None when the last one was ok."""
        before = self._down_before[workload]
        since = None
        for t, _, ok in reversed(list(self._latest[workload])):
            if ok:
                return since
            since = t
        return since if before is None else before

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        connector = aiohttp.TCPConnector(limit=0)
        try:
            async with aiohttp.ClientSession(connector=connector) as session:
                tasks = [
                    asyncio.create_task(self._sample(name, sampling, sampling.make(session)))
                    for name, sampling in self._samplings.items()
                ]
                tasks.append(asyncio.create_task(self._watch_clock()))
                self._started.set()
                await asyncio.gather(*tasks)
        except Exception as error:  # noqa: BLE001 (the thread's top: the conductor asks for it)
            self.failure = error
        finally:
            self._started.set()

    async def _pause_until(self, moment: float) -> bool:
        """Wait until *moment* on the loop's clock; False when sampling ends before."""
        if self._stop is None or self._loop is None:
            return False
        delay = moment - self._loop.time()
        if delay <= 0:
            await asyncio.sleep(0)
            return not self._stop.is_set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), delay)
        return not self._stop.is_set()

    async def _sample(self, name: str, sampling: Sampling, probe: Probe) -> None:
        loop = asyncio.get_running_loop()
        flying: set[asyncio.Task[None]] = set()
        tick = loop.time()
        while await self._pause_until(tick):
            if len(flying) >= sampling.in_flight:
                self._record(name, self._clock.now(), 0.0, ProbeAnswer(ok=False, error="too many unanswered probes"))
            else:
                task = asyncio.create_task(self._once(name, sampling, probe))
                flying.add(task)
                task.add_done_callback(flying.discard)
                task.add_done_callback(self._note_failure)
            # From the schedule, not from now: lateness must not add up. Ticks missed altogether are not made up
            # for in a burst, which would be load without information.
            tick = max(tick + sampling.every, loop.time() - sampling.every)
        if flying:
            await asyncio.wait(flying)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """A sample that could not be taken or stored must not be missing in silence."""
        if not task.cancelled() and self.failure is None:
            self.failure = task.exception()

    async def _once(self, name: str, sampling: Sampling, probe: Probe) -> None:
        sent = self._clock.now()
        try:
            answer = await asyncio.wait_for(probe(), sampling.timeout)
        except TimeoutError:
            answer = ProbeAnswer(ok=False, error="timeout")
        self._record(name, sent, self._clock.now() - sent, answer)

    def _record(self, name: str, sent: float, latency: float, answer: ProbeAnswer) -> None:
        stamp = self._clock.at(sent)
        clean = self._redactor.redact
        error = clean(answer.error)[:200]
        if not answer.ok:
            self._errors[name] = error
        self._remember(name, sent, sent + latency, answer.ok)
        self._emit(
            Sample(
                t=stamp.t,
                wall=stamp.wall,
                source=f"sampler/{name}",
                workload=name,
                ok=answer.ok,
                latency=round(latency, 6),
                error=error,
                path=clean(answer.path)[:40],
                credential=clean(answer.credential)[:80],
                instance=clean(answer.instance)[:80],
            )
        )
        for label in self._redactor.find(answer.text):
            if (name, label) not in self._leaks_told:
                self._leaks_told.add((name, label))
                where = f"probe answer of {name}"
                self._emit(
                    LeakFound(t=stamp.t, wall=stamp.wall, source="sampler", where=where, what=label, workload=name)
                )

    def _remember(self, name: str, sent: float, answered: float, ok: bool) -> None:
        latest = self._latest[name]
        latest.append((sent, answered, ok))
        latest.sort()
        while len(latest) > KEPT:
            t, _, was_ok = latest.pop(0)
            before = self._down_before[name]
            self._down_before[name] = None if was_ok else t if before is None else before

    async def _watch_clock(self) -> None:
        loop = asyncio.get_running_loop()
        known = self._clock.drift()
        while await self._pause_until(loop.time() + 0.25):
            drift = self._clock.drift()
            if abs(drift - known) > JUMP:
                stamp = self._clock.stamp()
                self._emit(ClockJumped(t=stamp.t, wall=stamp.wall, source="sampler", delta=round(drift - known, 3)))
                known = drift
