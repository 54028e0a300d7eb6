from __future__ import annotations

from random import Random

from harness.faults.base import Fault, NoArgs, ServiceRecord
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.restarting import serving
from harness.scenario.effect import Effect, gone


class VaultSealed(Fault[NoArgs, ServiceRecord]):
    """Vault is sealed: every request but the seal status gets 503 until it is unsealed by hand.

    A resilient client serves on credentials that are still valid and stays up. consul-template gives up after
    12 attempts (hashicorp/consul-template#1161). Source: failure catalogue, ``vault-sealed``.
    """

    name = "vault-sealed"
    group = "A"
    takes = frozenset({"seal"})
    outage = True
    roles = frozenset({"vault"})

    def effect(self, target: str, args: NoArgs) -> Effect | None:
        return gone(target)

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ServiceRecord:
        if not lab.vault(target).holds_keys:
            raise FaultNotPossible(
                f"{target} was not initialised by lockout, so lockout has no unseal keys and could not undo this; "
                "use vault-paused, or let lockout initialise it (x-lockout: initialise)"
            )
        return ServiceRecord(service=target)

    def inject(self, record: ServiceRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).seal()

    def observe(self, record: ServiceRecord, lab: Lab) -> str | None:
        return f"{record.service} reports sealed" if lab.vault(record.service).is_sealed() else None

    def undo(self, record: ServiceRecord, lab: Lab) -> None:
        serving(record.service, lab)

    def healed(self, record: ServiceRecord, lab: Lab) -> str | None:
        return f"{record.service} is unsealed and active" if lab.vault(record.service).is_serving() else None
