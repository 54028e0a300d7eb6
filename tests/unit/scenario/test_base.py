from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.base import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("20s", 20.0), ("2m", 120.0), ("1h", 3600.0), ("1.5s", 1.5), ("0s", 0.0), (" 3s ", 3.0)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", ["20", 20, 20.0, "s", "-1s", "1 s", "1d", "", None, True, "1s2", "1e3s", "٣s"])
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a duration: write a number with a unit"):
        parse_duration(value)


@given(st.integers(min_value=0, max_value=10**10))
def test_a_formatted_duration_reads_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-11, abs=0)
