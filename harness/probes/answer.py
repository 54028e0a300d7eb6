"""What a probe brings back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

MOST_READ = 65536  # of an answer, in bytes or characters
MOST_SAID = 4096  # characters of a reason; far more than is kept of it when it has been redacted


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """``path``, ``credential`` and ``instance`` are the workload's own word, empty where it gives none.

    The texts are as long as they came: cut before they are redacted, they could hold half a secret, which nobody
    recognises.
    """

    ok: bool
    error: str = ""
    path: str = ""
    credential: str = ""
    instance: str = ""
    text: str = ""  # what it said, to be searched for secrets; never stored


Probe = Callable[[], Awaitable[ProbeAnswer]]
"""Asks a workload once. Never raises for what a workload can cause; the sampler sets the deadline."""
