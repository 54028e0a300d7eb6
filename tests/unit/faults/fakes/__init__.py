"""A lab made of plain data that behaves as the real one does, as far as faults can tell.

Everything that changes the lab goes through ``_World.write``: so a test can see what was written and in which order,
and can let any of the writes fail. ``silent`` takes away every answer, as an engine or a network that is gone would.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

from harness.faults.ports import FaultNotPossible, HandedToken, VaultLogin
from tests.unit.faults.fakes.containers import FakeContainers
from tests.unit.faults.fakes.emergency import FakeEmergency
from tests.unit.faults.fakes.idp import FakeIdp
from tests.unit.faults.fakes.listener import Bundle, FakeListener
from tests.unit.faults.fakes.networks import FakeNetworks
from tests.unit.faults.fakes.proxy import FakeProxy
from tests.unit.faults.fakes.resources import FakeDatabase, FakeLedger
from tests.unit.faults.fakes.vault import FakeVault, Token
from tests.unit.faults.fakes.world import MINTED, STORED_PASSWORD, World

__all__ = ["MINTED", "STORED_PASSWORD", "FakeLab", "Token"]


class FakeLab:
    """Vault ``vault``, identity provider ``idp``, resource ``ledger``, database ``postgres``, two workloads."""

    def __init__(self, holds_keys: bool = True, proxied: tuple[str, ...] = ("vault", "idp")) -> None:
        self.world = World()
        self._containers = FakeContainers(self.world, ("vault", "idp", "ledger", "postgres", "orders", "billing"))
        self._containers.died = self._died
        self.networks = FakeNetworks(self.world)
        self.the_vault = FakeVault(self.world, "vault", self._containers, holds_keys)
        self.the_idp = FakeIdp(self.world, "idp", self._containers)
        self.the_ledger = FakeLedger(self.world)
        self.the_ledger.verdict = self.the_idp.verdict
        self.the_database = FakeDatabase(self.world)
        self.the_proxy = FakeProxy(self.world)
        self.the_bundle = Bundle()
        self.listeners = {
            "vault": FakeListener(self.world, "vault", self.the_bundle, self.the_vault.is_serving),
            "idp": FakeListener(self.world, "idp", self.the_bundle, self.the_idp.is_serving),
            "ledger": FakeListener(self.world, "ledger", self.the_bundle, lambda: not self.world.silent),
        }
        self._proxied = proxied
        self._minted = 0
        self.secrets: dict[str, str] = {}
        self.emergency = FakeEmergency(self.world, self.the_vault, self.the_ledger, self.the_database, self.secrets)
        self.handed: dict[str, HandedToken] = {}
        self.logins: list[VaultLogin] = []
        self.delivered: Callable[[str, float | None], object] = lambda workload, wrapped_for: None

    @property
    def writes(self) -> list[str]:
        return self.world.writes

    @property
    def containers(self) -> FakeContainers:
        return self._containers

    def port(self, service: str) -> int | None:
        return {"vault": 8200, "idp": 8443, "ledger": 8443, "postgres": 5432, "orders": 8080}.get(service)

    def vault(self, service: str) -> FakeVault:
        assert service == "vault"
        return self.the_vault

    def idp(self, service: str) -> FakeIdp:
        assert service == "idp"
        return self.the_idp

    def listener(self, service: str) -> FakeListener:
        if service not in self.listeners:
            raise FaultNotPossible(f"'{service}' serves no TLS that lockout knows of (x-lockout: tls)")
        return self.listeners[service]

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

    def role(self, service: str) -> str:
        roles = {"vault": "vault", "idp": "idp", "ledger": "resource", "postgres": "database"}
        return roles.get(service, "workload" if service in self.workloads() else "")

    def vault_roles(self, vault: str, workloads: tuple[str, ...]) -> frozenset[str]:
        unknown = sorted(set(workloads) - set(self.workloads()))
        if unknown:
            raise FaultNotPossible(f"no workload '{unknown[0]}' here")
        return frozenset(workloads or self.workloads())

    def idp_clients(self, idp: str, workloads: tuple[str, ...]) -> frozenset[str]:
        return frozenset(f"client-{name}" for name in self.vault_roles("vault", workloads))

    def idps(self) -> tuple[str, ...]:
        return ("idp",) if self._containers.state("idp") == "running" else ()

    def judges(self) -> tuple[str, ...]:
        return ("ledger",) if self._containers.state("ledger") == "running" else ()

    def handed_token(self, vault: str, workload: str) -> HandedToken | None:
        self.vault_roles(vault, (workload,))
        return self.handed.get(workload)

    def vault_logins(self, vault: str, workloads: tuple[str, ...]) -> tuple[VaultLogin, ...]:
        self.vault_roles(vault, workloads)
        return tuple(one for one in self.logins if one.workload in (workloads or self.workloads()))

    def deliver(self, workload: str, wrapped_for: float | None = None) -> None:
        """Does what the test put into ``delivered``."""
        self.world.write(f"deliver {workload}")
        self.delivered(workload, wrapped_for)

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
                "idp": (
                    self.the_idp.keys,
                    self.the_idp.active,
                    self.the_idp.flags,
                    self.the_idp.disabled,
                    self.the_idp.revoked,
                ),
                "ledger": self.the_ledger.opened,
                "networks": self.networks.ends,
                "database": self.the_database.passwords,
                "proxy": self.the_proxy.rules,
                "bundle": self.the_bundle,
                "listeners": {name: (one.kind, one.shown) for name, one in self.listeners.items()},
            }
        )
