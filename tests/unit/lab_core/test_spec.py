"""What a lab is made of, written down for another process, and for people the folder is passed on to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.lab.errors import EnvironmentUnusable
from harness.lab.spec import LabSpec, load_spec
from harness.topology.model import Topology
from harness.topology.services import DatabaseBlock
from harness.topology.vault import VaultBlock
from harness.topology.workload import WorkloadBlock
from tests.unit.lab_core.topologies import LITERAL, SECRET, SERVICES, make_spec


@pytest.fixture
def saved(tmp_path: Path) -> LabSpec:
    spec = make_spec(tmp_path)
    spec.save()
    return spec


def test_what_was_saved_comes_back(saved: LabSpec, tmp_path: Path) -> None:
    loaded = load_spec(tmp_path)
    for name in ("run", "project", "folder", "files", "environ", "ports", "override", "log"):
        assert getattr(loaded, name) == getattr(saved, name), name


def without_secrets(topology: Topology) -> dict[str, object]:
    """All of a topology that is needed to take a lab down."""
    found: dict[str, object] = {}
    for name, service in topology.services.items():
        block = service.block
        if isinstance(block, VaultBlock):
            block = block.model_copy(update={"provision": None, "admin_token": block.admin_token is not None})
        elif isinstance(block, DatabaseBlock):
            block = block.model_copy(update={"setup": ()})
        elif isinstance(block, WorkloadBlock) and block.probe.http is not None:
            http = block.probe.http.model_copy(update={"headers": tuple(block.probe.http.headers)})
            block = block.model_copy(update={"probe": block.probe.model_copy(update={"http": http})})
        elif isinstance(block, WorkloadBlock) and block.probe.command is not None:
            block = block.model_copy(update={"probe": block.probe.model_copy(update={"command": True})})
        found[name] = (service.image, service.networks, service.depends_on, service.published, block)
    return found


def test_the_topology_comes_back(saved: LabSpec, tmp_path: Path) -> None:
    loaded = load_spec(tmp_path).topology
    assert tuple(loaded.services) == SERVICES
    assert without_secrets(loaded) == without_secrets(saved.topology)
    probe = loaded.workload("orders").probe.http
    assert probe is not None
    assert probe.path == "/work?price=$1"


def test_it_is_there_after_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    make_spec(tmp_path).save()
    assert len(synced) == 2


def test_it_can_be_read_by_others_like_the_rest_of_the_run_folder(saved: LabSpec, tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "lab").iterdir()} == {0o644}


def test_it_can_be_saved_and_loaded_again_and_again(saved: LabSpec, tmp_path: Path) -> None:
    first = load_spec(tmp_path)
    first.save()
    assert load_spec(tmp_path) == first


def test_no_secret_is_in_the_run_folder(saved: LabSpec, tmp_path: Path) -> None:
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"config.yaml", "lab.json"}
    for path in written:
        text = path.read_text()
        assert SECRET not in text, path.name
        assert LITERAL not in text, path.name


def test_what_a_probe_sends_is_not_kept(saved: LabSpec, tmp_path: Path) -> None:
    loaded = load_spec(tmp_path).topology
    probe = loaded.workload("orders").probe.http
    assert probe is not None
    assert probe.headers == {"Authorization": "[not kept]"}
    assert loaded.workload("reports").probe.command == ("[not kept]",)


def test_a_run_that_never_had_a_lab(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnusable, match="no description of its lab"):
        load_spec(tmp_path)


def test_a_description_that_was_torn(saved: LabSpec, tmp_path: Path) -> None:
    (tmp_path / "lab" / "lab.json").write_text('{"run": "r-')
    with pytest.raises(EnvironmentUnusable, match="no description of its lab"):
        load_spec(tmp_path)


def test_emergency_procedures_are_kept_for_an_attempt_that_is_still_to_be_closed(tmp_path: Path) -> None:
    from tests.unit.breakglass.estate import COMPOSE, estate

    spec = LabSpec("r", "p", tmp_path, (Path("compose.yaml"),), {}, COMPOSE, estate(), {})
    spec.save()
    assert load_spec(tmp_path).topology.procedures == estate().procedures
