"""Sets of components whose joint loss makes something fail, and how they combine. Pure.

Components are bits of an integer, and a set of them is its mask. A family holds only minimal sets. Combining is exact
as long as the limits allow; what they cut off is remembered, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

NONE_MISSING = 1 << 62
"""As ``missing_from``: no set is missing, of any size."""


@dataclass(frozen=True, slots=True)
class Limits:
    """*order*: the largest sets that are looked for; None for any. *sets*: how many of two components or more a family
    may hold. *work*: how many candidates are looked at in all; the default takes a second or two.
    """

    order: int | None = 4
    sets: int = 1_000
    work: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Family:
    """Minimal sets: *singles* is the mask of all those of one component, *larger* has the others, smallest first.

    Sets of *missing_from* components may be missing, and all larger ones are: none of those is held, for a smaller one
    that is missing might be in it.
    """

    singles: int = 0
    larger: tuple[int, ...] = ()
    missing_from: int = NONE_MISSING


NEVER = Family()
"""Of what does not fail, whatever is lost."""


SHARE = 10
"""One gate may do this part of all the work."""


def bits(mask: int) -> Iterator[int]:
    """The bits of *mask* one by one, as masks, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


class Algebra:
    """Combines families within limits. One for each analysis: it counts what has been done."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.work

    def either(self, families: Iterable[Family]) -> Family:
        """Fails as soon as one of them fails."""
        several = tuple(families)
        singles = 0
        for one in several:
            singles |= one.singles
        missing = min((one.missing_from for one in several), default=NONE_MISSING)
        block = _Block(2, sum(len(one.larger) for one in several), chain.from_iterable(one.larger for one in several))
        return self._minimal(singles, (block,), missing)

    def both(self, a: Family, b: Family) -> Family:
        """Fails when both have failed."""
        singles = a.singles & b.singles
        only_a, only_b = a.singles & ~singles, b.singles & ~singles
        larger_a = [mask for mask in a.larger if not mask & singles]
        larger_b = [mask for mask in b.larger if not mask & singles]
        # What is in both, or touches a single of the other, makes both fail by itself; only the rest has to be widened.
        whole = set(larger_a) & set(larger_b)
        whole |= {mask for mask in larger_a if mask & only_b} | {mask for mask in larger_b if mask & only_a}
        blocks = [
            _Block(2, len(whole), whole),
            _Block(2, only_a.bit_count() * only_b.bit_count(), _pairs(only_a, only_b)),
        ]
        groups_a = _by_size(mask for mask in larger_a if mask not in whole)
        groups_b = _by_size(mask for mask in larger_b if mask not in whole)
        blocks += [_widened(size, group, only_b) for size, group in groups_a.items()]
        blocks += [_widened(size, group, only_a) for size, group in groups_b.items()]
        blocks += [_united(x, ones, y, others) for x, ones in groups_a.items() for y, others in groups_b.items()]
        return self._minimal(singles, blocks, min(a.missing_from, b.missing_from))

    def at_least(self, count: int, families: Sequence[Family]) -> Family:
        """Fails when *count* of them, one or more, have failed.

        Grows row by row: *count* of the first n have failed when that was so before, or when one fewer had and the
        n-th fails too. That takes count × n steps, not one for each choice.
        """
        if count == 1:
            return self.either(families)
        rows: list[Family | None] = [None] * (count + 1)  # None: nothing makes so many fail
        for index, one in enumerate(families):
            fewest = max(1, count - (len(families) - index - 1))  # fewer can no longer become enough
            for wanted in range(min(index + 1, count), fewest - 1, -1):
                fewer = one if wanted == 1 else rows[wanted - 1]
                with_this = fewer if fewer is None or wanted == 1 else self.both(fewer, one)
                before = rows[wanted]
                rows[wanted] = with_this if before is None else self.either(f for f in (before, with_this) if f)
        return rows[count] or NEVER

    def _minimal(self, singles: int, blocks: Iterable[_Block], missing: int) -> Family:
        """The family of *singles* and of those in *blocks* that are minimal and within the limits."""
        by_size: dict[int, set[int]] = {}
        share = self._limits.work // SHARE  # so that one gate does not take it all
        for block in sorted(blocks, key=lambda block: block.smallest):
            if block.count > min(share, self._left):
                missing = min(missing, block.smallest)
            elif block.count and block.smallest <= missing:
                share -= block.count
                self._left -= block.count
                for mask in block.masks:
                    if not mask & singles:
                        by_size.setdefault(mask.bit_count(), set()).add(mask)
        kept: list[int] = []
        known: set[int] = set()
        for size in sorted(by_size):
            if size > missing:
                break
            minimal = [mask for mask in by_size[size] if not kept or not _absorbed(mask, size, kept, known)]
            if minimal and self._limits.order is not None and size > self._limits.order:
                missing = min(missing, size)
                break
            room = self._limits.sets - len(kept)
            if len(minimal) > room:
                missing = min(missing, size)
            kept += sorted(minimal)[:room]
            known.update(minimal)
        return Family(singles, tuple(kept), missing)


@dataclass(frozen=True, slots=True)
class _Block:
    """Candidates: at most *count* of them, none with fewer than *smallest* components."""

    smallest: int
    count: int
    masks: Iterable[int]


def _pairs(one: int, other: int) -> Iterator[int]:
    others = tuple(bits(other))
    return (bit | partner for bit in bits(one) for partner in others)


def _widened(size: int, masks: Sequence[int], singles: int) -> _Block:
    """Each of *masks*, which have *size* components and none of *singles*, with one of these."""
    each = tuple(bits(singles))
    return _Block(size + 1, len(masks) * len(each), (mask | bit for mask in masks for bit in each))


def _united(size: int, ones: Sequence[int], other_size: int, others: Sequence[int]) -> _Block:
    """Each of *ones* with each of *others*; no two of them are the same."""
    smallest = max(size, other_size) + (size == other_size)
    return _Block(smallest, len(ones) * len(others), (one | other for one in ones for other in others))


def _by_size(masks: Iterable[int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for mask in masks:
        groups.setdefault(mask.bit_count(), []).append(mask)
    return groups


def _absorbed(mask: int, size: int, kept: Sequence[int], known: set[int]) -> bool:
    """Whether a smaller one of *kept* is part of *mask*. *known* is *kept* to look up in."""
    if 1 << size > len(kept):
        return any(one & mask == one for one in kept)
    part = (mask - 1) & mask
    while part:
        if part in known:
            return True
        part = (part - 1) & mask
    return False
