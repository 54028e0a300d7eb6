"""One workload over time: its samples merged into segments, and the marks on its lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from harness.history.events import Sample

SAME_MOMENT = 2.0  # seconds within which two sources are taken to tell of the same change
_LEAST_GAP = 0.5  # seconds; a busy machine delays a sample by less


class State(StrEnum):
    UP = "up"
    DOWN = "down"
    BREAK_GLASS = "break-glass"
    NO_DATA = "no data"
    MIXED = "up and down"  # switching too often to be kept segment by segment


class CredentialKind(StrEnum):
    LOGIN = "login"
    RENEWAL = "renewal"
    TOKEN = "token issued"  # noqa: S105
    CHANGED = "changed"


_NEW = (CredentialKind.LOGIN, CredentialKind.TOKEN)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in one state. Borders lie midway between the two samples that differ; times in seconds."""

    start: float
    end: float
    state: State
    path: str = ""  # access path, where up; empty: unknown, or several
    samples: int = 0
    error: str = ""  # first error seen in it

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class CredentialMark:
    t: float
    kind: CredentialKind
    fingerprint: str = ""
    source: str = ""  # who issued it, where known


@dataclass(frozen=True, slots=True)
class ContainerMark:
    t: float
    service: str
    action: str  # die, start, restart, oom, or "new process" when only the samples tell of it
    exit_code: int | None = None
    by_lockout: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    workload: str
    segments: tuple[Segment, ...] = ()
    credentials: tuple[CredentialMark, ...] = ()
    containers: tuple[ContainerMark, ...] = ()
    omitted: int = 0  # marks that were seen but not kept

    @property
    def down(self) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.state is State.DOWN)


