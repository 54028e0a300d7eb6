"""Finding a run again, and what its folder must hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.report.model import ImageUsed, RunInfo
from harness.run.folder import RunFolder, RunFolderError, find_run

INFO = RunInfo(
    run="20261122-100000-vault-outage-3fa2",
    scenario="vault-outage",
    summary="Vault is gone for 8 s.",
    started=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    duration=32.5,
    seed=17,
    plan_hash="ab" * 32,
    lockout="0.1.0",
    folder="/runs/x",
    images=(ImageUsed("vault", "some/ref:1", "sha256:1", "pulled"),),
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    for name in ("20261120-090000-a-1111", "20261121-090000-b-2222", "20261121-100000-b-3333"):
        (root / name).mkdir(parents=True)
        (root / name / "events.jsonl").touch()
    (root / "20261122-090000-no-run").mkdir()
    return root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", "20261121-100000-b-3333"),
        ("20261120-090000-a-1111", "20261120-090000-a-1111"),
        ("20261120", "20261120-090000-a-1111"),
        ("20261121-10", "20261121-100000-b-3333"),
    ],
)
def test_a_run_is_found(runs: Path, name: str, found: str) -> None:
    assert find_run(name, runs).path == runs / found


def test_a_folder_is_a_run_wherever_it_lies(runs: Path, tmp_path: Path) -> None:
    folder = runs / "20261120-090000-a-1111"
    assert find_run(str(folder), tmp_path / "elsewhere") == RunFolder(folder)


def test_a_whole_name_goes_before_the_beginning_of_another(runs: Path) -> None:
    (runs / "20261120-090000-a-1111-again").mkdir()
    (runs / "20261120-090000-a-1111-again" / "events.jsonl").touch()
    assert find_run("20261120-090000-a-1111", runs).path.name == "20261120-090000-a-1111"


def test_a_beginning_that_fits_several(runs: Path) -> None:
    with pytest.raises(RunFolderError, match=r"'20261121' fits several runs: 20261121-090000-b-2222, 20261121-100000"):
        find_run("20261121", runs)


@pytest.mark.parametrize("name", ["vault", "20261122-090000-no-run"])
def test_no_such_run(runs: Path, name: str) -> None:
    with pytest.raises(RunFolderError, match=rf"no run '{name}'; the last ones are 20261120.*20261121-100000-b-3333"):
        find_run(name, runs)


@pytest.mark.parametrize("name", ["latest", "x"])
def test_no_runs_at_all(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunFolderError, match=rf"no run '{name}'; there are none in .*nothing"):
        find_run(name, tmp_path / "nothing")


def test_what_was_known_at_the_end_comes_back(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_info(INFO)
    assert folder.read_info() == INFO
    changed = replace(INFO, seed=18)
    folder.write_info(changed)
    assert folder.read_info() == changed


def test_a_full_disk_leaves_what_was_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(tmp_path)
    folder.write_info(INFO)

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space left"):
        folder.write_info(replace(INFO, seed=18))
    assert folder.read_info() == INFO


def test_a_run_that_was_killed_has_no_info(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"info\.json is missing: the run was killed, or this is no run folder"):
        RunFolder(tmp_path).read_info()


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"run": 1}'])
def test_damaged_info(tmp_path: Path, text: str) -> None:
    (tmp_path / "info.json").write_text(text)
    with pytest.raises(RunFolderError, match=r"info\.json is damaged"):
        RunFolder(tmp_path).read_info()


def test_the_copy_of_the_scenario(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(RunFolderError, match="no copy of the scenario"):
        folder.scenario()
    folder.scenarios.mkdir()
    with pytest.raises(RunFolderError, match="no copy of the scenario"):
        folder.scenario()
    copied = folder.scenarios / "vault-outage.scenario.yaml"
    copied.touch()
    assert folder.scenario() == copied
