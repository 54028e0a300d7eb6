"""From an estate to what makes each of its parts fail: bottom-up, each component once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.domains.families import NEVER, NONE_MISSING, Algebra, Family, Limits, bits
from harness.domains.model import CutSets, Estate
from harness.topology.needs import Need, threshold

T = TypeVar("T")


class Numbering:
    """Components as bits, in the order of the estate."""

    def __init__(self, estate: Estate) -> None:
        self._names = tuple(one.name for one in estate.components)
        self.bit: Mapping[str, int] = {name: 1 << index for index, name in enumerate(self._names)}

    def names(self, mask: int) -> list[str]:
        """Names of the components of *mask*, in the order of the estate."""
        return [self._names[bit.bit_length() - 1] for bit in bits(mask)]


def cut_sets(estate: Estate, numbering: Numbering, limits: Limits) -> Mapping[str, CutSets]:
    """The minimal cut sets of every workload. The workload's own loss is not counted."""
    algebra = Algebra(limits)
    families: dict[str, Family] = {}
    found: dict[str, CutSets] = {}
    for name in estate.ordered:
        inner = _failure(estate.need_of(name), families.__getitem__, algebra.at_least, NEVER)
        if name in estate.workload:
            found[name] = _told(inner, numbering)
        families[name] = replace(inner, singles=inner.singles | numbering.bit[name])  # which is in no other set of it
    return {one.name: found[one.name] for one in estate.workloads}


def one_loss(estate: Estate, numbering: Numbering) -> Mapping[str, int]:
    """For every component, the mask of those whose loss alone takes it: itself, and its single points of failure."""
    fatal: dict[str, int] = {}
    for name in estate.ordered:
        fatal[name] = numbering.bit[name] | takes(estate.need_of(name), fatal)
    return fatal


def takes(need: Need | None, fatal: Mapping[str, int], standing: Collection[str] = ()) -> int:
    """The mask of those whose loss alone leaves *need* unmet; *fatal* as from :func:`one_loss`.

    The components *standing* are taken to stand whatever is lost.
    """
    return _failure(need, lambda name: 0 if name in standing else fatal[name], _in_at_least, 0)


def _failure(need: Need | None, of: Callable[[str], T], at_least: Callable[[int, Sequence[T]], T], never: T) -> T:
    """What leaves *need* unmet: so many of its parts fail that those left are too few.

    Raises ValueError for a gate that can never be met.
    """
    if need is None:
        return never
    if isinstance(need, str):
        return of(need)
    wanted = threshold(need)
    if wanted < 1:
        return never
    if wanted > len(need.needs):
        raise ValueError(f"a gate wants {wanted} of {len(need.needs)}")
    return at_least(len(need.needs) - wanted + 1, [_failure(part, of, at_least, never) for part in need.needs])


def _in_at_least(count: int, masks: Sequence[int]) -> int:
    """The bits that stand in *count* of *masks* or more."""
    rows = [-1] + [0] * count  # row n: the bits that stand in n or more of those seen so far
    for mask in masks:
        for wanted in range(count, 0, -1):
            rows[wanted] |= rows[wanted - 1] & mask
    return rows[count]


def _told(family: Family, numbering: Numbering) -> CutSets:
    singles = [frozenset([name]) for name in numbering.names(family.singles)]
    larger = [frozenset(numbering.names(mask)) for mask in family.larger]
    sets = tuple(sorted([*singles, *larger], key=lambda one: (len(one), sorted(one))))
    complete = family.missing_from == NONE_MISSING
    return CutSets(sets, complete, len(numbering.bit) if complete else family.missing_from - 1)
