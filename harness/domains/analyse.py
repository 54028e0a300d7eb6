"""Everything that follows from an estate, before anything is broken. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from harness.domains.cuts import Numbering, cut_sets, one_loss, takes
from harness.domains.cycles import cycles
from harness.domains.families import Limits
from harness.domains.model import CACHED, Analysis, Estate, Fate, Path, Prediction, Shared, Workload
from harness.topology.needs import names

TARGETS = frozenset({"resource", "database"})
"""Roles of what workloads want access to, rather than of what gives it."""


def analyse(estate: Estate, limits: Limits | None = None) -> Analysis:
    """Cut sets within *limits*; all else exactly, however large the estate.

    Raises ValueError for an estate that cannot be: components that need each other in a circle, a need that names no
    component, a gate that can never be met.
    """
    numbering = Numbering(estate)
    fatal = one_loss(estate, numbering)
    domains: dict[str, dict[str, Prediction]] = {one.name: {} for one in estate.components}
    locked_out: dict[str, list[str]] = {}
    shared: list[Shared] = []
    for workload in estate.workloads:
        for mask, prediction in _fates(estate, workload, fatal, numbering):
            for name in numbering.names(mask):
                domains[name][workload.name] = prediction
                if prediction.fate is Fate.LOCKED_OUT and name != workload.name:
                    locked_out.setdefault(name, []).append(workload.name)
        shared += _shared(estate, workload, fatal, numbering)
    worst_first = sorted(locked_out.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return Analysis(
        cuts=cut_sets(estate, numbering, limits or Limits()),
        single_points={name: tuple(workloads) for name, workloads in worst_first},
        domains=domains,
        cycles=cycles(estate),
        shared=tuple(shared),
    )


def _fates(
    estate: Estate, workload: Workload, fatal: Mapping[str, int], numbering: Numbering
) -> Iterator[tuple[int, Prediction]]:
    """What the loss of a single component means to *workload*: masks of components that all mean the same."""
    itself = numbering.bit[workload.name] | takes(estate.component[workload.name].needs, fatal)
    yield itself, Prediction(Fate.LOCKED_OUT)
    without = {path.name: takes(path.needs, fatal) & ~itself for path in workload.paths}
    primary, *others = workload.paths
    left = without[primary.name]  # those whose loss no path so far has survived
    for path in others:
        if path.lasts is None:
            yield left & ~without[path.name], Prediction(Fate.DEGRADED, path.name)
            left &= without[path.name]
    for path in sorted(others, key=lambda path: -(path.lasts or 0.0)):  # the one that holds longest tells
        if path.lasts is not None:
            yield left & ~without[path.name], Prediction(Fate.LOCKED_OUT, None, path.lasts)
            left &= without[path.name]
    yield left, Prediction(Fate.LOCKED_OUT)


def _shared(estate: Estate, workload: Workload, fatal: Mapping[str, int], numbering: Numbering) -> Iterator[Shared]:
    """Components that take several paths of *workload* at once, gathered by which paths they take.

    What is cached was obtained by another path, and is not meant to be apart from it.
    """
    taken: dict[str, set[str]] = {}
    for one, other in combinations([path for path in workload.paths if path.name != CACHED], 2):
        target = _target(estate, one, other)
        both = takes(one.needs, fatal, target) & takes(other.needs, fatal, target)
        for name in numbering.names(both & ~numbering.bit[workload.name]):
            taken.setdefault(name, set()).update((one.name, other.name))
    gathered: dict[tuple[str, ...], list[str]] = {}
    for name, apart in sorted(taken.items()):
        gathered.setdefault(tuple(path.name for path in workload.paths if path.name in apart), []).append(name)
    for paths, components in gathered.items():
        yield Shared(workload.name, paths, tuple(components))


def _target(estate: Estate, one: Path, other: Path) -> frozenset[str]:
    """What both paths lead to."""
    named = set(names(one.needs)) & set(names(other.needs))
    return frozenset(name for name in named if estate.component[name].role in TARGETS)
