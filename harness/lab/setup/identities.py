"""Hands workloads their credentials, as a platform team's trusted orchestrator would: as private files."""

from __future__ import annotations

import requests
from hvac.exceptions import VaultError

from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.setup.components import break_glass_label, client_secret_label
from harness.topology.workload import BreakGlassIdentity, IdpIdentity, VaultIdentity


def deliver_identities(lab: RunningLab, workload: str) -> None:
    """Write every identity that *workload* is to be handed into its container. Raises EnvironmentUnusable."""
    files: dict[str, str] = {}
    for identity in lab.spec.topology.workload(workload).identity:
        if identity.deliver is None:
            continue
        folder = identity.deliver.rstrip("/")
        if isinstance(identity, VaultIdentity):
            if identity.method == "approle":
                files |= _approle(lab, workload, identity, folder)
        elif isinstance(identity, IdpIdentity):
            files[f"{folder}/client_id"] = identity.client
            files[f"{folder}/client_secret"] = _known(lab, client_secret_label(identity.idp, identity.client))
        elif isinstance(identity, BreakGlassIdentity):
            files[f"{folder}/credential"] = _known(lab, break_glass_label(identity.resource, workload))
    if files:
        lab.containers.write_files(workload, files)


def _approle(lab: RunningLab, workload: str, identity: VaultIdentity, folder: str) -> dict[str, str]:
    client = lab.vault(identity.vault).client
    base = f"auth/{identity.at}/role/{identity.role}"
    try:
        role_id = client.read(f"{base}/role-id")["data"]["role_id"]
        secret_id = client.write_data(f"{base}/secret-id", data={})["data"]["secret_id"]
    except (VaultError, requests.RequestException, TypeError) as error:
        raise EnvironmentUnusable(
            f"{workload}: no SecretID for role '{identity.role}' of {identity.vault}: {error}",
            (f"is the role in x-lockout: provision: auth: {identity.at}: roles of {identity.vault}?",),
        ) from error
    lab.secrets.keep(f"{identity.vault}-secret-id-{workload}", secret_id)
    return {f"{folder}/role_id": role_id, f"{folder}/secret_id": secret_id}


def _known(lab: RunningLab, label: str) -> str:
    value = lab.secrets.get(label)
    if value is None:
        raise EnvironmentUnusable(f"nothing was issued as '{label}'")
    return value
