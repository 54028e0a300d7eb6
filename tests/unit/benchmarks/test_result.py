"""Statistics and targets of the benchmark command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.result import FigureResult, Row, Wish, exit_code, medians, percentile

finite = st.floats(min_value=-1e6, max_value=1e6)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_percentile_is_the_value_at_its_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.5) == percentile([7.0], 0.99) == 7.0


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


@given(st.lists(finite, min_size=1), st.floats(0, 1))
def test_at_least_that_share_does_not_exceed_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_a_row_needs_a_value() -> None:
    with pytest.raises(ValueError, match="judge: no value"):
        Row("judge", "s", ())


@pytest.mark.parametrize(("target", "met"), [(2.0, True), (1.999, False), (None, None)])
def test_a_target_is_met_exactly_at_its_limit(target: float | None, met: bool | None) -> None:
    assert Row("start", "s", (1.0, 2.0, 30.0), target=target).met is met


def test_the_statistic_says_what_a_target_is_for() -> None:
    values = (*[1.0] * 98, 5.0, 9.0)
    judged = {statistic: Row("x", "s", values, 1, statistic).judged for statistic in ("median", "p99", "max")}
    assert judged == {"median": 1.0, "p99": 5.0, "max": 9.0}


def test_a_row_with_a_floor_is_judged_by_the_ratio_of_medians() -> None:
    row = Row("run", "s", (12.0, 15.0, 90.0), target=1.5, floor=(9.0, 10.0, 11.0))
    assert row.ratio == row.judged == 1.5
    assert row.met is True
    assert Row("run", "s", (15.1,), target=1.5, floor=(10.0,)).met is False


def test_a_p99_is_given_only_of_a_hundred_values() -> None:
    assert Row("x", "s", (1.0,) * 99).p99 is None
    assert Row("x", "s", (1.0,) * 100).p99 == 1.0


def test_medians_go_part_by_part_and_keep_the_order() -> None:
    found = medians([{"up": 1.0, "down": 9.0}, {"up": 3.0, "down": 1.0}, {"up": 2.0, "down": 5.0, "late": 3.0}])
    assert list(found.items()) == [("up", 2.0), ("down", 5.0), ("late", 0.0)]


def test_a_missed_target_is_an_error_only_when_strict() -> None:
    missed = FigureResult("x", (Row("x", "s", (2.0,), target=1.0),))
    fine = FigureResult("y", (Row("y", "s", (1.0,), target=1.0), Row("z", "s", (9.0,))))
    assert exit_code([fine], strict=True) == 0
    assert exit_code([fine, missed], strict=False) == 0
    assert exit_code([fine, missed], strict=True) == 1


def test_a_figure_that_could_not_be_measured_is_always_an_error() -> None:
    assert exit_code([FigureResult("x", problem="no engine")], strict=False) == 1


def test_a_row_as_a_document_has_all_that_the_table_shows() -> None:
    document = Row("run", "s", (3.0, 1.0, 2.0), target=1.5, floor=(1.0,)).as_document()
    assert document | {"values": None} == {
        "what": "run",
        "unit": "s",
        "min": 1.0,
        "median": 2.0,
        "p99": None,
        "max": 3.0,
        "ratio": 2.0,
        "judged_by": "ratio of medians",
        "target": 1.5,
        "met": False,
        "values": None,
    }


def test_a_rows_column_is_told_where_it_has_one() -> None:
    assert Row("vault-sealed", "ms", (1.0,), column="undo").as_document()["column"] == "undo"
    assert "column" not in Row("vault-sealed", "ms", (1.0,)).as_document()


def test_runs_asked_for_replace_a_figures_own_number() -> None:
    assert Wish().repetitions(3) == 3
    assert Wish(runs=1).repetitions(3) == 1
