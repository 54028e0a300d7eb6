"""Where things are looked for, and what is completed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

import harness
from harness.cli.commands.run import _worst
from harness.cli.options import complete_run, complete_scenario, mention_dead_runs, scenarios_root, writable
from harness.lab.errors import EnvironmentUnusable
from harness.run.open_runs import mark_open

OURS = Path(harness.__file__).resolve().parent.parent / "scenarios"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def context(**params: Any) -> click.Context:
    found = click.Context(click.Command("x"))
    found.params = params
    return found


PARAM = click.Argument(["x"])


def test_scenarios_are_those_given_those_here_or_ours(here: Path) -> None:
    assert scenarios_root(Path("mine")) == Path("mine")
    assert scenarios_root(None) == OURS
    (here / "scenarios").mkdir()
    assert scenarios_root(None) == Path("scenarios")


def test_a_folder_for_runs_is_made(here: Path) -> None:
    assert writable(here / "a" / "b") == here / "a" / "b"
    assert writable(here / "a" / "b").is_dir()


def test_a_folder_for_runs_that_cannot_be_made(here: Path) -> None:
    (here / "file").touch()
    with pytest.raises(EnvironmentUnusable, match=r"cannot create it: Not a directory\n  - choose another with --runs"):
        writable(here / "file" / "runs")


def test_scenarios_are_completed_by_name() -> None:
    names = complete_scenario(context(scenarios=OURS), PARAM, "vault-")
    assert "vault-outage" in names
    assert all(name.startswith("vault-") for name in names)
    assert complete_scenario(context(scenarios=OURS), PARAM, "zzz") == []


def test_runs_are_completed_newest_first(here: Path) -> None:
    for name in ("20261121-a", "20261122-b", "no-run"):
        (here / "runs" / name).mkdir(parents=True)
    for name in ("20261121-a", "20261122-b"):
        (here / "runs" / name / "events.jsonl").touch()
    assert complete_run(context(), PARAM, "") == ["latest", "20261122-b", "20261121-a"]
    assert complete_run(context(), PARAM, "2026112") == ["20261122-b", "20261121-a"]
    assert complete_run(context(), PARAM, "l") == ["latest"]
    assert complete_run(context(runs=here / "other"), PARAM, "2") == []


def test_killed_runs_are_mentioned(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mention_dead_runs()
    assert capsys.readouterr() == ("", "")
    with mark_open("r-1", here) as mark:
        mention_dead_runs()
        assert capsys.readouterr() == ("", ""), "it lives"
        mark.keep()
    mention_dead_runs()
    out, err = capsys.readouterr()
    assert out == ""
    assert "run r-1 was killed" in err
    assert "'lockout heal'" in err


@pytest.mark.parametrize(
    ("codes", "worst"), [([], 0), ([0], 0), ([0, 3, 0], 3), ([3, 1], 1), ([0, 1, 3], 1), ([3, 3], 3)]
)
def test_the_exit_code_is_that_of_the_worst_run(codes: list[int], worst: int) -> None:
    assert _worst(codes) == worst
