"""In which order things stand in their columns, so that few lines cross. Pure and deterministic.

Each goes to the mean of its neighbours, from left to right and back, and then neighbours change places as long as that
helps. The best of several beginnings is taken.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from typing import TypeAlias

SWEEPS = 16
SWAPS = 8

Link: TypeAlias = tuple[int, float, int, float]
"""From an item in a column to one in the next: the item, how far down it from 0 to less than 1, and the same there."""


def ordered(columns: Sequence[Sequence[int]], links: Sequence[Sequence[Link]]) -> list[list[int]]:
    """*columns* in another order. *links*: for each column, those to the next one."""
    beginnings = [[list(column) for column in columns], [list(reversed(column)) for column in columns]]
    tried = [_Ordering(columns, links).best() for columns in beginnings]
    return min(tried, key=lambda found: found[0])[1]


class _Ordering:
    def __init__(self, columns: list[list[int]], links: Sequence[Sequence[Link]]) -> None:
        self._columns, self._links = columns, links

    def best(self) -> tuple[int, list[list[int]]]:
        """How many lines cross, and the order."""
        best, fewest = [list(column) for column in self._columns], self._crossings()
        for sweep in range(SWEEPS):
            if not fewest:
                break
            forward = sweep % 2 == 0
            last = len(self._columns) - 1
            for column in range(1, last + 1) if forward else range(last - 1, -1, -1):
                self._sort(column, forward)
            self._swap()
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(column) for column in self._columns], crossings
        return fewest, best

    def _sort(self, column: int, forward: bool) -> None:
        beside = self._beside(column, forward)
        order = {item: at for at, item in enumerate(self._columns[column])}
        others = len(self._columns[column - 1 if forward else column + 1])
        # What has no neighbours there keeps its place.
        spread = others / max(len(order), 1)
        mean = {
            item: sum(beside[item]) / len(beside[item]) if item in beside else order[item] * spread for item in order
        }
        self._columns[column].sort(key=lambda item: (mean[item], order[item]))

    def _beside(self, column: int, left: bool) -> Mapping[int, list[float]]:
        """Where the neighbours of each item of *column* stand in the column to its left, or right."""
        other = column - 1 if left else column + 1
        found: dict[int, list[float]] = {}
        if 0 <= other < len(self._columns):
            places = {item: at for at, item in enumerate(self._columns[other])}
            for item, part, next_item, next_part in self._links[other if left else column]:
                here, there, at = (next_item, item, part) if left else (item, next_item, next_part)
                found.setdefault(here, []).append(places[there] + at)
        return found

    def _swap(self) -> None:
        for _ in range(SWAPS):
            swapped = [self._swap_in(column) for column in range(len(self._columns))]
            if not any(swapped):
                return

    def _swap_in(self, column: int) -> bool:
        left, right = self._beside(column, True), self._beside(column, False)
        items, swapped = self._columns[column], False
        for at in range(len(items) - 1):
            one, other = items[at], items[at + 1]
            now = then = 0
            for beside in (left, right):
                for mine in beside.get(one, ()):
                    for its in beside.get(other, ()):
                        now += mine > its
                        then += mine < its
            if then < now:
                items[at], items[at + 1] = other, one
                swapped = True
        return swapped

    def _crossings(self) -> int:
        total = 0
        for left, right, links in zip(self._columns, self._columns[1:], self._links, strict=False):
            places = {item: at for column in (left, right) for at, item in enumerate(column)}
            seen: list[float] = []
            ends = sorted((places[one] + part, places[other] + at) for one, part, other, at in links)
            for _, end in reversed(ends):
                total += bisect_left(seen, end)
                insort(seen, end)
        return total
