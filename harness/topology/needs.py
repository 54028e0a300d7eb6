"""What something needs: gates over the names of components, and what can be read off them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class AllOf:
    """Stands as long as every one of its needs stands."""

    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Stands as long as one of its needs stands."""

    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Stands as long as *k* of its needs stand: a quorum."""

    k: int
    needs: tuple[Need, ...]


Need: TypeAlias = str | AllOf | AnyOf | AtLeast
"""The name of a component, or a gate over needs."""


def names(need: Need | None) -> Iterator[str]:
    """The components that *need* names, in the order written; one that is written twice comes twice."""
    if isinstance(need, str):
        yield need
    elif need is not None:
        for part in need.needs:
            yield from names(part)


def stands(need: Need | None, up: Callable[[str], bool]) -> bool:
    """Whether *need* is met while the components for which *up* is true are standing. No need is always met."""
    if need is None:
        return True
    if isinstance(need, str):
        return up(need)
    standing = sum(stands(part, up) for part in need.needs)
    return standing >= threshold(need)


def threshold(gate: AllOf | AnyOf | AtLeast) -> int:
    """How many of its needs *gate* wants standing."""
    if isinstance(gate, AllOf):
        return len(gate.needs)
    return 1 if isinstance(gate, AnyOf) else gate.k
