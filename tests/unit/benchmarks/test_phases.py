"""How the time of a run is split."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isclose

import pytest

from benchmarks.phases import between_lines, phases
from benchmarks.result import NotMeasured
from harness.history.events import AnyEvent, PhaseEntered, RunEnded, RunStarted, SteadyState

WALL = "2026-11-22T10:00:00.500000Z"
BEGAN = datetime(2026, 11, 22, 9, 59, 59, tzinfo=UTC).timestamp()  # 1.5 s before the run was started


def phase(name: str, t: float) -> PhaseEntered:
    return PhaseEntered(t=t, wall=WALL, source="conductor", phase=name)


def history(ending: str = "completed") -> list[AnyEvent]:
    started = RunStarted(
        t=0.25, wall=WALL, source="", run="r", scenario="s", seed=1, plan_hash="", period=0.1, lockout="0"
    )
    return [
        started,
        phase("setup", 0.25),
        phase("baseline", 8),
        SteadyState(t=9, wall=WALL, source="", moment="before", ok=True),
        phase("fault", 12),
        phase("undo", 20),
        phase("recovery", 21),
        phase("verify", 29.5),
        SteadyState(t=29.75, wall=WALL, source="", moment="after", ok=True),
        phase("teardown", 30),
        RunEnded(t=33, wall=WALL, source="", ending=ending, reason="SIGINT"),
    ]


def test_each_phase_has_its_time() -> None:
    split = phases(history(), BEGAN, BEGAN + 36, length=20)
    assert list(split.values()) == pytest.approx([1.5, 7.75, 1, 0.5, 0.5, 3, 1.75])


def test_phases_add_up_to_the_process_without_the_timeline() -> None:
    assert isclose(sum(phases(history(), BEGAN, BEGAN + 36, length=20).values()), 36 - 20, abs_tol=1e-6)


def test_undo_entered_twice_changes_nothing() -> None:
    again = [*history()[:-1], phase("teardown", 31), history()[-1]]
    assert phases(again, BEGAN, BEGAN + 36, 20) == phases(history(), BEGAN, BEGAN + 36, 20)


def test_a_run_that_did_not_complete_is_not_measured() -> None:
    with pytest.raises(NotMeasured, match="interrupted: SIGINT"):
        phases(history("interrupted"), BEGAN, BEGAN + 36, 20)


@pytest.mark.parametrize(
    ("index", "name"), [(0, "started"), (2, "baseline"), (3, "steady"), (7, "verify"), (10, "ended")]
)
def test_a_history_that_lacks_a_mark_is_not_measured(index: int, name: str) -> None:
    events = history()
    del events[index]
    with pytest.raises(NotMeasured, match=name):
        phases(events, BEGAN, BEGAN + 36, 20)


def test_time_goes_to_the_line_before() -> None:
    found = between_lines([(1.0, "starting"), (4.0, "set up"), (9.0, "removing")], 12.0)
    assert found == {"(until the first line)": 1.0, "starting": 3.0, "set up": 5.0, "removing": 3.0}


def test_equal_lines_add_up_and_no_line_is_no_part() -> None:
    assert between_lines([(0.0, "waiting"), (1.0, "up"), (2.0, "waiting")], 5.0)["waiting"] == 4.0
    assert between_lines([], 5.0) == {}
