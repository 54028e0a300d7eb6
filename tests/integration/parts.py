"""Which part of what takes long is tested today. All of it: ``LOCKOUT_TESTS=all make test``.

Every day it is another part, the same on every machine, so that what fails can be repeated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from random import Random
from typing import TypeVar

T = TypeVar("T")

TODAY = date.today().toordinal()
ALL = os.environ.get("LOCKOUT_TESTS") == "all"


def one_of_each(items: Iterable[T], kind: Callable[[T], str], day: int = TODAY, everything: bool = ALL) -> list[T]:
    """One of the *items* of each *kind*; in time it is every one's turn."""
    known = list(items)
    if everything:
        return known
    kinds: dict[str, list[T]] = {}
    for item in known:
        kinds.setdefault(kind(item), []).append(item)
    return [members[day % len(members)] for _, members in sorted(kinds.items())]


def a_part(items: Sequence[T], parts: int, day: int = TODAY, everything: bool = ALL) -> list[T]:
    """One of *parts* equal parts of *items*, in their order; in as many days it is every one's turn."""
    if everything:
        return list(items)
    mixed = list(range(len(items)))
    Random(0).shuffle(mixed)  # neighbours are alike
    return [items[place] for place in sorted(mixed[day % parts :: parts])]
