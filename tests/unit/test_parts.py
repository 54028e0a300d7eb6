"""What is tested in parts is tested whole in time."""

from __future__ import annotations

from tests.integration.parts import a_part, one_of_each

NAMES = [f"{letter}{number}" for letter in "abc" for number in range(5)]


def test_every_part_has_its_day() -> None:
    days = [a_part(NAMES, 4, day, everything=False) for day in range(100, 104)]
    assert sorted(name for part in days for name in part) == NAMES
    assert {len(part) for part in days} == {3, 4}


def test_a_part_is_the_same_all_day_long() -> None:
    assert a_part(NAMES, 4, 7, everything=False) == a_part(NAMES, 4, 7, everything=False)


def test_one_of_each_kind_and_each_in_its_turn() -> None:
    days = [one_of_each(NAMES, lambda name: name[0], day, everything=False) for day in range(5)]
    assert all([name[0] for name in part] == ["a", "b", "c"] for part in days)
    assert sorted(name for part in days for name in part) == NAMES


def test_whoever_wants_all_gets_all() -> None:
    assert a_part(NAMES, 4, 1, everything=True) == NAMES
    assert one_of_each(NAMES, lambda name: name[0], 1, everything=True) == NAMES
