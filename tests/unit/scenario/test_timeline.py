"""Two steps that need the same thing at the same time: refused, with both named, and until when."""

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


def test_many_steps_are_checked_in_no_time(load: Load, errors_of: ErrorsOf) -> None:
    steps = [step("vault-sealed", f"{1 + number / 10:.1f}s", "100ms") for number in range(3000)]
    assert len(load(with_steps(*steps)).scenario.timeline) == 3000