@dataclass(slots=True)
class LaneBuilder:
    """Takes events in the order of the history; holds at most about ``2 × limit`` of each kind of thing."""

    workload: str
    limit: int
    _segments: list[Segment] = field(default_factory=list)
    _state: State | None = None  # of the segment that is still open
    _path: str = ""
    _start: float = 0.0
    _count: int = 0
    _error: str = ""
    _last: float = 0.0  # when the last probe was sent
    _answered: float = 0.0  # when the last probe came back
    _credential: str = ""
    _instance: str = ""
    _instance_seen: float = 0.0  # when the current process last answered
    _credentials: list[CredentialMark] = field(default_factory=list)
    _containers: list[ContainerMark] = field(default_factory=list)
    _omitted: int = 0

    def sample(self, sample: Sample, gap: float) -> None:
        """Takes the next sample; *gap* is the silence in seconds after which nothing is known."""
        if sample.ok:
            path = sample.path
            state = State.UP
            if path == "break-glass":
                state, path = State.BREAK_GLASS, ""
        else:
            path = ""
            state = State.DOWN
        t = sample.t
        last = self._last
        if t < last:
            t = last
        if self._state is state and self._path == path and t - self._answered <= gap:
            self._count += 1  # by far the most common case: more of the same
            if sample.error and not self._error:
                self._error = sample.error
        else:
            start = t
            if self._state is not None:
                if t - self._answered > gap:
                    self._close(self._answered)
                    self._keep(Segment(self._answered, t, State.NO_DATA))
                else:
                    start = (last + t) / 2
                    self._close(start)
            self._state, self._path, self._start, self._count, self._error = state, path, start, 1, sample.error
        self._last = t
        self._answered = t + sample.latency
        if sample.credential and sample.credential != self._credential:
            if self._credential:
                self._changed(sample)
            self._credential = sample.credential
        if sample.instance:
            if sample.instance != self._instance:
                if self._instance and not self._restart_known():
                    self.container(ContainerMark(sample.t, self.workload, "new process"))
                self._instance = sample.instance
            self._instance_seen = t

    def credential(self, mark: CredentialMark) -> None:
        last = self._credentials[-1] if self._credentials else None
        if (
            last is not None
            and last.kind is CredentialKind.CHANGED
            and mark.kind in _NEW
            and abs(mark.t - last.t) <= SAME_MOMENT
        ):  # a journal is read later than a sample is taken
            self._credentials[-1] = replace(mark, fingerprint=last.fingerprint)
        elif len(self._credentials) < self.limit:
            self._credentials.append(mark)
        else:
            self._omitted += 1

    def container(self, mark: ContainerMark) -> None:
        if len(self._containers) < self.limit:
            self._containers.append(mark)
        else:
            self._omitted += 1

    def finish(self, start: float, end: float, gap: float) -> Lane:
        """The lane from *start* to *end*; where nothing was sampled there is a segment that says so."""
        if self._state is not None:
            self._close(max(self._last, min(self._answered, end)))
        segments = list(self._segments)
        if not segments:
            segments = [Segment(start, end, State.NO_DATA)] if end > start else []
        else:
            first, last = segments[0], segments[-1]
            if first.start - start > gap:
                segments.insert(0, Segment(start, first.start, State.NO_DATA))
            if end - last.end > gap:
                segments.append(Segment(last.end, end, State.NO_DATA))
            elif end > last.end:
                segments[-1] = replace(last, end=end)
        return Lane(
            self.workload,
            tuple(coarsened(segments, self.limit)),
            tuple(sorted(self._credentials, key=lambda mark: mark.t)),
            tuple(sorted(self._containers, key=lambda mark: mark.t)),
            self._omitted,
        )

    def _close(self, end: float) -> None:
        if self._state is not None:
            self._keep(Segment(self._start, end, self._state, self._path, self._count, self._error))
            self._state = None

    def _keep(self, segment: Segment) -> None:
        self._segments.append(segment)
        if len(self._segments) > 2 * self.limit:
            self._segments = coarsened(self._segments, self.limit)

    def _changed(self, sample: Sample) -> None:
        """A login and the new fingerprint that follows it are one change, told by two sources."""
        last = self._credentials[-1] if self._credentials else None
        if last is not None and last.kind in _NEW and not last.fingerprint and sample.t - last.t <= SAME_MOMENT:
            self._credentials[-1] = replace(last, fingerprint=sample.credential)
        else:
            self.credential(CredentialMark(sample.t, CredentialKind.CHANGED, sample.credential))

    def _restart_known(self) -> bool:
        """A process that is new because its container started needs no mark of its own."""
        since = self._instance_seen - _LEAST_GAP
        return any(mark.action in ("start", "restart") and mark.t >= since for mark in self._containers[-3:])


def gap_of(period: float) -> float:
    """Seconds without an answer after which a workload's state is unknown, for samples every *period* seconds."""
    return max(3 * period, _LEAST_GAP)


def coarsened(segments: Sequence[Segment], limit: int) -> list[Segment]:
    """At most *limit* segments: neighbours shorter than a growing width become one, marked as mixed.

    A segment that is long compared with its neighbours keeps its exact borders.
    """
    found = list(segments)
    if len(found) <= max(limit, 1):
        return found
    width = (found[-1].end - found[0].start) / (4 * max(limit, 1)) or 1e-6
    while len(found) > max(limit, 1):
        found = _grouped(found, width)
        width *= 2
    return found


def _grouped(segments: Sequence[Segment], width: float) -> list[Segment]:
    found: list[Segment] = []
    joinable = False  # whether the last of *found* takes a short one on
    for segment in segments:
        short = segment.length < width
        if found and joinable and (short or segment.state is State.MIXED):
            found[-1] = _joined(found[-1], segment)
        else:
            found.append(segment)
            joinable = short or segment.state is State.MIXED
    return found


def _joined(first: Segment, second: Segment) -> Segment:
    return Segment(
        first.start,
        second.end,
        first.state if first.state is second.state else State.MIXED,
        first.path if first.path == second.path else "",
        first.samples + second.samples,
        first.error or second.error,
    )
