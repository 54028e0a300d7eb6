"""A drill as the history has it: what was declared, and what was tried and seen in each attempt. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from harness.checks.verdict import Evidence
from harness.checks.windows import (
    BREAK_GLASS_DRILLED,
    BREAK_GLASS_OPENED,
    RESOURCE_JOURNAL,
    VAULT_AUDIT,
    WITNESS_JOURNAL,
    blind,
    failures,
)
from harness.history.break_glass import (
    BreakGlassBegun,
    BreakGlassCarriedOut,
    BreakGlassClosing,
    BreakGlassDeclared,
    BreakGlassEvent,
    BreakGlassOpened,
)
from harness.history.index import FaultSpan, History
from harness.history.samples import TOLERANCE

NAMELESS = "dns-resolver-gone"
"""The fault that leaves a desk without names."""

NAMES = "names"
"""What is lost when nothing is found by its name any more."""

SHORTEST_MARK = 6
"""Characters. A shorter mark would be found in lines that are about something else."""

VIA = "break-glass"

E = TypeVar("E", bound=BreakGlassEvent)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line about break-glass in somebody's journal. ``event``: started, opened, used, refused, closed, alarm."""

    t: float
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that the procedure was gone through. ``lost`` are the components that were lost all the while."""

    name: str
    begun: float
    until: float  # when the next one began
    closing: float | None
    events: tuple[BreakGlassEvent, ...]
    lost: frozenset[str]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def opening(self) -> BreakGlassOpened | None:
        """How the opening went; None when it did not get as far."""
        return next(iter(self.of(BreakGlassOpened)), None)

    @property
    def opened(self) -> float | None:
        """When access was given; None when it was not."""
        opening = self.opening
        return opening.t if opening is not None and opening.opened else None

    def is_about(self, t: float, text: str) -> bool:
        """Whether a line that was written at *t* is about this attempt."""
        marks = self.opening.marks if self.opening is not None else ()
        in_time = self.begun - TOLERANCE <= t < self.until
        return in_time and any(mark in text for mark in marks if len(mark) >= SHORTEST_MARK)


@dataclass(frozen=True, slots=True)
class Drill:
    """What the checks of the thirteen properties are given."""

    history: History
    declared: BreakGlassDeclared
    attempts: tuple[Attempt, ...]

    @property
    def opened(self) -> list[tuple[Attempt, float]]:
        """Attempts in which access was given, and when."""
        return [(attempt, attempt.opened) for attempt in self.attempts if attempt.opened is not None]

    @property
    def first_loss(self) -> float:
        """When the first fault was set about; infinite if there was none."""
        return min((span.injecting for span in failures(self.history)), default=inf)

    @property
    def losses(self) -> tuple[frozenset[str], ...]:
        """What has to be lost in some attempt: each component and the names alone, and all together."""
        each = tuple(frozenset({one}) for one in (*self.declared.isolated_from, NAMES))
        return (*each, frozenset().union(*each)) if len(each) > 1 else each

    def under(self, lost: frozenset[str]) -> Attempt | None:
        """The attempt in which just these were lost."""
        return next((attempt for attempt in self.attempts if attempt.lost == lost), None)

    def lost_at(self, component: str, t: float) -> bool:
        """Whether *component* may have been lost at *t*: a fault was on it, seen to bite or not."""
        return any(
            component in taken_by(self.history, span, self.declared.desk)
            and (span.injecting if span.injected is None else span.injected) - TOLERANCE <= t
            and t <= (inf if span.undoing is None else span.undoing) + TOLERANCE
            for span in failures(self.history)
        )

    @property
    def incidents(self) -> list[FaultSpan]:
        """The times for which somebody had declared an incident, or a drill, of what the procedure opens."""
        acts = (BREAK_GLASS_OPENED, BREAK_GLASS_DRILLED)
        return [
            span
            for span in self.history.faults
            if span.operator and span.fault in acts and span.target == self.declared.opens
        ]

    def entries(self, service: str) -> list[Entry]:
        """What *service* has taken down about break-glass, by time: a witness, or whoever keeps a journal itself."""
        return sorted(_entries(self.history, service, self._marks()), key=lambda entry: entry.t)

    def _marks(self) -> frozenset[str]:
        return frozenset(mark for attempt in self.attempts if attempt.opening for mark in attempt.opening.marks)

    def heard_of(self, service: str) -> bool:
        """Whether anything at all was seen from the journal of *service*."""
        history = self.history
        return (
            any(line.witness == service for line in history.witnessed)
            or any(access.resource == service for access in history.resource_accesses)
            or service in history.vaults
        )

    def blind(self, service: str, start: float, end: float) -> str:
        """Why the journal of *service* does not settle what happened from *start* to *end*; empty when it does."""
        return blind(self.history, start, end, (WITNESS_JOURNAL, RESOURCE_JOURNAL, VAULT_AUDIT), (service,))


def taken_by(history: History, span: FaultSpan, desk: str) -> frozenset[str]:
    """What a fault takes away from the *desk*: components, or the names by which it finds them.

    As was foreseen when the run was planned; its target where the history does not tell. A fault that only workloads
    feel, or of which nobody could tell what it takes away, does not count.
    """
    if span.fault.startswith("dns-"):
        return frozenset({NAMES} if (span.fault, span.target) == (NAMELESS, desk) else ())
    planned = history.predicted.faults if history.predicted else ()
    loss = next((one for one in planned if one.fault_id == span.fault_id), None)
    if loss is None:
        return frozenset({span.target})
    return frozenset() if loss.of else frozenset(loss.lost)


def in_words(lost: frozenset[str]) -> str:
    """``nothing lost``, ``vault lost``, ``idp, names and vault lost``."""
    if not lost:
        return "nothing lost"
    *others, last = sorted(lost)
    return f"{', '.join(others)} and {last} lost" if others else f"{last} lost"


def drill_of(history: History) -> Drill | None:
    """The drill in *history*; None when it is of no drill."""
    declared = next((event for event in history.break_glass if isinstance(event, BreakGlassDeclared)), None)
    if declared is None:
        return None
    begun: dict[str, float] = {}
    for event in history.break_glass:
        if isinstance(event, BreakGlassBegun) and event.procedure == declared.procedure:
            begun.setdefault(event.attempt, event.t)
    ends = [*list(begun.values())[1:], inf]
    found = (
        _attempt(history, declared, name, start, end) for (name, start), end in zip(begun.items(), ends, strict=False)
    )
    return Drill(history, declared, tuple(found))


def _attempt(history: History, declared: BreakGlassDeclared, name: str, begun: float, until: float) -> Attempt:
    whose = (declared.procedure, name)
    events = tuple(one for one in history.break_glass if (one.procedure, one.attempt) == whose)
    closing = next((event.t for event in events if isinstance(event, BreakGlassClosing)), None)
    done = next((event.t for event in events if isinstance(event, BreakGlassCarriedOut)), None)
    end = max(event.t for event in events if closing is None or event.t <= closing) if done is None else done
    held = (taken_by(history, span, declared.desk) for span in failures(history) if _held(span, begun, end))
    lost = frozenset().union(*held)
    return Attempt(name, begun, until, closing, events, lost)


def _held(span: FaultSpan, start: float, end: float) -> bool:
    """Whether it was seen to bite by *start*, and nobody had set about undoing it by *end*."""
    if span.observed is None or span.observed > start + TOLERANCE:
        return False
    return span.undoing is None or span.undoing >= end - TOLERANCE


def _entries(history: History, service: str, marks: frozenset[str]) -> Iterator[Entry]:
    for line in history.witnessed:
        if line.witness == service:
            yield Entry(line.t, line.event, line.text)
    for access in history.resource_accesses:
        if access.resource == service and access.via == VIA:
            words = f"{access.identity or 'somebody unknown'} {access.credential} {access.reason}".strip()
            yield Entry(access.t, "used" if access.allowed else "refused", words)
    for request in history.vault_requests:
        if request.vault != service:
            continue
        if request.path.startswith("sys/generate-root") and request.operation != "read":
            yield Entry(request.t, "opened" if request.ok else "refused", request.path)
        elif request.accessor and request.accessor in marks:
            yield Entry(request.t, "used" if request.ok else "refused", f"{request.path} {request.accessor}")


def is_own(label: str, secrets: tuple[str, ...]) -> bool:
    """Whether the secret known as *label* is one of *secrets*, of which those that end in ``/`` are beginnings."""
    return any(label.startswith(one) if one.endswith("/") else label == one for one in secrets)


def seen(event: BreakGlassEvent, text: str) -> Evidence:
    """*event* as evidence, with the attempt that it belongs to."""
    return Evidence(event.t, f"{event.attempt}: {text}" if event.attempt else text)
