"""Under which labels the secrets of a run are kept that faults ask for, too."""

from __future__ import annotations


def secret_id_label(vault: str, workload: str) -> str:
    return f"{vault}-secret-id-{workload}"


def wrapped_label(vault: str, workload: str) -> str:
    """Of the token that gives out a SecretID once."""
    return f"{vault}-wrapped-secret-id-{workload}"


def token_label(vault: str, workload: str) -> str:
    """Of the token that a workload was handed."""
    return f"{vault}-token-{workload}"


def parent_label(vault: str, role: str) -> str:
    """Of the token whose children the tokens of *role* are."""
    return f"{vault}-parent-of-{role}"


def refresh_token_label(idp: str, workload: str) -> str:
    """Of the first refresh token that a workload was handed."""
    return f"{idp}-refresh-token-{workload}"


def connection_label(vault: str, mount: str) -> str:
    """Of the password with which a database engine logs in."""
    return f"{vault}-{mount}-connection"


def client_key_label(vault: str, workload: str) -> str:
    """Of the private key of the client certificate that a workload was handed."""
    return f"{vault}-client-key-{workload}"


def admin_token_label(service: str) -> str:
    """Of the token of its admin API."""
    return f"{service}-admin-token"


def unseal_key_label(vault: str, number: int) -> str:
    """Of one of its Shamir shares, counted from 1."""
    return f"{vault}-unseal-key-{number}"
