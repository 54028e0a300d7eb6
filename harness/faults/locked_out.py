"""Vault locks out a RoleID for a quarter of an hour after five logins with a wrong SecretID.

So a fault that lets logins fail may leave this behind, and undo has to take it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.faults.ports import VaultAdmin


def unlock(vault: VaultAdmin, role_ids: Iterable[str]) -> None:
    """Let these RoleIDs log in again. Does nothing for those that may."""
    wanted = frozenset(role_ids)
    for mount, role_id in locked_out(vault):
        if role_id in wanted:
            vault.api_write(f"sys/locked-users/{mount}/unlock/{role_id}", {})


def locked_out(vault: VaultAdmin) -> Iterator[tuple[str, str]]:
    """(accessor of the auth mount, RoleID) of everybody who is locked out now."""
    found = vault.api_read("sys/locked-users") or {}
    for namespace in found.get("by_namespace") or ():
        for mount in namespace.get("mount_accessors") or ():
            if isinstance(mount, Mapping):
                for role_id in mount.get("alias_identifiers") or ():
                    yield str(mount.get("mount_accessor")), str(role_id)
