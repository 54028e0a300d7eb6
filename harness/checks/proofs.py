"""Proof, from the journals of those who were asked, that a workload authenticated."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.windows import IDP_JOURNAL, VAULT_AUDIT
from harness.history.events import IdpRequest, VaultRequest

Request = VaultRequest | IdpRequest

_UPKEEP = ("auth/token/", "sys/")
"""Paths in Vault under which a client looks after the token and the leases that it has."""


def service(request: Request) -> str:
    return request.vault if isinstance(request, VaultRequest) else request.idp


def is_login(request: Request) -> bool:
    """Whether the workload asked for a new credential in its own name, rather than using one that it had."""
    return request.login if isinstance(request, VaultRequest) else request.endpoint == "token"


def proves(request: Request) -> bool:
    """Whether the workload was accepted.

    In Vault: a login, a renewal, or anything else with a token; what Vault answers to everybody, such as its seal
    status, proves nothing. At an identity provider: a token issued.
    """
    if isinstance(request, VaultRequest):
        return request.ok and (request.login or request.renewal or bool(request.accessor))
    return request.ok and request.endpoint == "token"


def gives_access(request: Request) -> bool:
    """Whether the workload got something to work with: a login, a token, a secret; not the upkeep of what it has."""
    if not proves(request):
        return False
    return is_login(request) or not (
        isinstance(request, VaultRequest) and (request.renewal or request.path.startswith(_UPKEEP))
    )


def words(request: Request) -> str:
    if isinstance(request, VaultRequest):
        kind = "login" if request.login else "renewal" if request.renewal else f"{request.operation} {request.path}"
        why = request.error or "refused"
    else:
        kind = f"{request.endpoint} request"
        why = f"status {request.status}"
    return f"{kind} at {service(request)}" + ("" if request.ok else f" ({why})")


def observers(requests: Iterable[Request]) -> set[str]:
    """Who reported *requests*."""
    return {VAULT_AUDIT if isinstance(request, VaultRequest) else IDP_JOURNAL for request in requests}
