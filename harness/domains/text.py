"""An analysis, and a prediction, for people to read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.domains.model import Analysis, CutSets, Cycle, Edge, Estate, Fate, Prediction
from harness.scenario.base import format_duration

MOST_SETS = 20
"""So many cut sets of one size are written out; JSON has all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line: *text* hangs behind *head* when it is too long."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    rows: tuple[Row, ...]


def told(estate: Estate, analysis: Analysis, written: Mapping[Edge, object]) -> Iterator[Section]:
    """Single points first, then what cuts whom off, then cycles and what is shared.

    *written* says where an edge of a cycle stands, as text.
    """
    only = [name for name, hit in analysis.domains.items() if name not in analysis.single_points and others(name, hit)]
    yield _section("single points of lockout", _losses(estate, analysis, analysis.single_points), "none")
    if only:
        yield _section("losses that only degrade", _losses(estate, analysis, only), "none")
    yield _section("minimal cut sets", _cut_sets(analysis), "none: no workload declares an access path")
    yield _section("dependency cycles", _cycles(analysis.cycles, written), "none")
    yield _section("paths declared apart that fall together", _shared(analysis), "none")
    if estate.undeclared:
        yield Section("no access path declared, so nothing is known of", (Row("  ", ", ".join(estate.undeclared)),))


def predicted(estate: Estate, predictions: Mapping[str, Prediction]) -> Iterator[Row]:
    """The fates of all workloads, the worst first."""
    yield from _fates("  ", predictions)
    if estate.undeclared:
        yield Row("  not declared  ", ", ".join(estate.undeclared))


def findings(analysis: Analysis) -> list[str]:
    """What is to be put right, in words: of whom a stop of all would last, and whose paths fall together."""
    found = [f"of {', '.join(cycle.members)} none comes back" for cycle in analysis.cycles if cycle.stuck]
    return found + [f"paths of {one.workload} fall together" for one in analysis.shared]


def _section(heading: str, rows: Iterable[Row], none: str) -> Section:
    return Section(heading, tuple(rows) or (Row("  ", none),))


def _losses(estate: Estate, analysis: Analysis, components: Iterable[str]) -> Iterator[Row]:
    for name in components:
        yield Row("  ", f"{name} ({estate.component[name].role or 'no role'})")
        yield from _fates("    ", others(name, analysis.domains[name]))


def others(component: str, hit: Mapping[str, Prediction]) -> dict[str, Prediction]:
    """Those hit besides the component itself: that a workload is lost with itself need not be said."""
    return {name: prediction for name, prediction in hit.items() if name != component}


def _fates(indent: str, predictions: Mapping[str, Prediction]) -> Iterator[Row]:
    groups: dict[tuple[int, float, str], list[str]] = {}
    for name, one in predictions.items():
        rank = (Fate.LOCKED_OUT, Fate.DEGRADED, Fate.SAFE).index(one.fate)
        groups.setdefault((rank, one.holds or 0.0, fate_words(one)), []).append(name)
    width = max((len(fate) for _, _, fate in groups), default=0)
    for (_, _, fate), workloads in sorted(groups.items()):
        yield Row(f"{indent}{fate:<{width}}  ", ", ".join(sorted(workloads)))


def fate_words(one: Prediction) -> str:
    if one.fate is Fate.LOCKED_OUT:
        return f"locked out after {format_duration(one.holds)}" if one.holds is not None else "locked out"
    return f"degraded, by {one.by}" if one.fate is Fate.DEGRADED else "safe"


def _cut_sets(analysis: Analysis) -> Iterator[Row]:
    alike: dict[CutSets, list[str]] = {}
    for workload, cuts in analysis.cuts.items():
        alike.setdefault(cuts, []).append(workload)
    for cuts, workloads in alike.items():
        yield Row("  ", ", ".join(workloads))
        by_size: dict[int, list[str]] = {}
        for one in cuts.sets:
            by_size.setdefault(len(one), []).append(" + ".join(sorted(one)))
        for size, sets in by_size.items():
            more = f"; and {len(sets) - MOST_SETS} more" if len(sets) > MOST_SETS else ""
            yield Row(f"    {size}  ", "; ".join(sets[:MOST_SETS]) + more)
        if not cuts.complete:
            known = cuts.exact_up_to
            yield Row("    ", f"all sets of up to {known}; there may be others of {known + 1} or more")


def _cycles(cycles: Sequence[Cycle], written: Mapping[Edge, object]) -> Iterator[Row]:
    for cycle in cycles:
        yield Row("  ", " -> ".join([*(edge.source for edge in cycle.edges), cycle.edges[-1].target]))
        if set(cycle.members) - {edge.source for edge in cycle.edges}:
            yield Row("    ", f"in one knot: {', '.join(cycle.members)}")
        if cycle.stuck:
            yield Row("    ", f"stopped all at once, these do not come back: {', '.join(cycle.stuck)}")
        else:
            yield Row("    ", "stopped all at once, all come back: a gate leaves a way out")
        for edge in cycle.edges:
            yield Row("    ", str(written.get(edge, f"{edge.source} needs {edge.target}")))


def _shared(analysis: Analysis) -> Iterator[Row]:
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in analysis.shared:
        alike.setdefault((one.paths, one.components), []).append(one.workload)
    for (paths, components), workloads in alike.items():
        yield Row("  ", ", ".join(workloads))
        yield Row(f"    {' and '.join(paths)}, with  ", " or ".join(components))
