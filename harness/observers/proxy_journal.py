"""The fault proxy's journal: who tried to reach an upstream, and what became of it."""

from __future__ import annotations

from typing import Any

from harness.history.clock import Stamp
from harness.history.events import ProxyConnection
from harness.observers.attribution import Attribution
from harness.observers.journal import journal


@journal("proxy-journal", role="proxy")
def parse_proxy(service: str, entry: dict[str, Any], stamp: Stamp, who: Attribution) -> ProxyConnection | None:
    """One connection attempt, or what a rule has done."""
    if entry.get("journal") != "proxy" or "outcome" not in entry:
        return None
    client = str(entry.get("client") or "")
    return ProxyConnection(
        t=stamp.t,
        wall=stamp.wall,
        source=f"proxy-journal/{service}",
        proxy=service,
        route=str(entry.get("route") or ""),
        outcome=str(entry["outcome"]),
        client=client,
        rule=str(entry.get("rule") or ""),
        workload=who.by_address(client),
    )
