"""Same seed, same plan: a hundred times, in processes and on machines that have little in common."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.plan.plans import ROOT, hashes, plan_of, scenarios

MACHINES = {
    "plain": {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    "far east": {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Pacific/Kiritimati"},
    "turkish": {"PYTHONHASHSEED": "4294967295", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kolkata"},
    "german": {"PYTHONHASHSEED": "random", "LC_ALL": "de_DE.UTF-8", "PYTHONUTF8": "1", "TZ": "America/St_Johns"},
    "bare": {"PYTHONHASHSEED": "77", "PYTHONOPTIMIZE": "1", "HOME": "/"},
}


def on(machine: dict[str, str], folder: Path) -> object:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("plans.py"))],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **machine},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_another_process_on_another_machine_makes_the_same_plans(tmp_path: Path) -> None:
    made = {name: on(machine, tmp_path) for name, machine in MACHINES.items()}
    first = made["plain"]
    assert isinstance(first, dict)
    assert first["hashes"] == hashes()
    assert len(set(first["hashes"].values())) == len(first["hashes"]) > 5, "no two scenarios have the same plan"
    assert [name for name, one in made.items() if one != first] == []


def test_a_hundred_plans_of_each_scenario_are_one() -> None:
    for name, scenario in scenarios().items():
        assert len({plan_of(scenario).hash() for _ in range(100)}) == 1, name


@pytest.mark.parametrize("number", range(2))
def test_what_is_random_in_a_fault_is_drawn_alike_a_hundred_times(number: int) -> None:
    plan = plan_of(next(iter(scenarios().values())))
    draws = {tuple(plan.rng(f"timeline.{number}").random() for _ in range(5)) for _ in range(100)}
    assert len(draws) == 1
