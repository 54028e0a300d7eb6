"""What must hold between the steps of a timeline: a baseline before the first, no two in each other's way, and none
that is to be undone while another keeps its undo from working. Of a step that waits, the widest window counts."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import inf

from harness.scenario.base import format_duration
from harness.scenario.messages import Found
from harness.scenario.order import SHORTEST_BASELINE, Edge, Order, Span
from harness.scenario.steps import Step
from harness.scenario.vocabulary import Vocabulary


def unsound(timeline: Sequence[Step], vocabulary: Vocabulary | None) -> list[Found]:
    """Everything that is wrong with *timeline* as a whole, each at its place in it."""
    held = [_held(step, vocabulary) for step in timeline]
    order = Order(timeline)
    found = [*_too_early(timeline), *order.problems]
    if not order.problems:
        found += _in_each_others_way(timeline, held, order)
        found += _undone_in_an_outage(timeline, held, order, vocabulary)
    if not any(step.fault for step in timeline):
        found.append(Found((), "nothing breaks: at least one step must be a fault"))
    return found


def _too_early(timeline: Sequence[Step]) -> Iterator[Found]:
    least = format_duration(SHORTEST_BASELINE)
    for index, step in enumerate(timeline):
        if step.at is not None and step.at < SHORTEST_BASELINE:
            yield Found((index, "at"), f"must be at least {least}, to leave a baseline before the first step")


def _in_each_others_way(timeline: Sequence[Step], held: Sequence[frozenset[str]], order: Order) -> Iterator[Found]:
    """Steps that come within the window of another that holds what they hold, too.

    Windows are half-open: they may touch. What happens in an instant holds nothing afterwards, so it is only in the
    way of others when it comes within their windows. What is told is told of the later of the two in the file.
    """
    spans = order.spans
    latest: dict[str, int] = {}  # the window that ends last so far, by what it holds
    in_the_way: dict[tuple[int, int], set[str]] = defaultdict(set)
    fixed = [index for index, span in enumerate(spans) if span.fixed]
    # At one and the same moment those that last come first: an instant is within a window that begins with it.
    for index in sorted(fixed, key=lambda i: (spans[i].begins, timeline[i].instant)):
        for thing in held[index]:
            other = latest.get(thing)
            if other is not None and spans[index].begins < spans[other].ends:
                in_the_way[max(index, other), min(index, other)].add(thing)
            if other is None or spans[index].ends > spans[other].ends:
                latest[thing] = index
    for index in (index for index, span in enumerate(spans) if not span.fixed):
        other = next((one for one in range(len(timeline)) if _may_meet(timeline, held, order, index, one)), None)
        if other is not None:
            in_the_way[max(index, other), min(index, other)] |= held[index] & held[other]
    for (second, first), things in sorted(in_the_way.items()):
        yield Found((second, _begin_key(timeline[second])), _sentence(timeline, spans, second, first, things))


def _may_meet(timeline: Sequence[Step], held: Sequence[frozenset[str]], order: Order, index: int, other: int) -> bool:
    """Whether two steps that hold something in common, one of which waits, may come within each other's window."""
    if index == other or not held[index] & held[other] or (timeline[index].instant and timeline[other].instant):
        return False
    return all(
        order.spans[one].begins < order.spans[two].ends_by
        or (timeline[two].instant and order.spans[one].begins == order.spans[two].begins_by)
        for one, two in ((index, other), (other, index))
    ) and not order.apart(index, other)


def _begin_key(step: Step) -> str:
    return "at" if step.when is None else "when"


def _end_key(step: Step) -> str:
    return _begin_key(step) if step.instant else "for" if step.until is None else "until"


def _held(step: Step, vocabulary: Vocabulary | None) -> frozenset[str]:
    """What *step* has to itself: at the least itself on its target, as its undo would take back a second one, too."""
    kind = vocabulary.faults.get(step.name) if vocabulary else None
    return frozenset({_itself(step)}) | (kind.holds(step.on, step.args) if kind else frozenset())


def _itself(step: Step) -> str:
    return f"{step.name!r} on {step.on!r}"


def _sentence(timeline: Sequence[Step], spans: Sequence[Span], second: int, first: int, things: set[str]) -> str:
    one, other = timeline[first], timeline[second]
    if _itself(one) == _itself(other):
        return f"overlaps with timeline.{first}: {_itself(one)} already lasts from {spans[first].in_words()}"
    both = ", ".join(sorted(things))
    # The one whose window it is: the other comes within it.
    within = not one.instant and spans[first].begins <= spans[second].begins < spans[first].ends_by
    holder = first if within or other.instant else second
    until = spans[holder].in_words()
    return (
        f"{_itself(other)} conflicts with timeline.{first}, {_itself(one)}: each needs {both} to itself, "
        f"and timeline.{holder} lasts from {until}"
    )


