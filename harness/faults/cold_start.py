"""Workloads that are started while nobody can give them credentials."""

from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.restarting import serving
from harness.scenario.base import StrictModel, Texts
from harness.scenario.effect import Effect

GRACE = 1.0  # seconds


class ColdStartArgs(StrictModel):
    workloads: Texts = Field(min_length=1, description="Who is started anew in the outage.")


class ColdStartRecord(StrictModel):
    """When each workload had been started before: it tells a container that lockout stopped from one that gave up."""

    service: str
    started: dict[str, str]


class ColdStartInOutage(Fault[ColdStartArgs, ColdStartRecord]):
    """Workloads are started while Vault is sealed, as after a power cut or a deployment in the middle of an outage.

    A resilient client waits and is ready some time after Vault is; a fragile one ends when its first login fails,
    as init containers with one try do (hashicorp/vault#20772; hashicorp/vault-secrets-operator#309). The undo
    unseals Vault and leaves the workloads to themselves. Source: failure catalogue, ``cold-start-in-outage``.
    """

    name = "cold-start-in-outage"
    group = "J"
    roles = frozenset({"vault"})
    takes = frozenset({"seal"})
    outage = True
    Args = ColdStartArgs
    Record = ColdStartRecord

    def holds(self, target: str, args: ColdStartArgs) -> frozenset[str]:
        return super().holds(target, args) | {f"{workload}/container" for workload in args.workloads}

    def effect(self, target: str, args: ColdStartArgs) -> Effect | None:
        return Effect(frozenset({target}), restarted=frozenset(args.workloads))

    def prepare(self, target: str, args: ColdStartArgs, lab: Lab) -> ColdStartRecord:
        if not lab.vault(target).holds_keys:
            raise FaultNotPossible(
                f"{target} was not initialised by lockout, so lockout has no unseal keys and could not undo this"
            )
        lab.vault_roles(target, args.workloads)  # refuses names that are no workloads
        if idle := [name for name in args.workloads if lab.containers.state(name) != "running"]:
            raise FaultNotPossible(f"{idle[0]} does not run, so it cannot be started anew")
        return ColdStartRecord(
            service=target, started={name: lab.containers.started_at(name) for name in sorted(args.workloads)}
        )

    def inject(self, record: ColdStartRecord, args: ColdStartArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).seal()
        for workload in record.started:
            lab.containers.stop(workload, GRACE)
            lab.containers.start(workload)

    def observe(self, record: ColdStartRecord, lab: Lab) -> str | None:
        if not lab.vault(record.service).is_sealed() or not all(self._started(record, lab).values()):
            return None
        return f"{', '.join(record.started)} started anew, and {record.service} reports sealed"

    def undo(self, record: ColdStartRecord, lab: Lab) -> None:
        serving(record.service, lab)
        for workload in self._left_stopped(record, lab):
            lab.containers.start(workload)

    def healed(self, record: ColdStartRecord, lab: Lab) -> str | None:
        if not lab.vault(record.service).is_serving() or self._left_stopped(record, lab):
            return None
        return f"{record.service} is unsealed and active, and no workload was left stopped by lockout"

    @staticmethod
    def _started(record: ColdStartRecord, lab: Lab) -> dict[str, bool]:
        """Whether each workload was started since."""
        return {name: lab.containers.started_at(name) != before for name, before in record.started.items()}

    def _left_stopped(self, record: ColdStartRecord, lab: Lab) -> list[str]:
        """Who was stopped here and not started. What was started, and has ended since, did that by itself."""
        started = self._started(record, lab)
        return [name for name, again in started.items() if not again and lab.containers.state(name) != "running"]
