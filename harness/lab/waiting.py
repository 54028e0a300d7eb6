"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL = 0.05  # seconds; readiness of a component is known this precisely


def wait_for(condition: Callable[[], T | None], deadline: float, poll: float = POLL) -> T | None:
    """The first truthy value of *condition*, asked every *poll* seconds, or None after *deadline* seconds.

    Tried at least once, and once more at the deadline, so that a condition met in time is never missed.
    """
    end = time.monotonic() + deadline
    while True:
        if value := condition():
            return value
        remaining = end - time.monotonic()
        if remaining <= 0:
            return None
        time.sleep(min(poll, remaining))
