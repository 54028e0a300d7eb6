"""Steps that wait: how they are written, when they may be on, and whom that puts in whose way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.document import read_document
from harness.scenario.loader import LoadedScenario
from harness.scenario.order import Order, spans
from harness.scenario.schema import scenario_schema
from harness.scenario.steps import Step

from .conftest import GOOD, NAME, VOCABULARY
from .test_any_input import path, places, problems, quick, values
from .test_timeline import with_steps

__all__ = ["path"]  # a fixture

ErrorsOf = Callable[[str], list[str]]
Load = Callable[[str], LoadedScenario]

SEALED = "at: 5s, fault: vault-sealed, on: vault, for: 20s"
UNTIL = "at: 5s, fault: vault-sealed, on: vault, until: {token-expired: orders}, at_most: 60s"
WHEN = "when: {workload-down: orders}, within: 30s, fault: vault-slow, on: vault, for: 10s"


def steps_of(load: Load, *steps: str) -> tuple[Step, ...]:
    return load(with_steps(*steps)).scenario.timeline


def times(load: Load, *steps: str) -> list[tuple[float, float, float, float]]:
    return [(one.begins, one.begins_by, one.ends, one.ends_by) for one in spans(steps_of(load, *steps))]


# How they are written


def test_a_step_that_waits_to_begin(load: Load) -> None:
    _, step = steps_of(load, SEALED, WHEN + ", after: 2s")
    assert step.when is not None
    assert (step.at, step.when.in_words(), step.within, step.after) == (None, "workload-down: orders", 30.0, 2.0)
    assert (step.lasts, step.longest, step.instant) == (10.0, 10.0, False)


def test_a_step_that_waits_to_end(load: Load) -> None:
    [step] = steps_of(load, UNTIL)
    assert step.until is not None
    assert (step.at, step.until.in_words(), step.lasts, step.longest) == (5.0, "token-expired: orders", None, 60.0)
    assert not step.instant


def test_it_ends_at_the_latest_when_its_kind_has_to(load: Load) -> None:
    [step] = steps_of(load, "at: 5s, fault: vault-slow, on: vault, until: {workload-down: orders}")
    assert step.longest == 30.0


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("token-expired", "token-expired"),
        ("{token-expired: {}}", "token-expired"),
        ("{token-expired: orders}", "token-expired: orders"),
        ("{token-expired: {workload: orders}}", "token-expired: orders"),
        ("{token-expired: {workload: orders, for: 3s}}", "token-expired: workload=orders for=3s"),
        ("{fault-observed: 0}", "fault-observed: 0"),
        ("{fault-observed: timeline.0}", "fault-observed: timeline.0"),
    ],
)
def test_one_observation_in_several_spellings(load: Load, written: str, words: str) -> None:
    [step] = steps_of(load, f"at: 5s, fault: vault-sealed, on: vault, until: {written}")
    assert step.until is not None
    assert step.until.in_words() == words


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            ["fault: vault-sealed, on: vault, for: 5s"],
            "6:5: timeline.0: a step needs 'at: <time>' or 'when: <observation>'",
        ),
        (
            ["at: 5s, when: token-expired, within: 5s, fault: vault-sealed, on: vault, for: 5s"],
            "6:20: timeline.0.when: 'at' and 'when' exclude each other: a step begins at a time, or with what is seen",
        ),
        (
            [SEALED, "when: {workload-down: orders}, fault: vault-slow, on: vault, for: 5s"],
            "7:5: timeline.1: required key 'within' is missing: for how long is 'workload-down: orders' waited for?",
        ),
        (
            ["at: 5s, within: 5s, fault: vault-sealed, on: vault, for: 5s"],
            "6:22: timeline.0.within: 'within' belongs to 'when', and this step has none",
        ),
        (
            ["at: 5s, after: 5s, fault: vault-sealed, on: vault, for: 5s"],
            "6:21: timeline.0.after: 'after' belongs to 'when', and this step has none",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, for: 5s, at_most: 5s"],
            "6:64: timeline.0.at_most: 'at_most' belongs to 'until', and this step has none",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, for: 5s, until: token-expired"],
            "6:62: timeline.0.until: 'for' and 'until' exclude each other; with 'until', 'at_most' says how long it "
            "may last",
        ),
        (
            ["at: 5s, fault: vault-slow, on: vault, until: token-expired, at_most: 31s"],
            "6:75: timeline.0.at_most: 31s is past the limit: 'vault-slow' lasts 30s at most",
        ),
        (
            ["at: 5s, fault: vault-slow, on: vault, until: token-expired, at_most: 50ms"],
            "6:75: timeline.0.at_most: 50ms is too short; at least 100ms",
        ),
        (
            ["at: 5s, fault: token-revoked, on: vault, until: token-expired"],
            "6:54: timeline.0.until: 'token-revoked' happens in an instant and cannot be undone; remove 'until'",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault"],
            "6:5: timeline.0: required key 'for' is missing: how long does 'vault-sealed' last?",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, until: {token-expried: orders}"],
            "6:54: timeline.0.until.token-expried: unknown observation 'token-expried', did you mean 'token-expired'?",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, until: token-expried"],
            "6:53: timeline.0.until.token-expried: unknown observation 'token-expried', did you mean 'token-expired'?",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, until: {token-expired: orders, workload-down: orders}"],
            "6:53: timeline.0.until: write exactly one observation here; known: fault-observed, fault-undone, "
            "lease-expired, logged-in, login-refused, token-expired, workload-down, workload-up",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, until: workload-down"],
            "6:53: timeline.0.until.workload-down: required key 'workload' is missing",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, until: {workload-down: {workload: orders, fro: 3s}}"],
            "6:88: timeline.0.until.workload-down: unknown key 'fro', did you mean 'for'?",
        ),
        (
            ["at: 5s, fault: vault-sealed, on: vault, until: [token-expired]"],
            "6:53: timeline.0.until: expected a mapping, not a list",
        ),
    ],
)
def test_what_cannot_be_written(errors_of: ErrorsOf, steps: list[str], told: str) -> None:
    assert errors_of(with_steps(*steps)) == [f"{NAME}:{told}"]


# When they may be on


def test_what_has_a_time_is_on_at_that_time(load: Load) -> None:
    assert times(load, SEALED) == [(5.0, 5.0, 25.0, 25.0)]


def test_the_end_may_come_at_once_or_at_the_limit(load: Load) -> None:
    assert times(load, UNTIL) == [(5.0, 5.0, 5.0, 65.0)]


def test_a_step_waits_from_when_the_one_before_has_begun(load: Load) -> None:
    later = "when: {workload-up: orders}, within: 1m, after: 1s, fault: token-revoked, on: vault-2"
    assert times(load, SEALED, WHEN, later) == [
        (5.0, 5.0, 25.0, 25.0),
        (5.0, 35.0, 15.0, 45.0),
        (6.0, 96.0, 6.0, 96.0),
    ]


def test_the_first_step_waits_from_the_end_of_the_baseline(load: Load) -> None:
    first = "when: {logged-in: orders}, within: 9s, fault: vault-sealed, on: vault, for: 5s"
    assert times(load, first) == [(1.0, 10.0, 6.0, 15.0)]


def test_what_waits_for_a_step_does_not_come_before_it(load: Load) -> None:
    undone = "when: {fault-undone: 0}, within: 30s, after: 2s, fault: token-revoked, on: vault"
    assert times(load, SEALED, undone)[1] == (27.0, 37.0, 27.0, 37.0)
    observed = "at: 2s, fault: vault-slow, on: vault, until: {fault-observed: vault-sealed}, at_most: 20s"
    assert times(load, observed, SEALED)[0] == (2.0, 2.0, 5.0, 22.0)


def test_binary_fractions_do_no_harm(load: Load) -> None:
    step = "when: {workload-down: orders}, within: 2.2s, fault: vault-slow, on: vault, for: 3.3s"
    first = "at: 1.1s, fault: vault-sealed, on: vault, for: 5s"
    assert times(load, first, step)[1] == (1.1, 3.3, 4.4, 6.6)


# What would never be seen


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            [SEALED, "when: {fault-observed: timeline.2}, within: 5s, fault: vault-slow, on: vault, for: 5s", SEALED],
            "7:12: timeline.1.when: only timeline.2 can cause it; write this step after that one",
        ),
        (
            [
                SEALED,
                "when: {fault-observed: 2}, within: 5s, fault: vault-slow, on: vault, for: 5s",
                "when: {fault-observed: 1}, within: 5s, fault: vault-slow, on: vault-2, for: 5s",
            ],
            "7:12: timeline.1.when: timeline.1 and timeline.2 wait for each other, so that it is never seen",
        ),
        (
            [
                "at: 5s, fault: vault-slow, on: vault, until: {fault-undone: 1}",
                "at: 5s, fault: vault-slow, on: vault-2, until: {fault-undone: 0}",
            ],
            "6:51: timeline.0.until: timeline.0 and timeline.1 wait for each other, so that it is never seen",
        ),
        (
            [
                "at: 5s, fault: vault-slow, on: vault, until: {fault-observed: 1}",
                "when: {fault-undone: 0}, within: 9s, fault: vault-slow, on: vault-2, for: 5s",
            ],
            "6:51: timeline.0.until: timeline.0 and timeline.1 wait for each other, so that it is never seen",
        ),
        (
            ["at: 5s, fault: vault-slow, on: vault, until: {fault-undone: vault-slow}"],
            "6:51: timeline.0.until: it waits for itself, so that it is never seen",
        ),
        (
            ["when: {fault-observed: 0}, within: 5s, fault: vault-slow, on: vault, for: 5s"],
            "6:12: timeline.0.when: it waits for itself, so that it is never seen",
        ),
        (
            [SEALED, "when: {fault-undone: 0}, within: 19s, fault: vault-slow, on: vault, for: 5s"],
            "7:12: timeline.1.when: can be seen at 25s at the earliest, and is given up at 24s at the latest",
        ),
        (
            ["at: 2s, fault: vault-slow, on: vault, until: {fault-observed: 1}, at_most: 2s", SEALED],
            "6:51: timeline.0.until: can be seen at 5s at the earliest, and is given up at 4s at the latest",
        ),
        (
            ["when: {workload-down: orders}, within: 30s, fault: vault-slow, on: vault, for: 5s"],
            "6:12: timeline.0.when: no step has broken anything by 31s, when it is given up",
        ),
        (
            [
                "when: {login-refused: orders}, within: 3s, fault: vault-slow, on: vault, for: 5s",
                "at: 5s, fault: vault-sealed, on: vault-2, for: 20s",
            ],
            "6:12: timeline.0.when: no step has broken anything by 4s, when it is given up",
        ),
        (
            [
                "at: 2s, operator: break-glass-opened, on: ledger, for: 20s",
                "when: {workload-down: orders}, within: 3s, fault: vault-slow, on: vault, for: 5s",
                "when: {workload-up: orders}, within: 3s, fault: vault-slow, on: vault-2, for: 5s",
            ],
            "7:12: timeline.1.when: no step has broken anything by 5s, when it is given up",
        ),
        (
            ["at: 2s, fault: token-revoked, on: vault", WHEN.replace("workload-down: orders", "fault-undone: 0")],
            "7:12: timeline.1.when: timeline.0, 'token-revoked', happens in an instant and is never undone",
        ),
        (
            [SEALED, WHEN.replace("workload-down: orders", "fault-observed: 2")],
            "7:12: timeline.1.when: there is no timeline.2; the last step is timeline.1",
        ),
        (
            [SEALED, WHEN.replace("workload-down: orders", "fault-observed: timeline.-1")],
            "7:12: timeline.1.when: there is no timeline.-1; the last step is timeline.1",
        ),
        (
            [SEALED, WHEN.replace("workload-down: orders", "fault-observed: vault-seeled")],
            "7:12: timeline.1.when: unknown step of the timeline 'vault-seeled', did you mean 'vault-sealed'?",
        ),
        (
            [
                SEALED,
                SEALED.replace("on: vault", "on: vault-2"),
                WHEN.replace("workload-down: orders", "fault-observed: vault-sealed"),
            ],
            "8:12: timeline.2.when: 'vault-sealed' could be any of timeline.0, timeline.1; write which",
        ),
    ],
)
def test_what_could_never_be_seen(errors_of: ErrorsOf, steps: list[str], told: str) -> None:
    assert errors_of(with_steps(*steps)) == [f"{NAME}:{told}"]


def test_what_a_later_step_with_a_time_breaks_can_be_waited_for(load: Load) -> None:
    first = "when: {workload-down: orders}, within: 30s, fault: vault-slow, on: vault-2, for: 5s"
    assert times(load, first, SEALED)[0] == (1.0, 31.0, 6.0, 36.0)


def test_exactly_at_the_limit_it_may_still_be_seen(load: Load) -> None:
    step = "when: {fault-undone: 0}, within: 20s, fault: vault-slow, on: vault, for: 5s"
    assert times(load, SEALED, step)[1] == (25.0, 25.0, 30.0, 30.0)


# In each other's way


def test_the_widest_window_counts(errors_of: ErrorsOf) -> None:
    later = "at: 64.9s, fault: vault-hard-kill, on: vault, for: 5s"
    assert errors_of(with_steps(UNTIL, later)) == [
        f"{NAME}:7:10: timeline.1.at: 'vault-hard-kill' on 'vault' conflicts with timeline.0, 'vault-sealed' on "
        "'vault': each needs vault/seal to itself, and timeline.0 lasts from 5s to 65s at the latest"
    ]


def test_after_the_widest_window_there_is_no_conflict(load: Load) -> None:
    assert len(steps_of(load, UNTIL, "at: 65s, fault: vault-hard-kill, on: vault, for: 5s")) == 2
    assert len(steps_of(load, UNTIL, "at: 2s, fault: vault-hard-kill, on: vault, for: 3s")) == 2


def test_it_is_told_at_the_when_of_a_step_that_waits(errors_of: ErrorsOf) -> None:
    step = "when: {workload-down: orders}, within: 30s, fault: vault-sealed, on: vault, for: 10s"
    assert errors_of(with_steps(SEALED, step)) == [
        f"{NAME}:7:12: timeline.1.when: overlaps with timeline.0: 'vault-sealed' on 'vault' already lasts from 5s to "
        "25s"
    ]
    assert errors_of(with_steps(UNTIL, step)) == [
        f"{NAME}:7:12: timeline.1.when: overlaps with timeline.0: 'vault-sealed' on 'vault' already lasts from 5s to "
        "65s at the latest"
    ]


def test_what_waits_for_the_undo_of_the_other_is_in_nobodys_way(load: Load) -> None:
    again = "when: {fault-undone: 0}, within: 65s, fault: vault-sealed, on: vault, until: {workload-down: orders}"
    third = "when: {fault-undone: 1}, within: 11m, fault: vault-sealed, on: vault, for: 5s"
    assert len(steps_of(load, UNTIL, again, third)) == 3, "also not that of the one before the other"


def test_what_comes_after_one_that_waited_for_the_undo_is_in_nobodys_way(load: Load) -> None:
    between = "when: {fault-undone: 0}, within: 65s, fault: vault-slow, on: vault-2, for: 5s"
    again = "when: {workload-up: orders}, within: 65s, fault: vault-sealed, on: vault, for: 5s"
    assert len(steps_of(load, UNTIL, between, again)) == 3


@pytest.mark.parametrize(
    ("instant", "refused"),
    [
        ("when: {logged-in: orders}, within: 3s, fault: vault-resealed, on: vault", False),  # by 4s
        ("when: {logged-in: orders}, within: 4s, fault: vault-resealed, on: vault", True),  # may be the same moment
        ("when: {logged-in: orders}, within: 90s, fault: vault-resealed, on: vault", True),
    ],
)
def test_an_instant_that_waits_must_not_come_within_a_window(
    load: Load, errors_of: ErrorsOf, instant: str, refused: bool
) -> None:
    if refused:
        [problem] = errors_of(with_steps(instant, SEALED))
        assert problem.startswith(f"{NAME}:7:10: timeline.1.at: 'vault-sealed' on 'vault' conflicts with timeline.0")
        assert problem.endswith("and timeline.1 lasts from 5s to 25s")
    else:
        assert len(steps_of(load, instant, SEALED)) == 2


def test_two_instants_that_wait_are_not_in_each_others_way(load: Load) -> None:
    instant = "when: {logged-in: orders}, within: 90s, fault: vault-resealed, on: vault"
    assert len(steps_of(load, instant, instant)) == 2


# Undone in an outage


def test_an_end_that_may_come_within_an_outage_is_refused(errors_of: ErrorsOf) -> None:
    policy = "at: 2s, fault: policy-deleted, on: vault, until: {logged-in: orders}, at_most: 10s"
    needs = "and needs 'vault' up for that: keep them apart, or let one wait for 'fault-undone' of the other"
    assert errors_of(with_steps(policy, SEALED)) == [
        f"{NAME}:6:55: timeline.0.until: 'policy-deleted' on 'vault' may be undone while timeline.1, 'vault-sealed' on "
        f"'vault', lasts (5s to 25s), {needs}"
    ]
    policy = "at: 2s, fault: policy-deleted, on: vault, for: 10s"
    assert errors_of(with_steps(policy, UNTIL)) == [
        f"{NAME}:6:53: timeline.0.for: 'policy-deleted' on 'vault' may be undone while timeline.1, 'vault-sealed' on "
        f"'vault', lasts (5s to 65s at the latest), {needs}"
    ]
    revoked = "when: {workload-down: orders}, within: 5s, fault: token-revoked, on: vault"
    assert errors_of(with_steps(SEALED, revoked)) == [
        f"{NAME}:7:12: timeline.1.when: 'token-revoked' on 'vault' may happen while timeline.0, 'vault-sealed' on "
        f"'vault', lasts (5s to 25s), {needs}"
    ]


@pytest.mark.parametrize(
    "steps",
    [
        ("at: 2s, fault: policy-deleted, on: vault, until: {logged-in: orders}, at_most: 3s", SEALED),  # over by then
        ("at: 2s, fault: policy-deleted, on: vault, for: 63s", UNTIL),  # all around it
        ("at: 2s, fault: policy-deleted, on: vault, until: {fault-undone: 1}, at_most: 70s", UNTIL),
        (UNTIL, "when: {fault-undone: 0}, within: 70s, fault: token-revoked, on: vault"),
        (
            "at: 2s, fault: policy-deleted, on: vault, until: {logged-in: orders}, at_most: 70s",
            "when: {fault-undone: 0}, within: 80s, fault: vault-sealed, on: vault, for: 5s",
        ),
        (UNTIL, "at: 65s, fault: token-revoked, on: vault"),
    ],
)
def test_what_is_sure_to_be_apart_may_be_undone(load: Load, steps: tuple[str, str]) -> None:
    assert len(steps_of(load, *steps)) == 2


# Anything, many of them, and editors


@given(st.data())
@quick
def test_any_value_in_a_step_that_waits(path: Path, data: st.DataObject) -> None:
    path.write_text(with_steps(UNTIL, WHEN + ", after: 2s"))
    document: Any = read_document(path).data
    inside = [place for place in places(document["timeline"]) if len(place) > 1]
    *there, last = data.draw(st.sampled_from(inside))
    parent = document["timeline"]
    for part in there:
        parent = parent[part]
    parent[last] = data.draw(values | st.sampled_from(["token-expired", "timeline.1", 0, 1]))
    problems(path, json.dumps(document).encode())


def test_many_steps_that_wait_are_checked_in_no_time(load: Load, errors_of: ErrorsOf) -> None:
    first = "at: 5s, fault: vault-sealed, on: vault, for: 100ms"
    chain = [f"when: {{fault-undone: {n}}}, within: 1s, fault: vault-sealed, on: vault, for: 100ms" for n in range(101)]
    others = [f"at: {n / 10 + 1:.1f}s, fault: vault-sealed, on: vault-2, for: 100ms" for n in range(2000)]
    assert len(steps_of(load, first, *chain[:100], *others)) == 2101
    assert errors_of(with_steps(first, *chain)) == [
        f"{NAME}:107:12: timeline.101.when: no more than 100 steps of a timeline may wait"
    ]


def test_an_order_with_problems_is_not_asked_further(load: Load) -> None:
    step = steps_of(load, SEALED)[0]
    waiting = step.model_copy(update={"at": None, "when": steps_of(load, SEALED, WHEN)[1].when, "within": 1.0})
    assert len(Order([waiting]).problems) == 1


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = scenario_schema(VOCABULARY)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize(
    ("step", "valid"),
    [
        (UNTIL, True),
        (WHEN, True),
        (WHEN + ", after: 2s", True),
        ("at: 5s, fault: vault-sealed, on: vault, until: token-expired", True),
        ("at: 5s, fault: vault-sealed, on: vault, until: {token-expired: {workload: orders, for: 3s}}", True),
        ("at: 5s, fault: vault-sealed, on: vault, until: {fault-observed: 0}", True),
        ("at: 5s, fault: vault-sealed, on: vault, until: workload-down", False),
        ("at: 5s, fault: vault-sealed, on: vault, until: token-expried", False),
        ("at: 5s, fault: vault-sealed, on: vault, until: {token-expired: orders}, for: 5s", False),
        ("at: 5s, fault: token-revoked, on: vault, until: token-expired", False),
        ("at: 5s, fault: vault-sealed, on: vault, for: 5s, at_most: 5s", False),
        ("at: 5s, within: 5s, fault: vault-sealed, on: vault, for: 5s", False),
        ("fault: vault-sealed, on: vault, for: 5s", False),
        ("when: token-expired, fault: vault-sealed, on: vault, for: 5s", False),
        ("when: token-expired, within: 5s, at: 5s, fault: vault-sealed, on: vault, for: 5s", False),
    ],
)
def test_an_editor_knows_them(validator: jsonschema.Draft7Validator, step: str, valid: bool) -> None:
    document: Any = yaml.safe_load(GOOD)
    document["timeline"] = [yaml.load(f"{{{step}}}", yaml.BaseLoader)]
    if "fault-observed: 0" in step:
        document["timeline"][0]["until"]["fault-observed"] = 0
    document["expect"][1]["accepted_risk"]["until"] = "2027-06-30"
    assert validator.is_valid(document) is valid
