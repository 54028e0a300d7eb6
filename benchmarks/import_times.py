"""Reads what ``python -X importtime`` says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| +(\S+)")


def costliest(lines: Iterable[str], count: int) -> dict[str, float]:
    """Milliseconds by package, for the *count* packages that take the most by themselves, the most first.

    A package is a top-level name; what it imports from others counts there.
    """
    own: dict[str, float] = {}
    for line in lines:
        if match := _LINE.match(line):
            package = match[3].split(".")[0]
            own[package] = own.get(package, 0.0) + int(match[1]) / 1000
    return dict(sorted(own.items(), key=lambda entry: -entry[1])[:count])
