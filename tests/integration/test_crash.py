"""Runs that are killed at moments drawn by lot, other ones every day; fifty of them: ``make soak-crash``."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.crash import crash, whole_life
from harness.lab.engine import Engine
from tests.integration.parts import TODAY
from tests.integration.support import small_scenario

pytestmark = pytest.mark.engine

KILLS = 3


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory, engine: Engine, images_present: None) -> list[str]:
    """Two runs that share a lab, so that the hand-over may be hit as well."""
    folder = tmp_path_factory.mktemp("crash")
    return [
        str(small_scenario(folder, name="first", lasts="2s", observe_for="2s")),
        str(small_scenario(folder, name="second", fault="vault-paused", lasts="2s", observe_for="2s")),
    ]


@pytest.fixture(scope="module")
def length(scenarios: list[str], tmp_path_factory: pytest.TempPathFactory) -> float:
    return whole_life(scenarios, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("number", range(KILLS))
def test_heal_puts_everything_right(
    number: int, scenarios: list[str], length: float, tmp_path: Path, engine: Engine
) -> None:
    moment = Random(f"{TODAY}/{number}").uniform(0.1, length)
    done = crash(scenarios, moment, tmp_path, engine.client)
    assert done.wrong == (), f"killed {moment:.2f} s after its start, in phase {done.phase}"
