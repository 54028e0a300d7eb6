"""Small estates for tests: written by hand, or drawn at random with what can be said of them by trying everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from hypothesis import strategies as st

from harness.domains.model import AllOf, AnyOf, AtLeast, Component, Estate, Fate, Need, Path, Prediction, Workload
from harness.domains.predict import predict


def estate(components: Mapping[str, Need | None], workloads: Mapping[str, Mapping[str, Need]], **roles: str) -> Estate:
    """Components by name with what they need, and workloads with the needs of their paths. *roles* of components."""
    made = [Component(name, roles.get(name), need) for name, need in components.items()]
    made += [Component(name, "workload") for name in workloads if name not in components]
    return Estate(
        tuple(sorted(made, key=lambda one: one.name)),
        tuple(
            Workload(name, tuple(Path(path, need) for path, need in paths.items()))
            for name, paths in sorted(workloads.items())
        ),
    )


@st.composite
def needs(draw: st.DrawFn, known: list[str], depth: int = 2) -> Need:
    """A need over *known*, with gates within gates."""
    names = st.sampled_from(known)
    if depth == 0 or draw(st.booleans()):
        return draw(names)
    parts = tuple(draw(st.lists(needs(known, depth - 1), min_size=1, max_size=4)))
    kind = draw(st.sampled_from(["all", "any", "least"]))
    if kind == "least":
        return AtLeast(draw(st.integers(1, len(parts))), parts)
    return AllOf(parts) if kind == "all" else AnyOf(parts)


@st.composite
def estates(draw: st.DrawFn, most: int = 7) -> Estate:
    """Up to *most* components and two workloads, each with up to three paths. One workload may be what others need."""
    names = [f"c{index}" for index in range(draw(st.integers(2, most)))]
    components = [Component(names[0], None)]
    for index, name in enumerate(names[1:], start=1):
        need = draw(st.none() | needs(names[:index], 1))
        components.append(Component(name, draw(st.sampled_from([None, "database"])), need))
    workloads = []
    known = list(names)
    for name in ("w0", "w1"):
        paths = [Path("primary", draw(needs(known)))]
        if draw(st.booleans()):
            paths.append(Path("secondary", draw(needs(known))))
        if draw(st.booleans()):
            paths.append(Path("cached", draw(needs(known)), draw(st.sampled_from([None, 5.0, 60.0]))))
        workloads.append(Workload(name, tuple(paths)))
        components.append(Component(name, "workload", draw(st.none() | needs(known, 0))))
        known.append(name)
    return Estate(tuple(sorted(components, key=lambda one: one.name)), tuple(workloads))


def every_loss(estate: Estate, largest: int | None = None) -> Iterator[frozenset[str]]:
    """All sets of components, the smallest first."""
    names = [one.name for one in estate.components]
    for size in range((len(names) if largest is None else largest) + 1):
        yield from map(frozenset, combinations(names, size))


def cut_sets_by_trying(estate: Estate, workload: str) -> list[frozenset[str]]:
    """The minimal sets without *workload* itself whose loss locks it out, found by trying all."""
    found: list[frozenset[str]] = []
    for lost in every_loss(estate):
        if workload in lost or any(known <= lost for known in found):
            continue
        if predict(estate, lost)[workload].fate is Fate.LOCKED_OUT:
            found.append(lost)
    return found


def stands_by_hand(estate: Estate, name: str, lost: frozenset[str], seconds: float | None = None) -> bool:
    """Whether *name* does its work, by recursion: another way than the one that is tested."""

    def met(need: Need | None) -> bool:
        if need is None:
            return True
        if isinstance(need, str):
            return stands_by_hand(estate, need, lost, seconds)
        count = sum(met(part) for part in need.needs)
        if isinstance(need, AllOf):
            return count == len(need.needs)
        return count >= (need.k if isinstance(need, AtLeast) else 1)

    if name in lost or not met(estate.component[name].needs):
        return False
    workload = estate.workload.get(name)
    return workload is None or any(met(path.needs) for path in workload.paths if counts(path, seconds))


def counts(path: Path, seconds: float | None) -> bool:
    return path.lasts is None or (seconds is not None and path.lasts >= seconds)


LOCKED_OUT = Prediction(Fate.LOCKED_OUT)
