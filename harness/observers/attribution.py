"""Whose doing was it? Maps what a journal shows to the workload behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Attribution:
    """Names are certain, addresses come and go with containers; so names are asked first."""

    vault_roles: dict[tuple[str, str], str] = field(default_factory=dict)  # (vault, role) -> workload
    idp_clients: dict[tuple[str, str], str] = field(default_factory=dict)  # (idp, client) -> workload
    holders: dict[tuple[str, str], str] = field(default_factory=dict)  # (resource, identity) -> workload
    _addresses: dict[str, str] = field(default_factory=dict)  # address -> service

    def moved(self, service: str, addresses: Iterable[str]) -> None:
        """*service* now has just these addresses."""
        # Built anew and swapped in one step: journals are parsed on other threads meanwhile.
        kept = {address: owner for address, owner in self._addresses.items() if owner != service}
        self._addresses = kept | dict.fromkeys(addresses, service)

    def by_address(self, address: str) -> str:
        return self._addresses.get(address, "")

    def by_vault_role(self, vault: str, role: str) -> str:
        return self.vault_roles.get((vault, role), "")

    def by_idp_client(self, idp: str, client: str) -> str:
        return self.idp_clients.get((idp, client), "")

    def by_holder(self, resource: str, identity: str) -> str:
        return self.holders.get((resource, identity), "")
