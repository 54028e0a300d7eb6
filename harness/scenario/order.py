"""When the steps of a timeline may be on, and what is sure to come before what: all that is known beforehand.

A step that waits begins within a span of time, and so does the end of one that lasts until something is seen. What must
not happen at the same time has to be kept apart by the whole of these spans, or by what one waits for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from harness.scenario.awaiting import Awaited
from harness.scenario.base import format_duration
from harness.scenario.messages import Found
from harness.scenario.problems import unknown
from harness.scenario.steps import Step

SHORTEST_BASELINE = 1.0
"""Seconds before the first step, so that there is something to compare with."""

MOST_WAITING = 100
"""Steps that wait in one timeline: each has to be held against all others, and against what comes before each."""


class Edge(NamedTuple):
    """The begin or the end of the step at a position. An instant has no end."""

    position: int
    is_end: bool


@dataclass(frozen=True, slots=True)
class Span:
    """When a step begins and ends, at the earliest and at the latest, in seconds of the timeline."""

    begins: float
    begins_by: float
    ends: float
    ends_by: float

    @property
    def fixed(self) -> bool:
        """Whether both are known beforehand."""
        return self.begins == self.begins_by and self.ends == self.ends_by

    def in_words(self) -> str:
        """``5s to 25s``, or ``5s at the earliest to 65s at the latest``."""
        begins, ends = format_duration(self.begins), format_duration(self.ends_by)
        first = begins if self.begins == self.begins_by else f"{begins} at the earliest"
        return f"{first} to {ends}" + ("" if self.ends == self.ends_by else " at the latest")


class Order:
    """What is known of *timeline*. With any ``problems``, nothing else may be asked for."""

    def __init__(self, timeline: Sequence[Step]) -> None:
        self._timeline = timeline
        self._right_before: dict[Edge, list[Edge]] = {}
        self._times: dict[Edge, tuple[float, float]] = {}  # at the earliest, at the latest
        self._awaited: dict[Edge, tuple[float, float]] = {}  # from when it can be seen, and when it is given up
        self._all_before: dict[Edge, frozenset[Edge]] = {}
        self.problems: Sequence[Found] = (
            [*self._too_many()] or [*self._references()] or [*self._circles()] or [*self._in_vain()]
        )

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Of each step, in the order of the file."""
        edges = [(self._times[Edge(index, False)], self._times[Edge(index, True)]) for index in self._indices]
        return tuple(Span(*begin, *end) for begin, end in edges)

    def sure(self, first: Edge, then: Edge) -> bool:
        """Whether *first* is sure to have happened before *then*, whatever the times."""
        return first in self._before(then)

    def apart(self, one: int, other: int) -> bool:
        """Whether one of two steps is sure to be over before the other begins, whatever the times."""
        return self.sure(self.over(one), Edge(other, False)) or self.sure(self.over(other), Edge(one, False))

    def over(self, index: int) -> Edge:
        """That with which the step is over: of an instant its begin."""
        return Edge(index, not self._timeline[index].instant)

    @property
    def _indices(self) -> range:
        return range(len(self._timeline))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {f"timeline.{index}": index for index in self._indices}

    def _before(self, edge: Edge) -> frozenset[Edge]:
        if edge not in self._all_before:
            found, left = set[Edge](), [*self._right_before[edge]]
            while left:
                if (one := left.pop()) not in found:
                    found.add(one)
                    left += self._right_before[one]
            self._all_before[edge] = frozenset(found)
        return self._all_before[edge]

    def _too_many(self) -> Iterator[Found]:
        waiting = [index for index, step in enumerate(self._timeline) if step.when or step.until]
        if len(waiting) > MOST_WAITING:
            index = waiting[MOST_WAITING]
            what = "when" if self._timeline[index].when else "until"
            yield Found((index, what), f"no more than {MOST_WAITING} steps of a timeline may wait")

    def _references(self) -> Iterator[Found]:
        """Problems with the steps that are named; notes, too, what comes right before what."""
        for index, step in enumerate(self._timeline):
            begin, end = Edge(index, False), Edge(index, True)
            self._right_before[begin] = [Edge(index - 1, False)] if step.when and index else []
            self._right_before[end] = [begin]
            for edge, awaited in ((begin, step.when), (end, step.until)):
                if awaited is None or awaited.args.moment is None:
                    continue
                named = self._position(getattr(awaited.args, "step", ""))
                of_end = awaited.args.moment == "end"
                if isinstance(named, str):
                    yield _found(edge, named)
                elif of_end and self._timeline[named].instant:
                    what = f"timeline.{named}, {self._timeline[named].name!r}"
                    yield _found(edge, f"{what}, happens in an instant and is never undone")
                else:
                    self._right_before[edge].append(Edge(named, of_end))

    def _position(self, step: int | str) -> int | str:
        """Where the step stands that is called so; or what is wrong with that."""
        wanted = f"timeline.{step}" if isinstance(step, int) else step
        if wanted in self._ids:
            return self._ids[wanted]
        if wanted.startswith("timeline."):
            return f"there is no {wanted}; the last step is timeline.{len(self._timeline) - 1}"
        found = [index for index, one in enumerate(self._timeline) if one.name == step]
        if len(found) == 1:
            return found[0]
        if found:
            return f"{step!r} could be any of {', '.join(f'timeline.{index}' for index in found)}; write which"
        return unknown("step of the timeline", wanted, {one.name for one in self._timeline})

    def _circles(self) -> Iterator[Found]:
        """Steps that wait for each other, told of the first; and those that wait for one that is written after them."""
        try:
            for edge in TopologicalSorter(self._right_before).static_order():
                self._times[edge] = self._placed(edge)
        except CycleError as error:
            ring = sorted({edge for edge in error.args[1] if self._awaited_at(edge)})
            names = list(dict.fromkeys(f"timeline.{edge.position}" for edge in ring))
            who = f"{', '.join(names[:-1])} and {names[-1]} wait for each other" if names[1:] else "it waits for itself"
            yield _found(ring[0], f"{who}, so that it is never seen")
            return
        for index in self._indices:
            edge = Edge(index, False)
            for other in self._right_before[edge]:
                if other.position > index:
                    message = f"only timeline.{other.position} can cause it; write this step after that one"
                    yield _found(edge, message)

    def _awaited_at(self, edge: Edge) -> Awaited | None:
        step = self._timeline[edge.position]
        return step.until if edge.is_end else step.when

    def _placed(self, edge: Edge) -> tuple[float, float]:
        """When *edge* comes, at the earliest and at the latest. What comes before it is known."""
        index, step = edge.position, self._timeline[edge.position]
        if not edge.is_end and step.at is not None:
            return (round(step.at, 6), round(step.at, 6))
        if edge.is_end:
            since, limit, delay = self._times[Edge(index, False)], step.longest, 0.0
        else:
            since = self._times[Edge(index - 1, False)] if index else (SHORTEST_BASELINE, SHORTEST_BASELINE)
            limit, delay = step.within or 0.0, step.after or 0.0
        given_up = since[1] + limit
        if self._awaited_at(edge) is None:
            return (round(since[0] + limit, 6), round(given_up, 6))  # 1.1 + 2.2 and 3.3 are one moment
        seen = max(since[0], *(self._times[one][0] for one in self._right_before[edge]), 0.0)
        self._awaited[edge] = (seen, round(given_up, 6))
        return (round(min(seen, given_up) + delay, 6), round(given_up + delay, 6))

    def _in_vain(self) -> Iterator[Found]:
        """Steps that give up before what they wait for can have happened."""
        for edge, (seen, given_up) in sorted(self._awaited.items()):
            awaited = self._awaited_at(edge)
            if seen > given_up:
                first, last = format_duration(seen), format_duration(given_up)
                yield _found(edge, f"can be seen at {first} at the earliest, and is given up at {last} at the latest")
            elif awaited and awaited.args.of_fault and not edge.is_end and not self._broken_by(given_up, edge):
                yield _found(edge, f"no step has broken anything by {format_duration(given_up)}, when it is given up")

    def _broken_by(self, t: float, edge: Edge) -> bool:
        """Whether a fault may have begun by *t* that does not itself come after *edge*."""
        return any(
            bool(step.fault)
            and index != edge.position
            and self.spans[index].begins <= t
            and not self.sure(edge, Edge(index, False))
            for index, step in enumerate(self._timeline)
        )


def spans(timeline: Sequence[Step]) -> tuple[Span, ...]:
    """When each step of a timeline that is known to be sound may be on."""
    return Order(timeline).spans


def _found(edge: Edge, message: str) -> Found:
    return Found((edge.position, "until" if edge.is_end else "when"), message)