def _undone_in_an_outage(
    timeline: Sequence[Step], held: Sequence[frozenset[str]], order: Order, vocabulary: Vocabulary | None
) -> Iterator[Found]:
    """Steps that need a service up to be taken back, at a moment at which another has it down.

    The order is the plan's: at one and the same moment ends come before begins, and those last that began first. What
    happens in an instant needs the service up at that instant. Who holds something in common has been told of that.
    """
    outages = _outages(timeline, order, vocabulary)
    for index, step in enumerate(timeline):
        kind = vocabulary.faults.get(step.name) if vocabulary else None
        for service in sorted(kind.needs_up(step.on, step.args)) if kind else ():
            others = outages[service].on_at_the_end_of(index) if service in outages else iter(())
            other = next((other for other in others if not held[index] & held[other]), None)
            if other is not None:
                yield Found((index, _end_key(step)), _too_late(timeline, order.spans, index, other, service))
                break


def _outages(timeline: Sequence[Step], order: Order, vocabulary: Vocabulary | None) -> dict[str, _Outages]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, step in enumerate(timeline):
        kind = vocabulary.faults.get(step.name) if vocabulary else None
        if kind is not None and not step.instant:
            for service in kind.takes_down(step.on, step.args):
                found[service].append(index)
    return {service: _Outages(timeline, order, indices) for service, indices in found.items()}


class _Outages:
    """The windows in which one service is down."""

    def __init__(self, timeline: Sequence[Step], order: Order, indices: Sequence[int]) -> None:
        self._timeline = timeline
        self._order = order
        self._spans = order.spans
        self._indices = indices
        self._floating = [index for index in indices if not self._spans[index].fixed]
        fixed = [index for index in indices if self._spans[index].fixed]
        in_order = sorted(fixed, key=lambda index: (self._spans[index].begins, index))
        self._begins = [(self._spans[index].begins, index) for index in in_order]
        self._undone_last = list(accumulate(in_order, self._later))

    def _undone(self, index: int) -> tuple[float, float, int]:
        """Sorts steps into the order in which they are taken back. An instant comes after all ends of its moment."""
        span = self._spans[index]
        return (span.ends, inf if self._timeline[index].instant else -span.begins, -index)

    def _later(self, one: int, other: int) -> int:
        """The one of the two that is taken back later."""
        return max(one, other, key=self._undone)

    def on_at_the_end_of(self, index: int) -> Iterator[int]:
        """The positions of those that have begun when a step is taken back, and are themselves taken back later.

        Of those that are on at times that are known beforehand, one at most.
        """
        span = self._spans[index]
        if not span.fixed:
            yield from (other for other in self._indices if self._may_be_on(index, other))
            return
        begun = bisect_left(self._begins, (span.ends, index if self._timeline[index].instant else -1))
        last = self._undone_last[begun - 1] if begun else None
        if last is not None and self._undone(last) > self._undone(index):
            yield last
        yield from (other for other in self._floating if self._may_be_on(index, other))

    def _may_be_on(self, index: int, other: int) -> bool:
        """Whether *other* may be on when the step at *index* is taken back, one of them not at a known time."""
        step, outage, over = self._spans[index], self._spans[other], self._order.over(index)
        late = step.ends_by >= outage.begins if self._timeline[index].instant else step.ends_by > outage.begins
        return (
            index != other
            and late
            and step.ends < outage.ends_by
            and not self._order.sure(Edge(other, True), over)
            and not self._order.sure(over, Edge(other, False))
        )


def _too_late(timeline: Sequence[Step], spans: Sequence[Span], index: int, other: int, service: str) -> str:
    step, outage = timeline[index], timeline[other]
    begin, end = format_duration(spans[other].begins), format_duration(spans[other].ends_by)
    its = _itself(step)
    while_it_lasts = f"while timeline.{other}, {_itself(outage)}, lasts ({spans[other].in_words()})"
    if not (spans[index].fixed and spans[other].fixed):
        what = "happen" if step.instant else "be undone"
        needs = f"and needs {service!r} up for that: keep them apart, or let one wait for 'fault-undone' of the other"
        return f"{its} may {what} {while_it_lasts}, {needs}"
    if step.instant:
        return (
            f"{its} happens at {format_duration(spans[index].begins)}, {while_it_lasts}, and needs {service!r} up for "
            f"that: let it happen before {begin}, or not before {end}"
        )
    before = spans[index].begins < spans[other].begins
    right = f"end it by {begin}, or not before {end}" if before else f"end it after {end}"
    return (
        f"{its} is to be undone at {format_duration(spans[index].ends)}, {while_it_lasts}, and needs {service!r} up "
        f"for that: {right}"
    )
