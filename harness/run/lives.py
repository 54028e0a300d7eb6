"""How long the credentials live that Vaults gave to workloads: heard from audit logs, and asked of the Vaults."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from harness.awaited.args import Kind
from harness.awaited.view import Over
from harness.faults.ports import FaultNotPossible, Lab
from harness.history.clock import RunClock
from harness.history.events import VaultRequest
from harness.lab.errors import EnvironmentUnusable

ASK_EVERY = 0.5  # seconds between two questions about one credential that may live
ASK_FOR = 0.1  # seconds of one round of questions; the timeline must not wait for more
SILENT = 5.0  # seconds for which a Vault that did not answer is not asked again


@dataclass(slots=True)
class Life:
    """One token or lease. Times in seconds on the run's clock."""

    vault: str
    id: str  # accessor or lease id; empty for a token that has none, of which Vault cannot be asked
    workload: str
    ends: float | None = None  # as was last told; None: it was not
    told: float = -inf  # when that was
    gone: float | None = None  # since when Vault has not known it any more
    asked: float = -inf

    def end(self, now: float) -> float | None:
        """When it ended for certain; None while Vault has not said so, though it can be asked."""
        if self.gone is not None:
            return self.gone if self.ends is None else min(self.gone, self.ends)
        return self.ends if not self.id and self.ends is not None and self.ends <= now else None


class Lives:
    """All tokens, or all leases, of which an audit log told whose they are."""

    def __init__(self, kind: Kind, clock: RunClock) -> None:
        self._kind = kind
        self._clock = clock
        self._known: dict[tuple[str, str], Life] = {}
        self._spans: dict[tuple[str, str], float] = {}  # how long leases live, by Vault and path
        self._silent: dict[str, float] = {}  # until when a Vault that gave no answer is not asked

    def hear(self, request: VaultRequest) -> None:
        """Take in what an audit log tells."""
        if not request.ok or not request.workload:
            return
        if self._kind == "lease":
            if request.lease:
                span = self._spans.get((request.vault, _path(request.lease)))
                self._given(self._life(request, request.lease), request.t, span)
        elif request.accessor or request.login:
            life = self._life(request, request.accessor)
            if request.login or request.renewal:
                self._given(life, request.t, request.ttl or None)

    def _life(self, request: VaultRequest, name: str) -> Life:
        key = (request.vault, name or f"{request.workload} at {request.t}")
        if key not in self._known:
            self._known[key] = Life(request.vault, name, request.workload)
        return self._known[key]

    def _given(self, life: Life, t: float, span: float | None) -> None:
        """From *t* on it lives for *span*; for how long has to be asked, if that is not known."""
        if t > life.told:
            life.ends, life.told, life.asked = (None if span is None else t + span), t, -inf

    def ask(self, lab: Lab, workloads: Collection[str] | None, down: Collection[str]) -> None:
        """Ask the Vaults that are not *down* about what may live, for a moment; those of *workloads*, or of all."""
        began = time.monotonic()
        for life in self._to_be_asked(workloads, down):
            if time.monotonic() - began > ASK_FOR:
                break
            if life.vault not in self._silent_now():
                self._ask(lab, life)
        self._forget()

    def _to_be_asked(self, workloads: Collection[str] | None, down: Collection[str]) -> list[Life]:
        """Those first whose end is not known, or ought to have come."""
        now = self._clock.now()
        living = (life for life in self._of(workloads) if life.id and life.gone is None and life.vault not in down)
        return sorted(
            (life for life in living if now - life.asked >= ASK_EVERY),
            key=lambda life: (life.ends is not None and life.ends > now, life.asked),
        )

    def _ask(self, lab: Lab, life: Life) -> None:
        try:
            known = self._look_up(lab, life)
        except (EnvironmentUnusable, FaultNotPossible):
            self._silent[life.vault] = self._clock.now() + SILENT
            return
        now = life.asked = self._clock.now()
        if known is None:
            life.gone = now
            return
        life.ends, life.told = self._end(known, now), now
        if self._kind == "lease" and (span := _span(known)) is not None:
            self._spans[life.vault, _path(life.id)] = span

    def _look_up(self, lab: Lab, life: Life) -> Mapping[str, Any] | None:
        vault = lab.vault(life.vault)
        return (
            vault.look_up(life.id) if self._kind == "token" else vault.ask("sys/leases/lookup", {"lease_id": life.id})
        )

    def _end(self, known: Mapping[str, Any], now: float) -> float:
        if known.get("expire_time"):
            return self._clock.engine_stamp(_moment(known["expire_time"])).t
        return now + float(known["ttl"]) if known.get("ttl") else inf

    def over(self, workload: str | None, down: Collection[str]) -> Over | None:
        """The end of the last one, of one workload or of all; None while one may live, or none was ever seen.

        A Vault that is not *down*, and answers, has to say so. Of one that cannot be asked, its last word counts.
        """
        now = self._clock.now()
        away = {*down, *self._silent_now()}
        last, vaults, unsaid = -inf, set[str](), set[str]()
        for life in self._of(None if workload is None else (workload,)):
            end = life.end(now)
            if end is None and life.vault in away and life.ends is not None and life.ends <= now:
                end = life.ends
            if end is None:
                return None
            last = max(last, end)
            (vaults if life.gone is not None else unsaid).add(life.vault)
        if not vaults and not unsaid:
            return None
        if unsaid:
            return Over(last, f"by what was last known, as {' and '.join(sorted(unsaid))} cannot be asked")
        return Over(last, f"{' and '.join(sorted(vaults))} knows of none any more")

    def _of(self, workloads: Collection[str] | None) -> Iterator[Life]:
        return (life for life in self._known.values() if workloads is None or life.workload in workloads)

    def _silent_now(self) -> set[str]:
        now = self._clock.now()
        return {vault for vault, until in self._silent.items() if until > now}

    def _forget(self) -> None:
        """Drop what has ended, but for the last of each workload: there may be many thousands in a run."""
        now = self._clock.now()
        last: dict[str, tuple[float, tuple[str, str]]] = {}
        ended = {key: end for key, life in self._known.items() if (end := life.end(now)) is not None}
        for key, end in ended.items():
            workload = self._known[key].workload
            last[workload] = max(last.get(workload, (end, key)), (end, key))
        kept = {key for _, key in last.values()}
        self._known = {key: life for key, life in self._known.items() if key not in ended or key in kept}


def _path(lease: str) -> str:
    """What it is a lease of: ``database/creds/orders`` for ``database/creds/orders/G9eNo9``."""
    return lease.rpartition("/")[0]


def _moment(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def _span(known: Mapping[str, Any]) -> float | None:
    """For how long a lease was granted, or renewed last, in seconds."""
    begin, end = known.get("last_renewal") or known.get("issue_time"), known.get("expire_time")
    return _moment(end) - _moment(begin) if begin and end else None
