"""Steps in each other's way: two that need the same thing, or one that is to be undone while another has it down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.scenario.loader import LoadedScenario

from .conftest import GOOD, NAME

ErrorsOf = Callable[[str], list[str]]
Load = Callable[[str], LoadedScenario]

FIRST = "  - at: 5s\n    fault: vault-sealed\n    on: vault\n    for: 20s\n"


def with_steps(*steps: str) -> str:
    assert FIRST in GOOD
    return GOOD.replace(FIRST, "".join(f"  - {{{step}}}\n" for step in steps))


def step(fault: str, at: str, lasts: str = "", on: str = "vault", more: str = "") -> str:
    return f"at: {at}, fault: {fault}, on: {on}" + (f", for: {lasts}" if lasts else "") + more


SEALED = step("vault-sealed", "5s", "20s")


def test_two_that_hold_the_same_conflict(errors_of: ErrorsOf) -> None:
    assert errors_of(with_steps(SEALED, step("vault-hard-kill", "10s", "5s"))) == [
        f"{NAME}:7:10: timeline.1.at: 'vault-hard-kill' on 'vault' conflicts with timeline.0, 'vault-sealed' on "
        "'vault': each needs vault/seal to itself, and timeline.0 lasts from 5s to 25s"
    ]


def test_all_that_both_hold_is_named_and_the_later_in_the_file_is_blamed(errors_of: ErrorsOf) -> None:
    text = with_steps(step("vault-stopped", "10s", "5s"), step("vault-hard-kill", "5s", "20s"))
    assert errors_of(text) == [
        f"{NAME}:7:10: timeline.1.at: 'vault-hard-kill' on 'vault' conflicts with timeline.0, 'vault-stopped' on "
        "'vault': each needs vault/container, vault/seal to itself, and timeline.1 lasts from 5s to 25s"
    ]


def test_every_conflict_is_told_once_each(errors_of: ErrorsOf) -> None:
    text = with_steps(SEALED, step("vault-hard-kill", "10s", "5s"), step("vault-stopped", "12s", "1s"))
    told = [line.split(": ")[1] for line in errors_of(text)]
    assert told == ["timeline.1.at", "timeline.2.at", "timeline.2.at"]


@pytest.mark.parametrize(
    ("other", "conflicts"),
    [
        (step("vault-hard-kill", "25s", "5s"), False),  # windows may touch
        (step("vault-hard-kill", "24.999s", "5s"), True),
        (step("vault-hard-kill", "1s", "4s"), False),
        (step("vault-hard-kill", "1s", "4001ms"), True),
        (step("vault-hard-kill", "1s", "60s"), True),  # all around it
        (step("vault-hard-kill", "10s", "5s", on="vault-2"), False),
        (step("network-partition", "10s", "5s"), False),  # holds other things
        (step("vault-slow", "10s", "5s"), False),  # holds nothing
    ],
)
def test_only_overlapping_windows_conflict(load: Load, errors_of: ErrorsOf, other: str, conflicts: bool) -> None:
    for text in (with_steps(SEALED, other), with_steps(other, SEALED)):
        if conflicts:
            [problem] = errors_of(text)
            assert "conflicts with timeline.0" in problem
        else:
            assert len(load(text).scenario.timeline) == 2


@pytest.mark.parametrize(("at", "conflicts"), [("4.9s", False), ("5s", True), ("24.9s", True), ("25s", False)], ids=str)
def test_an_instant_conflicts_only_within_the_window(load: Load, errors_of: ErrorsOf, at: str, conflicts: bool) -> None:
    instant = step("vault-resealed", at)
    for text, lasting in ((with_steps(SEALED, instant), 0), (with_steps(instant, SEALED), 1)):
        if conflicts:
            [problem] = errors_of(text)
            assert f"timeline.{lasting} lasts from 5s to 25s" in problem
            assert problem.startswith(f"{NAME}:7:10: timeline.1.at: ")
        else:
            assert len(load(text).scenario.timeline) == 2


def test_two_instants_are_not_in_each_others_way(load: Load) -> None:
    text = with_steps(step("vault-resealed", "5s"), step("vault-resealed", "5s"))
    assert len(load(text).scenario.timeline) == 2


def test_what_is_held_may_depend_on_the_arguments(load: Load, errors_of: ErrorsOf) -> None:
    def cut(at: str, *workloads: str, on: str = "vault") -> str:
        return step("network-partition", at, "5s", on, f", with: {{workloads: [{', '.join(workloads)}]}}")

    other_way = step("vault-hard-kill", "7s", "5s")
    assert (
        len(load(with_steps(cut("5s", "orders"), other_way, cut("7s", "orders", on="vault-2"))).scenario.timeline) == 3
    )
    # One fault on one target excludes itself, whatever its arguments are: its undo would take back both.
    [problem] = errors_of(with_steps(cut("5s", "orders"), cut("7s", "billing")))
    assert "overlaps with timeline.0: 'network-partition' on 'vault' already lasts from 5s to 10s" in problem


# What is to be undone while its target is down:


def test_an_end_within_an_outage_is_told_at_its_duration_with_what_would_be_right(errors_of: ErrorsOf) -> None:
    text = with_steps(step("policy-deleted", "2s", "7s"), step("vault-sealed", "5s", "7s"))
    assert errors_of(text) == [
        f"{NAME}:6:53: timeline.0.for: 'policy-deleted' on 'vault' is to be undone at 9s, while timeline.1, "
        "'vault-sealed' on 'vault', lasts (5s to 12s), and needs 'vault' up for that: end it by 5s, or not before 12s"
    ]


def test_what_begins_and_ends_within_an_outage_can_only_end_after_it(errors_of: ErrorsOf) -> None:
    text = with_steps(SEALED, step("policy-deleted", "8s", "2s"))
    assert errors_of(text) == [
        f"{NAME}:7:53: timeline.1.for: 'policy-deleted' on 'vault' is to be undone at 10s, while timeline.0, "
        "'vault-sealed' on 'vault', lasts (5s to 25s), and needs 'vault' up for that: end it after 25s"
    ]


@pytest.mark.parametrize(
    ("at", "lasts", "refused"),
    [
        ("2s", "3s", False),  # ends come before begins
        ("2s", "3001ms", True),
        ("2s", "22999ms", True),
        ("2s", "23s", False),  # what began first ends last
        ("6s", "19s", True),  # what began later ends first
        ("6s", "19001ms", False),
        ("2s", "30s", False),  # all around it
        ("25s", "5s", False),
    ],
)
def test_only_ends_within_the_outage_are_refused(
    load: Load, errors_of: ErrorsOf, at: str, lasts: str, refused: bool
) -> None:
    needy = step("policy-deleted", at, lasts)
    for text in (with_steps(SEALED, needy), with_steps(needy, SEALED)):
        if refused:
            [problem] = errors_of(text)
            assert "is to be undone at" in problem
        else:
            assert len(load(text).scenario.timeline) == 2


@pytest.mark.parametrize("first", [True, False])
def test_of_two_that_begin_and_end_together_the_later_in_the_file_is_undone_first(
    load: Load, errors_of: ErrorsOf, first: bool
) -> None:
    needy = step("policy-deleted", "5s", "20s")
    if first:
        assert len(load(with_steps(needy, SEALED)).scenario.timeline) == 2
    else:
        [problem] = errors_of(with_steps(SEALED, needy))
        assert "end it after 25s" in problem


@pytest.mark.parametrize(("at", "refused"), [("4.9s", False), ("5.1s", True), ("24.9s", True), ("25s", False)])
def test_what_happens_in_an_instant_needs_its_target_at_that_instant(
    load: Load, errors_of: ErrorsOf, at: str, refused: bool
) -> None:
    instant = step("token-revoked", at)
    for text in (with_steps(SEALED, instant), with_steps(instant, SEALED)):
        if refused:
            [problem] = errors_of(text)
            assert "needs 'vault' up for that: let it happen before 5s, or not before 25s" in problem
            assert ".at: 'token-revoked' on 'vault' happens at" in problem
        else:
            assert len(load(text).scenario.timeline) == 2


@pytest.mark.parametrize("before", [True, False])
def test_an_instant_in_the_moment_in_which_an_outage_begins_may_come_before_it(
    load: Load, errors_of: ErrorsOf, before: bool
) -> None:
    instant = step("token-revoked", "5s")
    if before:
        assert len(load(with_steps(instant, SEALED)).scenario.timeline) == 2
    else:
        [problem] = errors_of(with_steps(SEALED, instant))
        assert "happens at 5s" in problem


def test_an_outage_of_another_target_is_in_nobodys_way(load: Load) -> None:
    text = with_steps(step("vault-sealed", "5s", "20s", on="vault-2"), step("policy-deleted", "2s", "7s"))
    assert len(load(text).scenario.timeline) == 2


def test_two_outages_that_conflict_are_told_of_that_alone(errors_of: ErrorsOf) -> None:
    [problem] = errors_of(with_steps(SEALED, step("vault-hard-kill", "2s", "7s")))
    assert "conflicts with timeline.0" in problem


def test_the_outage_that_lasts_longest_is_the_one_that_counts(errors_of: ErrorsOf) -> None:
    """A short one in between has ended, and hides nothing."""
    steps = (step("vault-sealed", "2s", "50s"), step("vault-hard-kill", "4s", "1s"), step("policy-deleted", "3s", "7s"))
    told = [line for line in errors_of(with_steps(*steps)) if "is to be undone" in line]
    assert len(told) == 1
    assert "while timeline.0, 'vault-sealed' on 'vault', lasts (2s to 52s)" in told[0]


def test_many_steps_are_checked_in_no_time(load: Load, errors_of: ErrorsOf) -> None:
    steps = [step("vault-sealed", f"{1 + number / 10:.1f}s", "100ms") for number in range(3000)]
    assert len(load(with_steps(*steps)).scenario.timeline) == 3000
