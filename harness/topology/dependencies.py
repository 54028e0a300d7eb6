"""Who depends on whom, by what ``x-lockout`` says, and where it says so. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from harness.scenario.base import StrictModel, Texts
from harness.scenario.messages import Found
from harness.scenario.problems import Loc, unknown
from harness.topology.break_glass import Procedures
from harness.topology.gates import Entry, Needing, placed_names
from harness.topology.model import EXTENSION, Service
from harness.topology.workload import WorkloadBlock

Kind = Literal["needs", "needs_to_start", "access", "place"]
Members = Annotated[Texts, Field(min_length=1)]


class EstateBlock(StrictModel):
    """``x-lockout`` at the top of a Compose file: what is so of several services.

    ``places`` are what services are in or depend on together without talking to it: a zone, a host, a DNS. With a
    place, all its members are lost. Members are services, or other places. ``break_glass`` are the emergency
    procedures, by name.
    """

    places: dict[str, Members] = Field(default_factory=dict)
    break_glass: Procedures = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dependency:
    """*source* depends on *target*, as it says *at* this place of the Compose files."""

    source: str
    target: str
    kind: Kind
    at: Loc
    listed: Loc  # of the list that *at* is in, or in which there is a gate that it is in
    lasting: bool = True  # no: of a cached path, on which nothing else can be built


def dependencies(services: Mapping[str, Service], places: Mapping[str, tuple[str, ...]]) -> Iterator[Dependency]:
    """All that is written, in no particular order. Names may be unknown."""
    for name, service in services.items():
        base: Loc = ("services", name, EXTENSION)
        block = service.block
        if isinstance(block, Needing):
            yield from _listed(name, block.needs, "needs", (*base, "needs"))
            yield from _listed(name, block.needs_to_start, "needs_to_start", (*base, "needs_to_start"))
        if isinstance(block, WorkloadBlock):
            for path, access in block.access.items():
                listed: Loc = (*base, "access", path, "needs")
                yield from _listed(name, access.needs, "access", listed, lasting=access.lasts is None)
    for place, members in places.items():
        within: Loc = (EXTENSION, "places", place)
        for index, member in enumerate(members):
            yield Dependency(member, place, "place", (*within, index), within)


def _listed(
    source: str, entries: Sequence[Entry] | None, kind: Kind, listed: Loc, *, lasting: bool = True
) -> Iterator[Dependency]:
    for at, target in placed_names(entries, listed):
        yield Dependency(source, target, kind, at, listed, lasting)


def dependency_problems(services: Mapping[str, Service], places: Mapping[str, tuple[str, ...]]) -> Iterator[Found]:
    """What cannot be: unknown names, what needs itself, the fault proxy as a part, and those that need each other."""
    known = {name for name, service in services.items() if service.role != "proxy"} | places.keys()
    for place in places.keys() & services.keys():
        yield Found((EXTENSION, "places", place), f"{place!r} is a service; give the place another name", on_key=True)
    written = list(dependencies(services, places))
    sound = True
    for one in written:
        # Of a place it is the member that is written, of all others the one that is depended on.
        name = one.source if one.kind == "place" else one.target
        if name in services and name not in known:
            yield Found(one.at, f"{name!r} is the fault proxy, which is no part of the estate; name what is behind it")
        elif name not in known:
            yield Found(one.at, unknown("service or place" if places else "service", name, known))
        elif one.source == one.target:
            what = "a workload" if services.get(name) and services[name].role == "workload" else repr(name)
            yield Found(one.at, f"{what} cannot {'be in' if one.kind == 'place' else 'need'} itself")
        else:
            continue
        sound = False
    if sound:
        yield from _rings([one for one in written if one.kind != "needs_to_start" and one.lasting])


def _rings(written: list[Dependency]) -> Iterator[Found]:
    by_ends = {(one.source, one.target): one for one in reversed(written)}
    graph: dict[str, list[str]] = {}  # lists, so that of several rings it is always the same that is told
    for source, target in by_ends:
        graph.setdefault(source, []).append(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring = list(reversed(error.args[1]))[1:]
        first = ring.index(min(ring))
        ring = [*ring[first:], *ring[: first + 1]]
        which = ", which needs ".join(ring[1:])
        yield Found(
            by_ends[next(pairwise(ring))].at,
            f"{ring[0]} needs {which}: none of them could ever run. What is needed only to start stands under "
            "'needs_to_start', and a quorum where it is used: {at_least: 2, of: [...]}",
        )
