"""Splits the time of a whole ``lockout run`` process into its phases, from its history. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from benchmarks.result import NotMeasured
from harness.history.events import AnyEvent, PhaseEntered, RunEnded, RunStarted, SteadyState


def phases(events: Iterable[AnyEvent], began: float, ended: float, length: float) -> dict[str, float]:
    """Seconds by phase. They add up to the time of the process without *length*, the scenario's own timeline.

    *began* and *ended* are wall times of the process, in seconds since the epoch. Raises NotMeasured for a run that
    did not go its whole way.
    """
    marks: dict[str, float] = {}
    for event in events:
        match event:
            case RunStarted():
                marks["started"] = event.t
                marks["wall"] = datetime.fromisoformat(event.wall).timestamp()
            case PhaseEntered():
                marks.setdefault(event.phase, event.t)
            case SteadyState(moment="before", ok=True):
                marks["steady"] = event.t
            case RunEnded(ending="completed"):
                marks["ended"] = event.t
            case RunEnded():
                raise NotMeasured(f"the run {event.ending}: {event.reason}")
    order = ("started", "baseline", "steady", "verify", "teardown", "ended")
    if missing := [name for name in (*order, "wall") if name not in marks]:
        raise NotMeasured(f"the run's history has no '{missing[0]}'")
    zero = marks["wall"] - marks["started"]  # wall time of the run's own zero
    started, baseline, steady, verify, teardown, over = (marks[name] for name in order)
    return {
        "before the run (start, compose config, engine)": started + zero - began,
        "setup (compose up, provisioning)": baseline - started,
        "baseline (until proven steady)": steady - baseline,
        "timeline, beyond the plan": verify - steady - length,
        "verify": teardown - verify,
        "teardown": over - teardown,
        "after the run (judging, reports)": ended - (over + zero),
    }


def between_lines(lines: Sequence[tuple[float, str]], ended: float) -> dict[str, float]:
    """Seconds from each progress line to the next; *ended* is when the process did. Equal lines add up."""
    if not lines:
        return {}
    parts = {"(until the first line)": lines[0][0]}
    ends = [t for t, _ in lines[1:]] + [ended]
    for (t, line), end in zip(lines, ends, strict=True):
        parts[line] = parts.get(line, 0.0) + end - t
    return parts
