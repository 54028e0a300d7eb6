"""A small language for writing histories by hand.

    run().up("orders", 0, 5).down("orders", 5, 7.4).up("orders", 7.4, 20).fault(5, 7).login("orders", 7.3).end(20)

Samples come every 0.1 s unless told otherwise, at round times; ``end`` puts teardown and the run's end at one moment.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from harness.checks import registry
from harness.checks.claims import Claim, RunClaims
from harness.checks.judge import judge
from harness.checks.judgement import AcceptedRisk, Judgement, Result
from harness.checks.verdict import Finding, Outcome
from harness.history import events as e
from harness.history.index import History

DAY = date(2026, 11, 22)
STAMP: dict[str, Any] = {"wall": "2026-11-22T10:00:00Z", "source": "test"}


class Run:
    def __init__(self, period: float = 0.1) -> None:
        self.events: list[Any] = [
            e.RunStarted(t=0, run="r", scenario="s", seed=1, plan_hash="", period=period, lockout="0", **STAMP),
            e.SteadyState(t=0, moment="before", ok=True, **STAMP),
        ]
        self.faults = 0

    def add(self, *events: Any) -> Self:
        self.events += events
        return self

    # What workloads did

    def samples(self, workload: str, pattern: str, *, start: float = 0.0, every: float = 0.1, **more: Any) -> Self:
        """One sample for each character: + good, - failed, space none."""
        for n, mark in enumerate(pattern):
            if mark != " ":
                self.sample(workload, round(start + n * every, 6), mark == "+", **more)
        return self

    def sample(self, workload: str, t: float, ok: bool, *, latency: float = 0.0, **more: Any) -> Self:
        error = "" if ok else "http 503"
        return self.add(e.Sample(t=t, workload=workload, ok=ok, latency=latency, error=error, **more, **STAMP))

    def up(self, workload: str, start: float, end: float, *, every: float = 0.1, **more: Any) -> Self:
        """Good samples from *start* up to and without *end*."""
        return self.samples(workload, "+" * round((end - start) / every), start=start, every=every, **more)

    def down(self, workload: str, start: float, end: float, *, every: float = 0.1, **more: Any) -> Self:
        return self.samples(workload, "-" * round((end - start) / every), start=start, every=every, **more)

    # What was done to them

    def fault(
        self,
        inject: float,
        undo: float | None = None,
        name: str = "vault-sealed",
        on: str = "vault",
        *,
        observed: bool = True,
        verified: bool = True,
        takes: float = 0.0,
        operator: bool = False,
        role: str = "",
        instant: bool = False,
    ) -> Self:
        """A fault injected and undone at these times, having been set about *takes* seconds earlier."""
        own: dict[str, Any] = {"fault_id": f"timeline.{self.faults}", **STAMP}
        self.faults += 1
        kind = {"fault": name, "target": on, "role": role, "operator": operator, "instant": instant}
        self.add(e.FaultInjecting(t=inject - takes, **kind, **own))
        self.add(e.FaultInjected(t=inject, **own))
        if observed:
            self.add(e.FaultObserved(t=inject, evidence="it bites", **own))
        if undo is not None:
            self.add(e.FaultUndoing(t=undo - takes, **own))
            self.add(e.FaultUndone(t=undo, verified=verified, evidence="healed", **own))
        return self

    def predicted(
        self,
        *fates: e.PredictedFate,
        lasts: float = 6.0,
        of: tuple[str, ...] = (),
        unheard: bool = False,
        waits: int = 0,
        others: int = 0,
    ) -> Self:
        """What was foretold of each workload: timeline.0 takes vault away, from those of *of*, for *lasts* seconds.

        *others* come after it, each of which does so, too. The first so many of them all wait.
        """
        losses = tuple(
            e.PlannedLoss(
                fault_id=f"timeline.{n}", lost=("vault",), of=of, unheard=unheard, lasts=lasts, waits=n < waits
            )
            for n in range(1 + others)
        )
        return self.add(e.RadiusPredicted(t=0, faults=losses, workloads=fates, **STAMP))

    def break_glass(self, start: float, end: float | None = None) -> Self:
        return self.fault(start, end, "break-glass-opened", "ledger", operator=True)

    # What others saw of them

    def request(self, workload: str, t: float, *, ok: bool = True, at: str = "vault", **more: Any) -> Self:
        fields = {"path": "secret/data/app", "operation": "read", "accessor": "a1", **more}
        return self.add(e.VaultRequest(t=t, vault=at, ok=ok, workload=workload, **fields, **STAMP))

    def login(self, workload: str, t: float, **more: Any) -> Self:
        return self.request(workload, t, login=True, path="auth/approle/login", **more)

    def renewal(self, workload: str, t: float, **more: Any) -> Self:
        return self.request(workload, t, renewal=True, path="auth/token/renew-self", **more)

    def token(self, workload: str, t: float, *, ok: bool = True, at: str = "idp", endpoint: str = "token") -> Self:
        status = 200 if ok else 400
        return self.add(
            e.IdpRequest(
                t=t, idp=at, endpoint=endpoint, client=workload, ok=ok, status=status, workload=workload, **STAMP
            )
        )

    def access(self, workload: str, t: float, *, via: str = "jwt", allowed: bool = True, **more: Any) -> Self:
        fields = {"resource": "ledger", "identity": workload or "somebody", **more}
        return self.add(e.ResourceAccess(t=t, via=via, allowed=allowed, workload=workload, **fields, **STAMP))

    def connection(self, workload: str, t: float, *, to: str = "vault", outcome: str = "relayed") -> Self:
        return self.add(
            e.ProxyConnection(
                t=t, proxy="proxy", route=to, outcome=outcome, client="10.0.0.1", workload=workload, **STAMP
            )
        )

    def container(self, service: str, t: float, action: str, **more: Any) -> Self:
        return self.add(e.ContainerEvent(t=t, service=service, action=action, **more, **STAMP))

    # What went wrong with looking

    def gap(self, t: float, observer: str, service: str = "", *, entry: bool = False) -> Self:
        return self.add(
            e.ObserverGap(t=t, observer=observer, service=service, reason="stream broke", entry=entry, **STAMP)
        )

    def clock_jump(self, t: float, delta: float = 5.0) -> Self:
        return self.add(e.ClockJumped(t=t, delta=delta, **STAMP))

    def engine_lost(self, t: float) -> Self:
        return self.add(e.EngineLost(t=t, reason="connection refused", **STAMP))

    def leak(self, workload: str, t: float = 0.0) -> Self:
        return self.add(e.LeakFound(t=t, where=f"logs of {workload}", what="token", workload=workload, **STAMP))

    def steady_after(self, t: float, *down: str, reasons: tuple[str, ...] = ()) -> Self:
        ok = not down and not reasons
        return self.add(e.SteadyState(t=t, moment="after", ok=ok, workloads_down=down, reasons=reasons, **STAMP))

    def phase(self, t: float, phase: str) -> Self:
        return self.add(e.PhaseEntered(t=t, phase=phase, **STAMP))

    def end(self, t: float, ending: str = "completed") -> Self:
        return self.phase(t, "teardown").add(e.RunEnded(t=t, ending=ending, **STAMP))

    # What it comes to

    def history(self) -> History:
        return History.from_events(self.events)

    def check(self, workload: str, expectation: str, **args: Any) -> Finding:
        found = registry.get(expectation)
        return found.check(self.history(), workload, found.Args.model_validate(args))

    def judge(self, *claims: Claim) -> Judgement:
        return judge(self.history(), RunClaims(claims, tuple(f"timeline.{n}" for n in range(self.faults))))


def run(period: float = 0.1) -> Run:
    return Run(period)


def claim(workload: str, expectation: str, *, accepted_until: date | None = None, **args: Any) -> Claim:
    risk = AcceptedRisk("known", accepted_until) if accepted_until else None
    return Claim(workload, expectation, registry.get(expectation).Args.model_validate(args), risk)


def run_result(judgement: Judgement, name: str) -> Result:
    [result] = [result for result in judgement.run_results if result.expectation == name]
    return result


PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
