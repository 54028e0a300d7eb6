"""What must hold between the steps of a timeline: a baseline before the first, and no two in each other's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from harness.scenario.base import format_duration
from harness.scenario.messages import Found
from harness.scenario.steps import Step
from harness.scenario.vocabulary import Vocabulary

SHORTEST_BASELINE = 1.0


def unsound(timeline: Sequence[Step], vocabulary: Vocabulary | None) -> list[Found]:
    """Everything that is wrong with *timeline* as a whole, each at its place in it."""
    found = [*_too_early(timeline), *_in_each_others_way(timeline, vocabulary)]
    if not any(step.fault for step in timeline):
        found.append(Found((), "nothing breaks: at least one step must be a fault"))
    return found


def _too_early(timeline: Sequence[Step]) -> Iterator[Found]:
    least = format_duration(SHORTEST_BASELINE)
    for index, step in enumerate(timeline):
        if step.at < SHORTEST_BASELINE:
            yield Found((index, "at"), f"must be at least {least}, to leave a baseline before the first step")


def _in_each_others_way(timeline: Sequence[Step], vocabulary: Vocabulary | None) -> Iterator[Found]:
    """Steps that come within the window of another that holds what they hold, too.

    Windows are half-open: they may touch. What happens in an instant holds nothing afterwards, so it is only in the
    way of others when it comes within their windows. What is told is told of the later of the two in the file.
    """
    latest: dict[str, int] = {}  # the window that ends last so far, by what it holds
    in_the_way: dict[tuple[int, int], set[str]] = defaultdict(set)
    held = [_held(step, vocabulary) for step in timeline]
    # At one and the same moment those that last come first: an instant is within a window that begins with it.
    for index in sorted(range(len(timeline)), key=lambda i: (timeline[i].at, timeline[i].lasts is None)):
        step = timeline[index]
        for thing in held[index]:
            other = latest.get(thing)
            if other is not None and step.at < timeline[other].end:
                in_the_way[max(index, other), min(index, other)].add(thing)
            if other is None or step.end > timeline[other].end:
                latest[thing] = index
    for (second, first), things in sorted(in_the_way.items()):
        yield Found((second, "at"), _sentence(timeline, second, first, things))


def _held(step: Step, vocabulary: Vocabulary | None) -> frozenset[str]:
    """What *step* has to itself: at the least itself on its target, as its undo would take back a second one, too."""
    kind = vocabulary.faults.get(step.name) if vocabulary else None
    return frozenset({_itself(step)}) | (kind.holds(step.on, step.args) if kind else frozenset())


def _itself(step: Step) -> str:
    return f"{step.name!r} on {step.on!r}"


def _sentence(timeline: Sequence[Step], second: int, first: int, things: set[str]) -> str:
    one, other = timeline[first], timeline[second]
    if _itself(one) == _itself(other):
        until = f"{format_duration(one.at)} to {format_duration(one.end)}"
        return f"overlaps with timeline.{first}: {_itself(one)} already lasts from {until}"
    both = ", ".join(sorted(things))
    # The one whose window it is: the other comes within it.
    holder = first if one.lasts is not None and one.at <= other.at < one.end else second
    window = timeline[holder]
    until = f"{format_duration(window.at)} to {format_duration(window.end)}"
    return (
        f"{_itself(other)} conflicts with timeline.{first}, {_itself(one)}: each needs {both} to itself, "
        f"and timeline.{holder} lasts from {until}"
    )
