"""Whatever the file says, the answer is a scenario or a list of problems, never another exception."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.scenario.document import read_document
from harness.scenario.loader import load_scenario
from harness.scenario.problems import Problem, ScenarioError

from .conftest import GOOD, VOCABULARY

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["no", "5s", "vault-sealed", "2027-06-30", "(vault)", "[key]", "claims", "expectations"])
)
keys = st.text(max_size=8) | st.sampled_from(["int", "(vault)", "[key]", "expectations", "with", "fault", "operator"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


def problems(path: Path, content: bytes) -> tuple[Problem, ...]:
    """What is wrong with *content*; every problem has a place inside it."""
    path.write_bytes(content)
    try:
        load_scenario(path, VOCABULARY)
    except ScenarioError as error:
        found = error.problems
    else:
        return ()
    lines = len(content.splitlines()) + 1
    for problem in found:
        assert 0 <= problem.line <= lines
        assert problem.column >= 0
        assert problem.message
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "lab.yaml").touch()
    return tmp_path / "vault-outage.scenario.yaml"


def places(value: Any, loc: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [loc, *(place for key, child in children for place in places(child, (*loc, key)))]


@given(st.data())
@quick
def test_any_value_in_any_place(path: Path, data: st.DataObject) -> None:
    path.write_text(GOOD)
    document: Any = copy.deepcopy(read_document(path).data)
    loc = data.draw(st.sampled_from(places(document)[1:]))
    parent = document
    for part in loc[:-1]:
        parent = parent[part]
    if isinstance(parent, dict) and data.draw(st.booleans()):
        parent[data.draw(keys)] = data.draw(values)
    else:
        parent[loc[-1]] = data.draw(values)
    problems(path, json.dumps(document).encode())


@given(st.binary(max_size=60) | st.text(alphabet="[]{}:-?&*!|>'\"%@`#,~ \t\nab<012", max_size=60).map(str.encode))
@quick
def test_any_bytes(path: Path, content: bytes) -> None:
    assert problems(path, content)


@given(st.integers(0, len(GOOD)), st.integers(0, 10), st.text(alphabet="[]{}:-?&*!|>'\"%#, \t\n<01no", max_size=4))
@quick
def test_any_slip_of_the_keyboard(path: Path, at: int, cut: int, typed: str) -> None:
    problems(path, (GOOD[:at] + typed + GOOD[at + cut :]).encode())
