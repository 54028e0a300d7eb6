"""Sets up the smaller components: database, identity provider, emergency access."""

from __future__ import annotations

from harness.lab.diagnosis import not_ready
from harness.lab.lab import RunningLab
from harness.lab.waiting import wait_for
from harness.topology.services import DatabaseBlock, IdpBlock
from harness.topology.workload import BreakGlassIdentity

DEADLINE = 20.0
BREAK_GLASS_LIFETIME = 3600.0  # seconds; issued ahead of time, and dead an hour later whatever happens
BREAK_GLASS_SCOPES = ("entries:write",)


def set_up_database(lab: RunningLab, service: str, block: DatabaseBlock) -> None:
    """Wait for the database and run its ``setup`` statements."""
    if wait_for(lab.database(service).answers, DEADLINE) is None:
        raise not_ready(lab, service, f"accepted no connection within {DEADLINE:g} s of its start")
    lab.database(service).execute(block.setup)


def set_up_idp(lab: RunningLab, service: str, block: IdpBlock) -> None:
    """Wait for the identity provider and register its clients, each with a secret of its own."""
    idp = lab.idp(service)
    if wait_for(idp.is_serving, DEADLINE) is None:
        raise not_ready(lab, service, f"did not answer within {DEADLINE:g} s of its start")
    for client, settings in block.clients.items():
        secret = lab.secrets.mint(client_secret_label(service, client))
        idp.register(client, secret, settings.audiences, settings.scopes, settings.grants, settings.token_ttl)


def set_up_break_glass(lab: RunningLab, resource: str) -> None:
    """Issue emergency credentials ahead of time to every workload that is to hold one."""
    holders = [
        workload
        for workload in lab.workloads()
        for identity in lab.spec.topology.workload(workload).identity
        if isinstance(identity, BreakGlassIdentity) and identity.resource == resource
    ]
    if not holders:
        return
    ledger = lab.ledger(resource)
    if wait_for(ledger.answers, DEADLINE) is None:
        raise not_ready(lab, resource, f"did not answer within {DEADLINE:g} s of its start")
    for holder in holders:
        credential = lab.secrets.mint(break_glass_label(resource, holder))
        ledger.register_break_glass(holder, credential, BREAK_GLASS_SCOPES, BREAK_GLASS_LIFETIME)


def client_secret_label(idp: str, client: str) -> str:
    return f"{idp}-client-{client}"


def break_glass_label(resource: str, holder: str) -> str:
    return f"{resource}-break-glass-{holder}"
