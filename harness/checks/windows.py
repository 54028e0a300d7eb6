"""When a claim begins and ends, and whether the sources it needs could see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence
from harness.history.break_glass import Witnessed
from harness.history.events import (
    ContainerEvent,
    IdpRequest,
    ObserverGap,
    ProxyConnection,
    ResourceAccess,
    VaultRequest,
)
from harness.history.index import FaultSpan, History
from harness.history.samples import TOLERANCE

BREAK_GLASS_OPENED = "break-glass-opened"
"""The operator act during which break-glass access is meant to be possible."""

BREAK_GLASS_DRILLED = "break-glass-drilled"
"""The operator act in which an emergency procedure is gone through, which opens it, too."""

VAULT_AUDIT = "vault-audit"
IDP_JOURNAL = "idp-journal"
RESOURCE_JOURNAL = "resource-journal"
PROXY_JOURNAL = "proxy-journal"
WITNESS_JOURNAL = "witness-journal"
DOCKER_EVENTS = "docker-events"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a limit counts from.

    Injecting and undoing take a moment, and nobody outside knows when in it they took effect. So a reaction may be
    seen from ``opens`` on, when lockout set about it, while the limit counts from ``t``, when it was done.
    """

    word: Literal["inject", "undo", "opening"]
    opens: float
    t: float
    span: FaultSpan

    def since(self, t: float) -> str:
        """How long *t* is after the anchor, in words."""
        return f"{max(0.0, t - self.t):.1f} s after {self.word}"

    def evidence(self) -> Evidence:
        verb = {"inject": "injected into", "undo": "undone on", "opening": "took effect on"}[self.word]
        return Evidence(self.t, f"{self.span.fault} {verb} {self.span.target}")


def failures(history: History) -> list[FaultSpan]:
    """The faults of the run without the planned acts of operators, by time of injecting."""
    return [span for span in history.faults if not span.operator]


def first_inject(history: History) -> float:
    """When the first fault was set about.

    Raises:
        CannotTellError: there was none.
    """
    if not (spans := failures(history)):
        raise CannotTellError("no fault was injected")
    return spans[0].injecting


def faults_meant(history: History, fault: int | str | None) -> list[FaultSpan]:
    """The faults that a claim is about: one by its position in the timeline, those of one name, or all failures.

    Raises:
        CannotTellError: no such fault was injected.
    """
    if fault is None:
        spans = failures(history)
    elif isinstance(fault, int):
        spans = [span for span in history.faults if span.fault_id == f"timeline.{fault}"]
    else:
        spans = [span for span in history.faults if fault in (span.fault, span.fault_id)]
    if not spans:
        raise CannotTellError("no fault was injected" if fault is None else f"fault {fault} was not injected")
    return spans


def anchor(history: History, after: str, fault: int | str | None) -> Anchor:
    """The first inject, or the last undo, of the faults meant.

    Raises:
        CannotTellError: it did not happen.
    """
    spans = faults_meant(history, fault)
    if after == "inject":
        span = spans[0]
        if span.injected is None:
            raise CannotTellError(f"{span.fault} could not be injected" + (f": {span.error}" if span.error else ""))
        return Anchor("inject", span.injecting, span.injected, span)
    for span in spans:
        if span.undone is None:
            raise CannotTellError(f"{span.fault} was not undone" + (f": {span.error}" if span.error else ""))
    span = max(spans, key=lambda span: span.undone or -inf)
    undone = span.undone or 0.0
    return Anchor("undo", undone if span.undoing is None else span.undoing, undone, span)


def claim_ends(history: History, start: Anchor, fault: int | str | None) -> float:
    """Until when a claim binds: to the end of the run, or, if it is about one fault, until the next one sets in."""
    if fault is None:
        return history.horizon
    later = (span.injecting for span in failures(history) if span.injecting > start.t and span != start.span)
    return min((history.horizon, *later))


def open_times(history: History) -> list[FaultSpan]:
    """The times in which operators had break-glass open."""
    acts = (BREAK_GLASS_OPENED, BREAK_GLASS_DRILLED)
    return [span for span in history.faults if span.operator and span.fault in acts]


def was_open(times: Collection[FaultSpan], t: float) -> bool:
    """Whether break-glass may have been open at *t*: from when lockout set about opening until it was closed."""
    return any(
        time.injecting - TOLERANCE <= t <= (inf if time.undone is None else time.undone) + TOLERANCE for time in times
    )


def blind(
    history: History,
    start: float,
    end: float,
    observers: Collection[str],
    services: Collection[str] = (),
    *,
    sought: bool = True,
) -> str:
    """Why the journals of *observers* do not settle what happened from *start* to *end*; empty when they do.

    They do not if the wall clock, by which they are put in order, jumped, or if an observer had a gap. A gap is
    reported for a moment. When something was *sought* in vain, it is taken to reach from the last thing that this
    observer reported before to the first after it; when it was found, the moment alone counts. *services* limits
    gaps to those of these services; a gap that names no service concerns all.
    """
    for jump in history.clock_jumps:
        if start - TOLERANCE <= jump.t <= end + TOLERANCE:
            return f"the clock jumped by {jump.delta:+.1f} s at {jump.t:.1f} s"
    for gap in history.gaps:
        if gap.observer not in observers or (services and gap.service and gap.service not in services):
            continue
        first, last = _reach(history, gap) if sought else (gap.t, gap.t)
        if first <= end + TOLERANCE and last >= start - TOLERANCE:
            of = f" of {gap.service}" if gap.service else ""
            return f"the {gap.observer}{of} could not be followed at {gap.t:.1f} s: {gap.reason}"
    return ""


def _reach(history: History, gap: ObserverGap) -> tuple[float, float]:
    seen = [event.t for event in _reported(history, gap.observer) if gap.service in ("", service_of(event))]
    before = (t for t in seen if t <= gap.t)
    after = (t for t in seen if t > gap.t)
    return max(before, default=-inf), min(after, default=inf)


Reported = VaultRequest | IdpRequest | ResourceAccess | ProxyConnection | ContainerEvent | Witnessed


def _reported(history: History, observer: str) -> Sequence[Reported]:
    by_observer: dict[str, Sequence[Reported]] = {
        VAULT_AUDIT: history.vault_requests,
        IDP_JOURNAL: history.idp_requests,
        RESOURCE_JOURNAL: history.resource_accesses,
        PROXY_JOURNAL: history.proxy_connections,
        WITNESS_JOURNAL: history.witnessed,
        DOCKER_EVENTS: history.containers,
    }
    return by_observer.get(observer, ())


def service_of(event: Reported) -> str:
    """The service in whose journal *event* stands."""
    match event:
        case VaultRequest():
            return event.vault
        case IdpRequest():
            return event.idp
        case ResourceAccess():
            return event.resource
        case ProxyConnection():
            return event.proxy
        case ContainerEvent():
            return event.service
        case Witnessed():
            return event.witness
