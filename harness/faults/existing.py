"""What a fault needs to find in Vault before it can break it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.faults.ports import FaultNotPossible, VaultAdmin


def existing(target: str, vault: VaultAdmin, folder: str, name: str, what: str) -> Mapping[str, Any]:
    """What is configured at *folder*/*name* of *target*. Raises FaultNotPossible, with what there is instead."""
    found = vault.api_read(f"{folder}/{name}")
    if found is None:
        mount = folder.rpartition("/")[0]
        known = ", ".join(vault.api_list(folder)) or "none"
        raise FaultNotPossible(f"{target} has no {what} '{name}' at {mount}; there are: {known}")
    return found
