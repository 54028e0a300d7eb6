"""Which step of a plan is due, when some of them wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.awaited import registry as awaited
from harness.plan.model import Action, PlannedStep, Wait
from harness.run.course import Course
from harness.scenario.awaiting import Awaited
from tests.unit.run.fakes import begin, end

SEAL = begin(5.0, "vault-sealed", "vault")
SLOW = begin(0.0, "vault-slow", "vault", 1)


def observed(name: str, args: object) -> Awaited:
    return Awaited(name=name, args=awaited.get(name).Args.model_validate(args))


DOWN = observed("workload-down", "orders")


def waiting(
    step: PlannedStep,
    what: Awaited | None = DOWN,
    *,
    since: str = "timeline.0",
    limit: float = 30.0,
    delay: float = 0.0,
    action: Action = Action.BEGIN,
) -> PlannedStep:
    return replace(step, at=None, action=action, wait=Wait(since, what, limit, delay, 0.0, 0.0))


def ends(step: PlannedStep, what: Awaited | None = DOWN, limit: float = 30.0, delay: float = 0.0) -> PlannedStep:
    return waiting(step, what, since=step.fault_id, limit=limit, delay=delay, action=Action.END)


def taken(course: Course, now: float) -> list[tuple[str, str]]:
    found = []
    while (step := course.take(now)) is not None:
        found.append((step.fault_id, str(step.action)))
    return found


def watched(course: Course, now: float) -> list[tuple[str, float, float]]:
    return [(watch.step.fault_id, watch.since, watch.until) for watch in course.watched(now)]


def test_what_has_a_time_is_due_at_that_time() -> None:
    course = Course([SEAL, end(25.0, SEAL)])
    assert taken(course, 4.999) == []
    assert taken(course, 5.0) == [("timeline.0", "begin")]
    assert not course.over
    assert taken(course, 25.0) == [("timeline.0", "end")]
    assert course.over


def test_what_comes_late_comes_in_the_order_of_the_plan() -> None:
    other = begin(5.0, "vault-slow", "vault", 1)
    course = Course([SEAL, other, end(25.0, other), end(25.0, SEAL)])
    assert [step for step, _ in taken(course, 60.0)] == ["timeline.0", "timeline.1", "timeline.1", "timeline.0"]


def test_a_wait_begins_when_the_step_before_has_begun() -> None:
    course = Course([SEAL, waiting(SLOW)])
    assert watched(course, 60.0) == []
    course.begun(SEAL, 5.1, 5.4)
    assert watched(course, 5.3) == [], "not as long as it is being set about"
    assert watched(course, 5.4) == [("timeline.1", 5.4, 35.1)]


def test_the_first_wait_begins_after_the_baseline() -> None:
    course = Course([waiting(SEAL, since="")])
    assert watched(course, 0.999) == []
    assert watched(course, 1.0) == [("timeline.0", 1.0, 31.0)]


@pytest.mark.parametrize("delay", [0.0, 2.0])
def test_it_is_due_a_delay_after_it_was_seen(delay: float) -> None:
    step = waiting(SLOW, delay=delay)
    course = Course([step])
    course.begun(SEAL, 5.0, 5.0)
    assert taken(course, 100.0) == []
    course.seen(step, 12.0)
    assert watched(course, 12.0) == [], "it is not looked for any more"
    assert taken(course, 12.0 + delay - 0.001) == []
    assert taken(course, 12.0 + delay) == [("timeline.1", "begin")]


def test_an_end_waits_from_its_own_begin() -> None:
    course = Course([SEAL, ends(SEAL, limit=60.0)])
    course.take(5.0)
    course.begun(SEAL, 5.0, 5.5)
    assert watched(course, 6.0) == [("timeline.0", 5.5, 65.0)]
    course.seen(ends(SEAL, limit=60.0), 20.0)
    assert taken(course, 20.0) == [("timeline.0", "end")]


def test_begin_and_end_of_one_step_wait_for_themselves() -> None:
    steps = [waiting(SEAL, since=""), ends(SEAL)]
    course = Course(steps)
    course.seen(steps[0], 3.0)
    assert taken(course, 3.0) == [("timeline.0", "begin")]
    course.begun(steps[0], 3.0, 3.0)
    assert watched(course, 3.0) == [("timeline.0", 3.0, 33.0)]


def test_a_step_that_lasts_for_a_time_ends_by_when_it_began() -> None:
    course = Course([waiting(SLOW), ends(SLOW, None, delay=10.0)])
    assert taken(course, 100.0) == []
    course.begun(SEAL, 5.0, 5.0)
    course.seen(waiting(SLOW), 12.0)
    assert taken(course, 12.0) == [("timeline.1", "begin")]
    course.begun(waiting(SLOW), 12.1, 13.0)
    assert watched(course, 20.0) == []
    assert taken(course, 22.0) == []
    assert taken(course, 22.1) == [("timeline.1", "end")]


def test_what_was_due_first_comes_first() -> None:
    step = waiting(SLOW)
    course = Course([end(25.0, SEAL), step])
    course.seen(step, 24.0)
    assert taken(course, 26.0) == [("timeline.1", "begin"), ("timeline.0", "end")]
