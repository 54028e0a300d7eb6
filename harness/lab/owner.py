"""Whose a run is, on an engine that several people, or several machines, share."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from harness.lab.store import digest, state_dir

OWNER_LABEL = "lockout.owner"
MACHINE_ID = Path("/etc/machine-id")


def owner() -> str:
    """Stands for this machine, this user and this state folder: those whose marks tell which of the runs are alive."""
    return digest(_machine(), str(os.getuid()), str(state_dir()))[:12]


def is_ours(labels: Mapping[str, str] | None) -> bool:
    """Whether this owner made what has these *labels*; what has no owner was made by an older lockout."""
    us = owner()
    return (labels or {}).get(OWNER_LABEL, us) == us


def _machine() -> str:
    try:
        known = MACHINE_ID.read_text(encoding="utf-8").strip()
    except OSError:
        known = ""
    return known or platform.node()  # macOS, and most images of containers, have none
