"""Histories of drills, written by hand: one in which all is as it should be, and what is changed in it.

    good().change(LifetimeRead, seconds=9.0).check("time-boxed")

Vault is lost from 30 to 40, the identity provider from 50 to 60, the names from 70 to 80, and all of it from 90 to 100.
Attempts begin at 10 (calm), 32, 52, 72 and 92; each opens after 1 s and is closed after 10 s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import msgspec

from harness.breakglass.card import judge_card
from harness.breakglass.property import properties
from harness.checks.judgement import Card, CardRow
from harness.checks.verdict import Finding, Outcome
from harness.history import break_glass as b
from harness.history import events as e
from harness.history.index import History

ATTEMPTS = {"calm": 10.0, "without-vault": 32.0, "without-idp": 52.0, "without-names": 72.0, "without-all": 92.0}
LOSSES = {
    "without-vault": ("vault",),
    "without-idp": ("idp",),
    "without-names": ("names",),
    "without-all": ("vault", "idp", "names"),
}
WORKLOADS = ("billing", "orders")
STAMP: dict[str, Any] = {"source": "test"}
WALL = "2026-11-22T10:00:00Z"
PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE

Event = Any
Where = Callable[[Any], bool]


class Written:
    """A history that is put together, and changed."""

    def __init__(self, events: list[Event] | None = None) -> None:
        self.events: list[Event] = list(events or ())

    def add(self, kind: type[Any], t: float, **fields: Any) -> Self:
        self.events.append(kind(t=t, wall=WALL, **STAMP, **fields))
        return self

    def seen(self, kind: type[Any], attempt: str, t: float, **fields: Any) -> Self:
        """Evidence of an attempt."""
        return self.add(kind, t, procedure="envelope", attempt=attempt, **fields)

    def fault(self, what: str, start: float, end: float, number: int, *, observed: bool = True) -> Self:
        fault = {"vault": "vault-sealed", "idp": "idp-down-warm", "names": "dns-resolver-gone"}[what]
        target = {"names": "desk"}.get(what, what)
        own: dict[str, Any] = {"fault_id": f"timeline.{number}"}
        self.add(e.FaultInjecting, start, fault=fault, target=target, **own)
        self.add(e.FaultInjected, start + 0.1, **own)
        if observed:
            self.add(e.FaultObserved, start + 0.2, evidence="it bites", **own)
        self.add(e.FaultUndoing, end, **own)
        return self.add(e.FaultUndone, end + 0.1, verified=True, evidence="healed", **own)

    def incident(self, start: float, end: float, number: int, target: str = "ledger") -> Self:
        own: dict[str, Any] = {"fault_id": f"timeline.{number}"}
        self.add(e.FaultInjecting, start, fault="break-glass-drilled", target=target, operator=True, **own)
        self.add(e.FaultInjected, start + 2, **own)
        self.add(e.FaultObserved, start + 2.1, evidence="it is open", **own)
        self.add(e.FaultUndoing, end, **own)
        return self.add(e.FaultUndone, end + 0.1, verified=True, evidence="closed", **own)

    # Changes

    def change(self, kind: type[Any], where: Where = lambda event: True, **fields: Any) -> Self:
        """Every event of *kind* that *where* picks gets other values."""
        picked = [event for event in self.events if isinstance(event, kind) and where(event)]
        assert picked, f"there is no {kind.__name__} to change"
        self.events = [
            msgspec.structs.replace(event, **fields) if isinstance(event, kind) and where(event) else event
            for event in self.events
        ]
        return self

    def drop(self, kind: type[Any], where: Where = lambda event: True) -> Self:
        """Without the events of *kind* that *where* picks."""
        kept = [event for event in self.events if not (isinstance(event, kind) and where(event))]
        assert len(kept) < len(self.events), f"there is no {kind.__name__} to drop"
        self.events = kept
        return self

    def declared(self, **fields: Any) -> Self:
        return self.change(b.BreakGlassDeclared, **fields)

    # What it comes to

    def history(self) -> History:
        return History.from_events(self.events)

    def card(self) -> Card:
        card = judge_card(self.history())
        assert card is not None
        return card

    def row(self, name: str) -> CardRow:
        (found,) = [row for row in self.card().rows if row.property == name]
        return found

    def check(self, name: str, *, crashes: bool = False) -> Finding:
        found = self.row(name).finding
        assert ("the check crashed" in found.summary) is crashes, found.summary
        return found

    def outcomes(self) -> dict[str, Outcome]:
        return {name: self.check(name).outcome for name in names()}


def of(attempt: str) -> Where:
    return lambda event: bool(event.attempt == attempt)


def good() -> Written:
    """A drill in which every property holds."""
    made = Written()
    made.add(e.RunStarted, 0, run="r", scenario="drill", seed=1, plan_hash="", period=0.1, lockout="0")
    for witness in ("logbook", "pager"):
        made.add(b.Witnessed, 0.5, witness=witness, event="started", text="ready")
    _declaration(made)
    number = 0
    for start, lost in ((30, "vault"), (50, "idp"), (70, "names")):
        made.fault(lost, start, start + 10, number)
        number += 1
    for lost in ("vault", "idp", "names"):
        made.fault(lost, 90, 100, number)
        number += 1
    for name, begun in ATTEMPTS.items():
        made.incident(begun - 1, begun + 10, number)
        number += 1
        _attempt(made, name, begun)
    for place in ("kv of vault", "environment of orders", "environment of desk", "shell history of desk", "run folder"):
        made.seen(b.PlaceSearched, "without-all", 103, place=place)
    made.add(e.PhaseEntered, 120, phase="teardown")
    return made.add(e.RunEnded, 121, ending="completed")


def _declaration(made: Written) -> None:
    made.seen(
        b.BreakGlassDeclared,
        "calm",
        9,
        method="offline-credential",
        opens="ledger",
        holders=("alice", "bob"),
        kept=("safe one", "safe two"),
        threshold=1,
        isolated_from=("idp", "vault"),
        desk="desk",
        may=("write",),
        may_not=("read", "wipe"),
        works_within=5.0,
        lasts=8.0,
        alarm="pager",
        alarm_within=2.0,
        log="logbook",
        last_drill="2026-10-01",
        drill_every=90,
        workloads=WORKLOADS,
        stores=("kv of vault", "environment of orders", "environment of desk"),
        traces=("shell history of desk", "run folder"),
        remains=("window", "credential"),
        secrets=("break-glass/envelope/", "ledger-admin-token"),
    )
    for holder in ("alice", "bob"):
        made.seen(b.ShelfLooked, "calm", 9.1, holder=holder, usable=True, words="good for an hour")
        made.seen(b.HoldersTried, "calm", 9.2, holders=(holder,), opened=True, words="opened")
    made.seen(b.HoldersTried, "calm", 9.3, holders=(), opened=False, words="403")


def _attempt(made: Written, name: str, begun: float) -> None:
    mark = f"drill envelope {name}."
    made.seen(b.BreakGlassBegun, name, begun, reason="drill")
    made.seen(b.HostTouched, name, begun + 0.9, host="ledger", by="address", ok=True)
    made.seen(b.BreakGlassOpened, name, begun + 1, opened=True, words="taken", marks=(mark,))
    made.seen(b.ActionTried, name, begun + 1.2, act="write", wanted=True, allowed=True, words="201")
    made.seen(b.LifetimeRead, name, begun + 1.3, seconds=7.9, renewable=False, words="7.9 s")
    for action in ("read", "wipe"):
        made.seen(b.ActionTried, name, begun + 1.4, act=action, wanted=False, allowed=False, words="403")
    for workload in WORKLOADS:
        made.seen(b.WorkloadTried, name, begun + 1.5, workload=workload, key="its secret", allowed=False, words="403")
    made.seen(b.BreakGlassCarriedOut, name, begun + 2)
    made.add(b.Witnessed, begun + 1.1, witness="logbook", event="opened", text=f"opened by alice: {mark}")
    made.add(b.Witnessed, begun + 2.0, witness="pager", event="alarm", text=f"opened by alice: {mark}")
    if name == "calm":
        made.seen(b.CredentialLooked, name, begun + 9.9, alive=False, words="403 closed")
    made.seen(b.BreakGlassClosing, name, begun + 10)
    for what in ("window", "credential"):
        made.seen(b.RemainderLooked, name, begun + 10.5, what=what, gone=True, words="gone")


def names() -> list[str]:
    return [one.name for one in properties()]
