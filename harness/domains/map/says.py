"""What the map says, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.domains.map.fallen import Fallen
from harness.domains.model import Analysis, Cycle, Estate, Fate, Prediction
from harness.domains.text import fate_words, others
from harness.report.words import clean, count, listing
from harness.scenario.base import format_duration

MOST_NAMED = 12
MOST_SENTENCES = 3


def headline(estate: Estate, analysis: Analysis) -> str:
    """The worst that a single loss does."""
    if not estate.workloads:
        return "No workload declares an access path: nothing can be said."
    if not analysis.single_points:
        return "No single loss locks a workload out."
    most = max(map(len, analysis.single_points.values()))
    worst = [name for name, hit in analysis.single_points.items() if len(hit) == most]
    who = f"any one of {len(worst)} components" if len(worst) > 4 else f"{_either(worst)} alone"
    return f"Losing {who} locks out {of_all(most, len(estate.workloads))}."


def of_all(hit: int, of: int) -> str:
    """``5 of 6 workloads``, ``both workloads``, ``the only workload``."""
    if hit == of:
        return {1: "the only workload", 2: "both workloads"}.get(of, f"all {of} workloads")
    return f"{hit} of {of} workloads"


def further(estate: Estate, analysis: Analysis, left_out: int) -> Iterator[str]:
    """What else is to be known, a sentence each."""
    if left_out:
        yield (
            f"{count(left_out, 'component')} of {len(estate.components)} are not drawn: the picture has only what is "
            "in a cycle and the worst single points of lockout, with workloads that they lock out; lines lead through "
            "what is left out."
        )
    if len(analysis.single_points) > 1:
        yield f"There are {len(analysis.single_points)} single points of lockout in all."
    yield from _delay(analysis)
    if len(analysis.cycles) > MOST_SENTENCES:
        yield f"There are {len(analysis.cycles)} dependency cycles, which are listed below."
    else:
        yield from map(cycle_words, analysis.cycles)
    shared = tuple(shared_groups(analysis))
    if len(shared) > MOST_SENTENCES:
        hit = len({one.workload for one in analysis.shared})
        yield f"Of {of_all(hit, len(estate.workloads))}, paths that were declared apart fall together: see below."
    else:
        for workloads, paths, components in shared:
            taken = _either(components)
            yield f"The {listing(paths)} paths of {_named(workloads)} fall together with the loss of {taken}."
    if estate.undeclared:
        declare = "declares" if len(estate.undeclared) == 1 else "declare"
        yield f"Nothing is known of {_named(estate.undeclared)}, which {declare} no access path."


def _delay(analysis: Analysis) -> Iterator[str]:
    """How late lockouts come; not of one loss, for the worst ones may be felt at once while others are not."""
    lockouts = [
        one
        for name in analysis.single_points
        for one in others(name, analysis.domains[name]).values()
        if one.fate is Fate.LOCKED_OUT
    ]
    held = [one.holds for one in lockouts if one.holds is not None]
    if held:
        span = " to ".join(format_duration(one) for one in sorted({min(held), max(held)}))
        which = "All" if len(held) == len(lockouts) else "Some"
        yield f"{which} of these lockouts come only after {span}, for as long as cached credentials last."


def cycle_words(cycle: Cycle) -> str:
    """Who needs whom, and what comes of it when all were stopped."""
    them = f"{_named(cycle.members)} depend on each other"
    if not cycle.stuck:
        return f"{them}, but a gate leaves a way out: stopped all at once, all come back."
    who = "none of them comes back"
    if set(cycle.stuck) != set(cycle.members):
        who = f"{_named(cycle.stuck)} {'does' if len(cycle.stuck) == 1 else 'do'} not come back"
    return f"{them}: stopped all at once, {who}."


def shared_groups(analysis: Analysis) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """Workloads whose same paths fall together with the same components."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in analysis.shared:
        groups.setdefault((one.paths, one.components), []).append(one.workload)
    for (paths, components), workloads in groups.items():
        yield tuple(workloads), paths, components


def loss(estate: Estate, analysis: Analysis, fallen: Fallen, name: str) -> str:
    """What falls with *name*; of a workload, also what it falls with."""
    said = [f"{clean(name)}{_role(estate, name)}."]
    hit = others(name, analysis.domains[name])
    for fate, workloads in fates(hit).items():
        said.append(f"{fate[0].upper()}{fate[1:]}: {_named(workloads)}.")
    fell = [one for one in fallen.with_it(name) if one not in estate.workload]
    if fell:
        said.append(f"Fall with it: {_named(fell)}.")
    if name in estate.workload:
        alone = [one for one, workloads in analysis.single_points.items() if name in workloads]
        said.append(f"Locked out by the loss of {_either(alone)}." if alone else "No other single loss locks it out.")
    elif not hit:
        said.append("Its loss alone leaves every workload safe." if not fell else "Every workload stays safe.")
    return " ".join(said)


def fates(hit: Mapping[str, Prediction]) -> dict[str, list[str]]:
    """Workloads by what becomes of them, the worst first."""

    def rank(entry: tuple[str, Prediction]) -> tuple[bool, float, str]:
        name, one = entry
        return one.fate is not Fate.LOCKED_OUT, one.holds or 0.0, name

    found: dict[str, list[str]] = {}
    for name, one in sorted(hit.items(), key=rank):
        found.setdefault(fate_words(one), []).append(name)
    return found


def _role(estate: Estate, name: str) -> str:
    role = estate.component[name].role
    return f" ({clean(role)})" if role else ""


def _named(names: Sequence[str]) -> str:
    shown = [clean(name) for name in names]
    if len(shown) > MOST_NAMED:
        shown = [*shown[: MOST_NAMED - 1], f"{len(shown) - MOST_NAMED + 1} more"]
    return listing(shown)


def _either(names: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    shown = [clean(name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
