"""The samples of one workload, in columns, and the outages that they show."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

TOLERANCE = 1e-9
"""Seconds by which two moments may differ and still be the same: rounding, not sampling error."""

SHORTEST_HOLE = 1.0
"""Seconds without any probe under way that are worth remembering."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without access, as estimated from samples.

    It began between the last good and the first failed sample, and ended between the last failed and the next
    good one (see :meth:`Samples.changed`). ``start`` and ``end`` are the middles of these gaps, ``error`` is half the
    sum of the gaps: the true length is within :meth:`seconds` ± ``error``. ``end`` is None if no good sample followed.
    """

    start: float
    end: float | None
    error: float
    why: str  # what the first failed sample said
    failed: int  # how many samples failed
    seen: float  # when the first of them was sent

    def seconds(self, until: float) -> float:
        """Its length; one that did not end is counted up to *until*."""
        return (until if self.end is None else self.end) - self.start


class Samples:
    """Samples of one workload in the order in which the probes were sent.

    A sample is named by its index. ``t`` (seconds) and ``latency`` (seconds) are arrays of float, ``ok`` is a
    bytearray of 0 and 1; the texts are kept once each and looked up by :meth:`error` and its like.
    """

    __slots__ = ("_codes", "_quiet", "_texts", "latency", "ok", "t")

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.t = array("d")
        self.ok = bytearray()
        self.latency = array("d")
        # error, path, credential, instance of each sample, as indices of _texts
        self._codes = (array("I"), array("I"), array("I"), array("I"))
        self._texts = texts
        self._quiet: list[tuple[float, float]] | None = None

    def __len__(self) -> int:
        return len(self.t)

    def error(self, i: int) -> str:
        return self._texts[self._codes[0][i]]

    def path(self, i: int) -> str:
        return self._texts[self._codes[1][i]]

    def credential(self, i: int) -> str:
        return self._texts[self._codes[2][i]]

    def instance(self, i: int) -> str:
        return self._texts[self._codes[3][i]]

    def paths(self, where: range) -> set[str]:
        """The access paths named by the samples of a range."""
        return {self._texts[code] for code in set(self._codes[1][where.start : where.stop])} - {""}

    def answered(self, i: int) -> float:
        """When the answer came, or the probe gave up."""
        return self.t[i] + self.latency[i]

    def between(self, start: float, end: float) -> range:
        """Indices of the samples sent from *start* to *end*, both included."""
        return range(bisect_left(self.t, start - TOLERANCE), bisect_right(self.t, end + TOLERANCE))

    def first(self, where: range, *, ok: bool) -> int | None:
        """The first sample of a range that succeeded, or that failed."""
        found = self.ok.find(ok, where.start, where.stop) if where else -1
        return found if found >= 0 else None

    def last(self, where: range, *, ok: bool) -> int | None:
        """The last sample of a range that succeeded, or that failed."""
        found = self.ok.rfind(ok, where.start, where.stop) if where else -1
        return found if found >= 0 else None

    def hole(self, start: float, end: float, longest: float) -> tuple[float, float] | None:
        """The first time of more than *longest* seconds, from *start* to *end*, in which no probe was under way.

        What happened in a hole is unknown. A probe that waits for its answer leaves none. *longest* must be
        at least :data:`SHORTEST_HOLE`.
        """
        for left, reached in self._quiet_times():
            left, reached = max(left, start), min(reached, end)
            if reached - left > longest + TOLERANCE:
                return left, reached
        return None

    def _quiet_times(self) -> list[tuple[float, float]]:
        # Found once for all checks: there are few, in many samples.
        if self._quiet is None:
            self._quiet = []
            answered = -inf
            for t, latency in zip(self.t, self.latency, strict=True):
                if t - answered > SHORTEST_HOLE:
                    self._quiet.append((answered, t))
                if t + latency > answered:
                    answered = t + latency
            self._quiet.append((answered, inf))
        return self._quiet

    def outages(self, start: float, end: float) -> list[Outage]:
        """The times without access from *start* to *end*, earliest first.

        Only samples sent in this time count, and an outage is never taken to have begun before it, except that the
        sample before *start* tells whether access was there at *start*.
        """
        return list(self._outages(self.between(start, end), start))

    def _outages(self, where: range, start: float) -> Iterator[Outage]:
        at = where.start
        while (down := self.first(range(at, where.stop), ok=False)) is not None:
            up = self.first(range(down, where.stop), ok=True)
            lost = self.changed(down, start)
            back = None if up is None else self.changed(up, start)
            if back is not None:
                # Access was lost before it was back, whatever a probe that hung leaves open about the moment.
                lost = lost[0], min(lost[1], back[1])
            began, error = _middle(lost)
            end: float | None = None
            if back is not None:
                end, half = _middle(back)
                error += half
            failed = (where.stop if up is None else up) - down
            yield Outage(began, end, error, self.error(down), failed, self.t[down])
            if up is None:
                return
            at = up

    def changed(self, i: int, start: float) -> tuple[float, float]:
        """The earliest and the latest moment, not before *start*, at which the state that sample *i* shows set in.

        The earliest is when the sample before was sent. The latest is when access was shown again, by whichever answer
        came first: a probe that hung through an outage shows it only with its answer. For a failed sample it is when
        the probe would have been answered, had it taken as long as the one before: it may have been under way.
        """
        if i and self.ok[i - 1] == self.ok[i]:
            return start, start  # in this state already when the time began
        earliest = max(start, self.t[i - 1]) if i else start
        if not self.ok[i]:
            return earliest, self.t[i] + (min(self.latency[i], self.latency[i - 1]) if i else 0.0)
        latest, later = self.answered(i), i + 1
        while later < len(self) and self.t[later] < latest:
            if self.ok[later]:
                latest = min(latest, self.answered(later))
            later += 1
        return earliest, latest


def _middle(gap: tuple[float, float]) -> tuple[float, float]:
    """The middle of a span of time, and half its length."""
    low, high = gap
    return (low + high) / 2, (high - low) / 2


class SampleColumns:
    """Collects samples in any order; :meth:`finish` gives them sorted and cut."""

    __slots__ = ("add", "samples")

    def __init__(self) -> None:
        self.samples = samples = Samples()
        # Bound once: with these, a million samples are taken in in about a second.
        times, latencies, oks = samples.t.append, samples.latency.append, samples.ok.append
        errors, paths, credentials, instances = (column.append for column in samples._codes)

        def add(t: float, ok: bool, latency: float, error: int, path: int, credential: int, instance: int) -> None:
            times(t)
            oks(ok)
            latencies(latency)
            errors(error)
            paths(path)
            credentials(credential)
            instances(instance)

        self.add = add

    def last_answer(self) -> float:
        """When the last answer came, in seconds; 0 without samples."""
        return max(map(float.__add__, self.samples.t, self.samples.latency), default=0.0)

    def finish(self, texts: Sequence[str], horizon: float) -> Samples:
        """The samples sent up to *horizon*, by time of sending, without those that failed only after it.

        *texts* are what the codes given to :attr:`add` stand for.
        """
        taken = self.samples
        taken._texts = texts
        last = horizon + TOLERANCE
        order = [
            i
            for i, (t, latency, ok) in enumerate(zip(taken.t, taken.latency, taken.ok, strict=True))
            if t <= last and (ok or t + latency <= last)
        ]
        order.sort(key=taken.t.__getitem__)
        if order == list(range(len(taken))):
            return taken
        finished = Samples(texts)
        finished.t = array("d", [taken.t[i] for i in order])
        finished.latency = array("d", [taken.latency[i] for i in order])
        finished.ok = bytearray(taken.ok[i] for i in order)
        a, b, c, d = (array("I", [column[i] for i in order]) for column in taken._codes)
        finished._codes = (a, b, c, d)
        return finished
