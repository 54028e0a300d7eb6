"""What steps may wait for, as it is seen while a run goes on: heard from everybody who reports, and asked of Vaults."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from harness.awaited.args import AwaitedArgs, Kind
from harness.awaited.view import Access, Login, Over, StepSoFar, View
from harness.checks.proofs import is_login, service, words
from harness.faults.ports import Lab
from harness.history.clock import RunClock
from harness.history.events import AnyEvent, IdpRequest, Sample, VaultRequest
from harness.plan.model import Plan
from harness.run.lives import Lives


class Witness:
    """``hear`` may be called from any thread; everything else is the conductor's alone.

    Remembers only what *plan* waits for, and nothing at all for one that waits for nothing.
    """

    def __init__(self, plan: Plan, clock: RunClock) -> None:
        self._clock = clock
        self._heard: deque[Sample | VaultRequest | IdpRequest] = deque()
        self._listens = bool(plan.awaited)
        self._access: dict[str, Access] = {}
        self._newest: dict[str, float] = {}  # when the newest probe of a workload was sent that was answered
        self._logins: dict[str, dict[tuple[str, bool], Login]] = {}
        self._lives = {kind: Lives(kind, clock) for kind in _KINDS}
        of = {kind: [awaited.args for awaited in plan.awaited if awaited.args.of_vault == kind] for kind in _KINDS}
        self._asks = {kind: _whose(args) for kind, args in of.items() if args}

    def hear(self, event: AnyEvent) -> None:
        if self._listens and isinstance(event, Sample | VaultRequest | IdpRequest):
            self._heard.append(event)

    def look(self, lab: Lab, down: Collection[str]) -> None:
        """Ask those Vaults about credentials that are not *down*, if a step waits for the end of any."""
        self._catch_up()
        for kind, workloads in self._asks.items():
            self._lives[kind].ask(lab, workloads, down)

    def view(self, since: float, steps: Mapping[str, StepSoFar], down: Collection[str]) -> View:
        """This moment, for a step that has been waiting since *since*, on the run's clock."""
        self._catch_up()

        def over(kind: Kind, workload: str | None) -> Over | None:
            return self._lives[kind].over(workload, down)

        return View(self._clock.now(), since, self._access, over, self._logins_of, steps)

    def _logins_of(self, workload: str) -> Sequence[Login]:
        return tuple(self._logins.get(workload, {}).values())

    def _catch_up(self) -> None:
        while self._heard:
            event = self._heard.popleft()
            if isinstance(event, Sample):
                self._sampled(event)
                continue
            if isinstance(event, VaultRequest):
                for lives in self._lives.values():
                    lives.hear(event)
            if event.workload and is_login(event):
                self._logged_in(event)

    def _sampled(self, sample: Sample) -> None:
        """Probes may be answered in another order than they were sent in: that of sending counts."""
        name, t = sample.workload, sample.t
        known = self._access.get(name)
        if known is None or t >= self._newest[name]:
            self._newest[name] = t
            if known is None or known.up != sample.ok:
                known = Access(sample.ok, t, known.failed if known else None)
        if not sample.ok and (known.failed is None or t > known.failed):
            known = replace(known, failed=t)
        self._access[name] = known

    def _logged_in(self, request: VaultRequest | IdpRequest) -> None:
        known = self._logins.setdefault(request.workload, {})
        key = (service(request), request.ok)
        if key not in known or request.t > known[key].t:
            known[key] = Login(request.t, service(request), request.ok, words(request))


_KINDS: tuple[Kind, ...] = ("token", "lease")


def _whose(args: Sequence[AwaitedArgs]) -> frozenset[str] | None:
    """The workloads whose credentials are awaited; None: those of all."""
    named = [getattr(one, "workload", None) for one in args]
    return None if None in named else frozenset(name for name in named if name)
