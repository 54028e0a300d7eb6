"""The journal of a resource: which identity was let in, by which way, and which was not."""

from __future__ import annotations

from typing import Any

from harness.history.clock import Stamp
from harness.history.events import ResourceAccess
from harness.observers.attribution import Attribution
from harness.observers.journal import journal


@journal("resource-journal", role="resource")
def parse_ledger(service: str, entry: dict[str, Any], stamp: Stamp, who: Attribution) -> ResourceAccess | None:
    """One decision of the ledger. Entries without a decision (opening, closing) are not accesses."""
    if entry.get("journal") != "ledger" or "allowed" not in entry:
        return None
    identity = str(entry.get("identity") or "")
    return ResourceAccess(
        t=stamp.t,
        wall=stamp.wall,
        source=f"resource-journal/{service}",
        resource=service,
        identity=identity,
        via=str(entry.get("via") or ""),
        allowed=bool(entry["allowed"]),
        reason=str(entry.get("reason") or ""),
        workload=who.by_holder(service, identity) or who.by_address(str(entry.get("client_address") or "")),
        credential=str(entry.get("credential") or ""),
    )
