"""Large estates to analyse, drawn at random from a seed, and always the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from harness.domains.cycles import edges
from harness.domains.model import AllOf, AnyOf, AtLeast, Component, Estate, Need, Path, Workload

PLACES = 0.05  # of all components: zones and hosts, which need nothing but each other
WORKLOADS = 0.1
NEEDS = 6  # of each component


def large(components: int, seed: int = 1) -> Estate:
    """So many components with six dependencies each, a tenth of them workloads with two access paths.

    A component depends on the hundred before it, a workload on any. A third of them has needs without a gate, a third
    a quorum among them, and a third two choices.
    """
    draw = random.Random(seed)
    workloads = round(components * WORKLOADS)
    names = [f"c{index}" for index in range(components - workloads)]
    made = []
    for index, name in enumerate(names):
        known = names[max(0, index - 100) : index] if index > components * PLACES else names[:index][-10:]
        made.append(Component(name, None, _need(draw, known, NEEDS)))
    judged = []
    for index in range(workloads):
        name = f"w{index}"
        primary, secondary = _need(draw, names, NEEDS - 1), AllOf(tuple(draw.sample(names, 2)))
        made.append(Component(name, "workload"))
        judged.append(Workload(name, (Path("primary", primary or names[0]), Path("secondary", secondary))))
    return Estate(tuple(made), tuple(judged))


def dependencies(estate: Estate) -> int:
    return sum(1 for _ in edges(estate))


def _need(draw: random.Random, known: Sequence[str], count: int) -> Need | None:
    chosen = tuple(draw.sample(known, min(count, len(known))))
    if len(chosen) < 4:
        return AllOf(chosen) if chosen else None
    shapes: tuple[Callable[[], Need], ...] = (
        lambda: AllOf(chosen),
        lambda: AllOf((*chosen[:-3], AtLeast(2, chosen[-3:]))),
        lambda: AllOf((*chosen[:-4], AnyOf(chosen[-4:-2]), AnyOf(chosen[-2:]))),
    )
    return draw.choice(shapes)()
