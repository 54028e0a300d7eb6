"""Round numbers along a time axis."""

from __future__ import annotations

import math

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


def ticks(start: float, end: float, most: int) -> list[float]:
    """Round moments from *start* to *end*, at most about *most* of them."""
    if end <= start or most < 1:
        return []
    wanted = (end - start) / most
    step = next((step for step in _STEPS if step >= wanted), math.ceil(wanted / 86400) * 86400)
    first = math.ceil(start / step - 1e-9)
    last = math.floor(end / step + 1e-9)
    return [round(index * step, 3) for index in range(first, last + 1)]
