"""Faults in which a component's container is killed, paused or stopped: absent rather than lying."""

from __future__ import annotations

from abc import abstractmethod
from random import Random

from harness.faults.base import Fault, NoArgs, ServiceRecord
from harness.faults.ports import FaultNotPossible, Lab
from harness.lab.waiting import wait_for
from harness.scenario.effect import Effect, gone

PREPARE_DEADLINE = 1.0  # seconds; one answer that went astray is no reason to call a run off


class _ContainerFault(Fault[NoArgs, ServiceRecord]):
    """What they share: the engine's own word is the proof, and undo leads from any state back to serving."""

    takes = frozenset({"container"})
    outage = True
    bitten_states: frozenset[str] = frozenset({"exited"})

    def effect(self, target: str, args: NoArgs) -> Effect | None:
        return gone(target)

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ServiceRecord:
        return ServiceRecord(service=target)

    def observe(self, record: ServiceRecord, lab: Lab) -> str | None:
        state = lab.containers.state(record.service)
        if state in self.bitten_states and not self._serving(record.service, lab):
            return f"container of {record.service} is {state} and it answers nothing"
        return None

    def undo(self, record: ServiceRecord, lab: Lab) -> None:
        state = lab.containers.state(record.service)
        if state == "paused":
            lab.containers.unpause(record.service)
        elif state != "running":
            lab.containers.start(record.service)
        self._reopen(record.service, lab)

    def healed(self, record: ServiceRecord, lab: Lab) -> str | None:
        if lab.containers.state(record.service) == "running" and self._serving(record.service, lab):
            return f"container of {record.service} runs and it answers"
        return None

    @abstractmethod
    def _serving(self, service: str, lab: Lab) -> bool: ...

    def _reopen(self, service: str, lab: Lab) -> None:
        """What a component needs after its container is back."""


class _VaultFault(_ContainerFault):
    group = "A"
    takes = frozenset({"container", "seal"})  # it comes back sealed
    roles = frozenset({"vault"})

    def _serving(self, service: str, lab: Lab) -> bool:
        return lab.vault(service).is_serving()

    def _reopen(self, service: str, lab: Lab) -> None:
        # A Shamir Vault comes back sealed, as in production.
        vault = lab.vault(service)
        if vault.holds_keys:
            vault.unseal()


class _VaultRestarted(_VaultFault):
    """Vault's process ends, so what it holds in memory is gone: at least the key that unseals it."""

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ServiceRecord:
        if not lab.vault(target).survives_restart:
            raise FaultNotPossible(
                f"{target} would come back sealed, and lockout has no unseal keys for it, or in dev mode empty; "
                "use vault-paused, or let lockout initialise it (x-lockout: initialise)"
            )
        return super().prepare(target, args, lab)


class VaultKilled(_VaultRestarted):
    """Vault's process is killed with SIGKILL; after the restart it is sealed until somebody unseals it.

    The keys are withheld for as long as the fault lasts: only its undo starts Vault again and unseals it, as people do
    who have to be found first. A resilient client lasts until the last key is given; a fragile one crash-loops on the
    refused connection (cloudfoundry-community/vault-boshrelease#16). Source: failure catalogue, ``vault-hard-kill``.
    """

    name = "vault-hard-kill"

    def inject(self, record: ServiceRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.containers.kill(record.service)


class VaultStopped(_VaultRestarted):
    """Vault is shut down in good order: connections are refused.

    A resilient client backs off and keeps working on credentials that are still valid.
    Source: failure catalogue, ``vault-hard-kill``, for what clients do.
    """

    name = "vault-stopped"

    def inject(self, record: ServiceRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.containers.stop(record.service, grace=2.0)


class VaultPaused(_VaultFault):
    """Vault hangs: connections are accepted and never answered.

    A resilient client has a deadline of its own and goes on with what it has; one without drains its threads (vaultrs
    sets no timeout). Source: failure catalogue, ``audit-sink-blocking``, for what clients do.
    """

    name = "vault-paused"
    bitten_states = frozenset({"paused"})

    def inject(self, record: ServiceRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.containers.pause(record.service)


class IdpStopped(_ContainerFault):
    """The identity provider is shut down: no new tokens, and no keys for verifiers that ask.

    A resilient client uses its current token to its end; in the Azure AD outage of 2021-03-15 applications that
    needed no new token kept working. Source: failure catalogue, ``idp-down-warm``.
    """

    name = "idp-down-warm"
    group = "E"
    roles = frozenset({"idp"})

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ServiceRecord:
        if not wait_for(lambda: self._serving(target, lab), PREPARE_DEADLINE):
            raise FaultNotPossible(
                f"{target} does not answer on its port (x-lockout: port), so nobody could see that it ends and is back"
            )
        return super().prepare(target, args, lab)

    def inject(self, record: ServiceRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.containers.stop(record.service, grace=2.0)

    def _serving(self, service: str, lab: Lab) -> bool:
        return lab.idp(service).is_serving()
