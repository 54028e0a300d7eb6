"""A lab made of plain data that behaves as the real one does, as far as faults can tell.

Everything that changes the lab goes through ``_World.write``: so a test can see what was written and in which order,
and can let any of the writes fail. ``silent`` takes away every answer, as an engine or a network that is gone would.
"""

from __future__ import annotations

import copy

from harness.faults.ports import FaultNotPossible
from tests.unit.faults.fakes.containers import FakeContainers
from tests.unit.faults.fakes.idp import FakeIdp
from tests.unit.faults.fakes.proxy import FakeProxy
from tests.unit.faults.fakes.resources import FakeDatabase, FakeLedger
from tests.unit.faults.fakes.vault import FakeVault, Token
from tests.unit.faults.fakes.world import MINTED, STORED_PASSWORD, World

__all__ = ["MINTED", "STORED_PASSWORD", "FakeLab", "Token"]


class FakeLab:
    """Vault ``vault``, identity provider ``idp``, resource ``ledger``, database ``postgres``, two workloads."""

    def __init__(self, holds_keys: bool = True, proxied: tuple[str, ...] = ("vault",)) -> None:
        self.world = World()
        self._containers = FakeContainers(self.world, ("vault", "idp", "ledger", "postgres", "orders", "billing"))
        self._containers.died = self._died
        self.the_vault = FakeVault(self.world, "vault", self._containers, holds_keys)
        self.the_idp = FakeIdp(self.world, "idp", self._containers)
        self.the_ledger = FakeLedger(self.world)
        self.the_database = FakeDatabase(self.world)
        self.the_proxy = FakeProxy(self.world)
        self._proxied = proxied
        self._minted = 0
        self.secrets: dict[str, str] = {}

    @property
    def writes(self) -> list[str]:
        return self.world.writes

    @property
    def containers(self) -> FakeContainers:
        return self._containers

    def vault(self, service: str) -> FakeVault:
        assert service == "vault"
        return self.the_vault

    def idp(self, service: str) -> FakeIdp:
        assert service == "idp"
        return self.the_idp

    def ledger(self, service: str) -> FakeLedger:
        assert service == "ledger"
        return self.the_ledger

    def database(self, service: str) -> FakeDatabase:
        assert service == "postgres"
        return self.the_database

    def proxy_before(self, upstream: str) -> FakeProxy:
        if upstream not in self._proxied:
            raise FaultNotPossible(f"no fault proxy before '{upstream}'")
        return self.the_proxy

    def workloads(self) -> tuple[str, ...]:
        return ("billing", "orders")

    def vault_roles(self, vault: str, workloads: tuple[str, ...]) -> frozenset[str]:
        unknown = sorted(set(workloads) - set(self.workloads()))
        if unknown:
            raise FaultNotPossible(f"no workload '{unknown[0]}' here")
        return frozenset(workloads or self.workloads())

    def mint_password(self) -> str:
        self._minted += 1
        return f"{MINTED}-{self._minted}"

    def keep(self, label: str, secret: str) -> None:
        self.world.write(f"keep {label}")
        self.secrets[label] = secret

    def kept(self, label: str) -> str | None:
        return self.secrets.get(label)

    def _died(self, service: str) -> None:
        if service == "vault" and self.the_vault.holds_keys:
            self.the_vault.sealed = True

    def pass_time(self, seconds: float) -> None:
        for token in self.the_vault.tokens.values():
            token.left -= seconds

    def snapshot(self) -> dict[str, object]:
        """The state of the lab as plain data, to be compared."""
        vault = self.the_vault
        return copy.deepcopy(
            {
                "containers": self._containers.states,
                "vault": (
                    vault.tree,
                    vault.sealed,
                    vault.max_ttl,
                    vault.default_ttl,
                    vault.rotations,
                    vault.kv,
                    vault.tokens,
                ),
                "idp": (self.the_idp.keys, self.the_idp.active),
                "ledger": self.the_ledger.opened,
                "database": self.the_database.passwords,
                "proxy": self.the_proxy.cuts,
            }
        )
