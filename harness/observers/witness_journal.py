"""The journal of a witness: what it has heard of break-glass, outside of what break-glass is there to replace."""

from __future__ import annotations

from typing import Any

from harness.history.break_glass import Witnessed
from harness.history.clock import Stamp
from harness.observers.attribution import Attribution
from harness.observers.journal import journal


@journal("witness-journal", role="witness")
def parse_witness(service: str, entry: dict[str, Any], stamp: Stamp, _who: Attribution) -> Witnessed | None:
    """One line of a witness."""
    if entry.get("journal") != "witness":
        return None
    return Witnessed(
        t=stamp.t,
        wall=stamp.wall,
        source=f"witness-journal/{service}",
        witness=service,
        event=str(entry.get("event") or ""),
        text=str(entry.get("text") or ""),
    )
