"""Vault's audit log, which a file device writes to standard output.

The format is Vault's own: one object per request and per response, told apart by ``type``; values are HMACs,
accessors are in clear because the device has ``hmac_accessor=false``.
"""

from __future__ import annotations

import re
from typing import Any

from harness.history.clock import Stamp
from harness.history.events import VaultRequest
from harness.observers.attribution import Attribution
from harness.observers.journal import journal

_LOGIN = re.compile(r"auth/(?!.*/role/).+/login(/[^/]+)?")  # userpass and ldap name the user behind it
_RENEWALS = frozenset({"auth/token/renew-self", "auth/token/renew", "sys/leases/renew"})


@journal("vault-audit", role="vault")
def parse_audit(service: str, entry: dict[str, Any], stamp: Stamp, who: Attribution) -> VaultRequest | None:
    """The answered request of one audit entry. lockout's own requests, made with the root token, are left out."""
    if entry.get("type") != "response":
        return None
    auth = entry.get("auth") or {}
    request = entry.get("request") or {}
    response = entry.get("response") or {}
    issued = response.get("auth") or {}
    if auth.get("display_name") == "root":
        return None
    metadata = auth.get("metadata") or issued.get("metadata") or {}
    role = str(metadata.get("role_name") or metadata.get("role") or metadata.get("cert_name") or "")
    remote = str(request.get("remote_address") or "")
    path = str(request.get("path") or "")
    # Some refusals (an unknown JWT role, say) are answers with an error in them, and no error of the entry.
    refused = bool(entry.get("error")) or set(response.get("data") or ()) == {"error"}
    accessor = str(auth.get("accessor") or issued.get("accessor") or "")
    its_own = issued.get("accessor") == accessor  # and not that of another token, which this one had made or renewed
    return VaultRequest(
        t=stamp.t,
        wall=stamp.wall,
        source=f"vault-audit/{service}",
        vault=service,
        path=path,
        operation=str(request.get("operation") or ""),
        ok=not refused,
        error=str(entry.get("error") or "").strip(),
        workload=who.by_vault_role(service, role) or who.by_address(remote),
        accessor=accessor,
        login=_LOGIN.fullmatch(path) is not None,
        renewal=path in _RENEWALS,
        remote=remote,
        ttl=float(issued.get("token_ttl") or 0) if its_own else 0.0,
        lease=str((response.get("secret") or {}).get("lease_id") or ""),
    )
