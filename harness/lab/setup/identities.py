"""Hands workloads their credentials, as a platform team's trusted orchestrator would: as private files."""

from __future__ import annotations

import threading

import requests
from hvac.exceptions import VaultError

from harness.lab.admin.database import create_role
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.labels import (
    client_key_label,
    parent_label,
    refresh_token_label,
    secret_id_label,
    token_label,
    wrapped_label,
)
from harness.lab.setup.components import break_glass_label, client_secret_label
from harness.topology.services import IdpBlock
from harness.topology.workload import BreakGlassIdentity, DatabaseIdentity, IdpIdentity, VaultIdentity

WRAPPED_FOR = 600.0  # seconds that a wrapped SecretID waits for its workload
PARENT_PERIOD = "24h"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant

_MAKING_ROLES = threading.Lock()  # workloads are handed their identities side by side


def deliver_identities(lab: RunningLab, workload: str, wrapped_for: float = WRAPPED_FOR) -> None:
    """Write every identity that *workload* is to be handed into its container. Raises EnvironmentUnusable.

    *wrapped_for*: seconds that a response-wrapped SecretID can be had.
    """
    files: dict[str, str] = {}
    for identity in lab.spec.topology.workload(workload).identity:
        if identity.deliver is None:
            continue
        folder = identity.deliver.rstrip("/")
        if isinstance(identity, VaultIdentity):
            if identity.method == "approle":
                files |= _approle(lab, workload, identity, folder, wrapped_for)
            elif identity.method == "token":
                files |= _token(lab, workload, identity, folder)
            elif identity.method == "cert":
                files |= _certificate(lab, workload, identity, folder)
        elif isinstance(identity, IdpIdentity):
            files[f"{folder}/client_id"] = identity.client
            files[f"{folder}/client_secret"] = _known(lab, client_secret_label(identity.idp, identity.client))
            files |= _refresh_token(lab, workload, identity, folder)
        elif isinstance(identity, BreakGlassIdentity):
            files[f"{folder}/credential"] = _known(lab, break_glass_label(identity.resource, workload))
        elif isinstance(identity, DatabaseIdentity):
            files |= _database_role(lab, identity, folder)
    if files:
        lab.containers.write_files(workload, files)


def _refresh_token(lab: RunningLab, workload: str, identity: IdpIdentity, folder: str) -> dict[str, str]:
    """A first refresh token for a client that lives on them; each time a new one, for the last one is used up."""
    block = lab.spec.topology.services[identity.idp].block
    client = block.clients.get(identity.client) if isinstance(block, IdpBlock) else None
    if client is None or REFRESH_TOKEN not in client.grants:
        return {}
    token = lab.idp(identity.idp).sign_in(identity.client)
    return {f"{folder}/refresh_token": lab.secrets.keep(refresh_token_label(identity.idp, workload), token)}


def _approle(
    lab: RunningLab, workload: str, identity: VaultIdentity, folder: str, wrapped_for: float
) -> dict[str, str]:
    client = lab.vault(identity.vault).client
    base = f"auth/{identity.at}/role/{identity.role}"
    try:
        role_id = client.read(f"{base}/role-id")["data"]["role_id"]
        if identity.wrapped:
            answer = client.write_data(f"{base}/secret-id", data={}, wrap_ttl=f"{max(1, round(wrapped_for))}s")
            token = str(answer["wrap_info"]["token"])
            lab.secrets.keep(wrapped_label(identity.vault, workload), token)
            return {f"{folder}/role_id": role_id, f"{folder}/wrapped_secret_id": token}
        secret_id = client.write_data(f"{base}/secret-id", data={})["data"]["secret_id"]
    except (VaultError, requests.RequestException, TypeError) as error:
        raise EnvironmentUnusable(
            f"{workload}: no SecretID for role '{identity.role}' of {identity.vault}: {error}",
            (f"is the role in x-lockout: provision: auth: {identity.at}: roles of {identity.vault}?",),
        ) from error
    lab.secrets.keep(secret_id_label(identity.vault, workload), secret_id)
    return {f"{folder}/role_id": role_id, f"{folder}/secret_id": secret_id}


def _token(lab: RunningLab, workload: str, identity: VaultIdentity, folder: str) -> dict[str, str]:
    vault, path = lab.vault(identity.vault), f"auth/token/create/{identity.role}"
    meta = {"meta": {"role": identity.role}}
    if (vault.api_read(f"auth/token/roles/{identity.role}") or {}).get("orphan", True):
        made = vault.api_write(path, meta)
    else:
        made = vault.write_with(_parent(lab, identity), path, meta)
    token = str(made["auth"]["client_token"])
    lab.secrets.keep(token_label(identity.vault, workload), token)
    return {f"{folder}/token": token}


def _certificate(lab: RunningLab, workload: str, identity: VaultIdentity, folder: str) -> dict[str, str]:
    """A client certificate to begin with, for as long as its issuer's role allows."""
    vault, role = lab.vault(identity.vault), identity.role
    longest = (vault.api_read(f"{identity.pki}/roles/{role}") or {}).get("max_ttl")
    made = vault.api_write(f"{identity.pki}/issue/{role}", {"common_name": role, "ttl": longest})
    lab.secrets.keep(client_key_label(identity.vault, workload), str(made["private_key"]))
    return {f"{folder}/client.crt": str(made["certificate"]), f"{folder}/client.key": str(made["private_key"])}


def _parent(lab: RunningLab, identity: VaultIdentity) -> str:
    """The platform's own token, whose children are the tokens of this role; a new one when it is dead."""
    vault, label = lab.vault(identity.vault), parent_label(identity.vault, identity.role)
    with _MAKING_ROLES:
        known = lab.secrets.get(label)
        if known and vault.accessor_of(known):
            return known
        settings = {"policies": [parent_policy(identity.role)], "no_parent": True, "period": PARENT_PERIOD}
        made = vault.api_write("auth/token/create", settings)
        return lab.secrets.keep(label, str(made["auth"]["client_token"]))


def parent_policy(role: str) -> str:
    """The policy of the token whose children the tokens of *role* are."""
    return f"issues-{role}"


def _database_role(lab: RunningLab, identity: DatabaseIdentity, folder: str) -> dict[str, str]:
    label = f"{identity.database}-role-{identity.role}"
    with _MAKING_ROLES:
        password = lab.secrets.get(label)
        if password is None:  # several workloads may hold the same
            password = lab.secrets.mint(label)
            lab.database(identity.database).execute(create_role(identity.role, password, identity.member_of))
    return {f"{folder}/username": identity.role, f"{folder}/password": password}


def _known(lab: RunningLab, label: str) -> str:
    value = lab.secrets.get(label)
    if value is None:
        raise EnvironmentUnusable(f"nothing was issued as '{label}'")
    return value
