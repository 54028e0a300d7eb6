"""What a lab is like, item by item: so that two looks tell whether something was left in it.

Only what faults and runs must not change for good: configuration, not tokens, leases, versions or counters. Values
that may be secret are never part of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from harness.faults.locked_out import locked_out
from harness.faults.ports import FaultNotPossible
from harness.lab.admin.vault import VaultOperator
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.topology.model import Service
from harness.topology.services import DatabaseBlock, IdpBlock, ProxyBlock
from harness.topology.vault import VaultBlock
from harness.topology.workload import WorkloadBlock

LONGEST = 30.0  # seconds for a look at all of it
Inventory = Mapping[str, str]
"""Item, such as ``vault: policy orders``, to its state in words or as JSON."""

_MOUNT_KEYS = ("type", "options", "local", "seal_wrap", "config")
_OWN_POLICIES = frozenset({"root"})
_VOLATILE = frozenset({"last_vault_rotation", "ttl", "creation_time", "last_update_time"})
# What an auth or secrets engine of a type has by name, below its mount.
_NAMED = {
    "approle": ("role",),
    "jwt": ("role",),
    "oidc": ("role",),
    "cert": ("certs",),
    "database": ("roles", "static-roles", "config"),
    "pki": ("roles",),
}
_SINGLE = {"jwt": ("config",), "pki": ("config/crl", "config/issuers", "config/urls")}
_KEY_SETTINGS = ("deletion_allowed", "exportable", "min_decryption_version", "min_encryption_version", "type")


def take(lab: RunningLab, within: float = LONGEST) -> Inventory:
    """Look at every component that has a container.

    Raises EnvironmentUnusable when one does not answer, or there is too much to see *within* so many seconds, as in a
    Vault that others fill; and FaultNotPossible for one that lockout cannot drive.
    """
    end = time.monotonic() + within
    found: dict[str, str] = {}
    for name, state in sorted(lab.containers.services().items()):
        service = lab.spec.topology.services.get(name)
        if service is None:  # the container of a fault, which has no service
            found[f"{name}: container"] = state
        elif not isinstance(service.block, WorkloadBlock):  # workloads come and go
            for item, seen in _of(lab, service):
                found[f"{name}: {item}"] = seen
                if time.monotonic() > end:
                    raise EnvironmentUnusable(f"{name}: there is more than can be looked at within {within:g} s")
    return found


def differences(before: Inventory, after: Inventory) -> tuple[str, ...]:
    """One sentence for each item that is not as it was."""
    said = []
    for item in sorted(before.keys() | after.keys()):
        was, now = before.get(item), after.get(item)
        if was == now:
            continue
        if was is None:
            said.append(f"{item} was not there before ({now})")
        else:
            said.append(f"{item} is gone (it was {was})" if now is None else f"{item} was {was}, and is {now}")
    return tuple(said)


def _of(lab: RunningLab, service: Service) -> Iterator[tuple[str, str]]:
    yield "container", lab.containers.state(service.name)
    for network, names in lab.containers.networks(service.name).items():
        yield f"names in {network}", _words(names)
    if isinstance(service.block, VaultBlock):
        yield from _vault(lab.vault(service.name))
    elif isinstance(service.block, DatabaseBlock):
        for role, attributes in lab.database(service.name).roles().items():
            yield f"role {role}", attributes
        yield "locks that somebody waits for", str(lab.database(service.name).waited_for_locks())
    elif isinstance(service.block, IdpBlock):
        with suppress(FaultNotPossible):  # one without an admin API of ours is not changed by us either
            yield "behaviour", _json(lab.idp(service.name).behaviour())
    elif isinstance(service.block, ProxyBlock):
        yield "rules", _words(lab.proxy(service.name).all())


def _words(names: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(names)) or "none"


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _vault(vault: VaultOperator) -> Iterator[tuple[str, str]]:
    yield "sealed", str(vault.is_sealed())
    read = vault.api_read
    for section, kind in (("sys/auth", "auth method"), ("sys/mounts", "secrets engine")):
        for mount, settings in sorted((read(section) or {}).items()):
            if isinstance(settings, Mapping) and "type" in settings:
                yield f"{kind} {mount}", _json({key: settings.get(key) for key in _MOUNT_KEYS})
                base = ("auth/" if kind == "auth method" else "") + mount.rstrip("/")
                yield from _engine(vault, base, str(settings["type"]))
    for policy in vault.api_list("sys/policies/acl"):
        if policy not in _OWN_POLICIES:
            yield f"policy {policy}", _json((read(f"sys/policies/acl/{policy}") or {}).get("policy"))
    for device, settings in sorted((read("sys/audit") or {}).items()):
        if isinstance(settings, Mapping):
            yield f"audit device {device}", _json({key: settings.get(key) for key in ("type", "options")})
    for quota in _listed(vault, "sys/quotas/rate-limit"):
        yield f"rate limit {quota}", _json(read(f"sys/quotas/rate-limit/{quota}"))
    yield "locked out", _words(tuple(role_id for _, role_id in locked_out(vault)))
    yield from _disabled_entities(vault)


def _engine(vault: VaultOperator, base: str, kind: str) -> Iterator[tuple[str, str]]:
    for folder in _NAMED.get(kind, ()):
        for name in _listed(vault, f"{base}/{folder}"):
            yield f"{base}/{folder}/{name}", _json(_steady(vault.api_read(f"{base}/{folder}/{name}") or {}))
    for single in _SINGLE.get(kind, ()):
        yield f"{base}/{single}", _json(_steady(_read(vault, f"{base}/{single}") or {}))
    if kind == "transit":
        for name in _listed(vault, f"{base}/keys"):
            key = vault.api_read(f"{base}/keys/{name}") or {}
            yield f"{base}/keys/{name}", _json({setting: key.get(setting) for setting in _KEY_SETTINGS})
    if kind == "kv":
        for name in _listed(vault, f"{base}/metadata"):
            yield f"{base}/{name}", _entry(vault, base, name)


def _entry(vault: VaultOperator, base: str, name: str) -> str:
    """Which keys a KV entry has and which of them are empty; its values may be rotated, and are nobody's business."""
    data = (_read(vault, f"{base}/data/{name}") or {}).get("data")
    if not isinstance(data, Mapping):
        return "nothing"
    return ", ".join(f"{key} (empty)" if not value else str(key) for key, value in sorted(data.items()))


def _disabled_entities(vault: VaultOperator) -> Iterator[tuple[str, str]]:
    for entity in _listed(vault, "identity/entity/id"):
        if (vault.api_read(f"identity/entity/id/{entity}") or {}).get("disabled"):
            yield f"entity {entity}", "disabled"


def _listed(vault: VaultOperator, path: str) -> tuple[str, ...]:
    try:
        return tuple(name for name in vault.api_list(path) if not name.endswith("/"))
    except EnvironmentUnusable:  # as for what a mount has not got
        return ()


def _steady(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _VOLATILE and "password" not in key}


def _read(vault: VaultOperator, path: str) -> Mapping[str, Any] | None:
    """What stands there; None where Vault refuses, as it does for what a mount has not got."""
    try:
        return vault.api_read(path)
    except EnvironmentUnusable:
        return None
