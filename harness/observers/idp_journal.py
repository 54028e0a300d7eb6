"""The identity provider's request journal."""

from __future__ import annotations

from typing import Any

from harness.history.clock import Stamp
from harness.history.events import IdpRequest
from harness.observers.attribution import Attribution
from harness.observers.journal import journal


@journal("idp-journal", role="idp")
def parse_idp(service: str, entry: dict[str, Any], stamp: Stamp, who: Attribution) -> IdpRequest | None:
    """One request to the identity provider."""
    if entry.get("journal") != "idp":
        return None
    client = str(entry.get("client") or "")
    return IdpRequest(
        t=stamp.t,
        wall=stamp.wall,
        source=f"idp-journal/{service}",
        idp=service,
        endpoint=str(entry.get("endpoint") or ""),
        client=client,
        ok=bool(entry.get("ok")),
        status=int(entry.get("status") or 0),
        workload=who.by_idp_client(service, client) or who.by_address(str(entry.get("client_address") or "")),
        grant=str(entry.get("grant") or ""),
        key=str(entry.get("kid") or ""),
    )
