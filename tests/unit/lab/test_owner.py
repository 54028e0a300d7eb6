"""Whose a run is: the same for all of one user's runs, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.lab import owner as module
from harness.lab.owner import owner


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "machine-id"
    path.write_text("b08dfa6083e7567a1921a715000001fb\n")
    monkeypatch.setattr(module, "MACHINE_ID", path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return path


def test_machine_user_and_state_folder_make_an_owner(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [owner(), owner()]
    assert seen[0] == seen[1]
    monkeypatch.setattr("os.getuid", lambda: 4711)
    seen.append(owner())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    seen.append(owner())
    machine.write_text("c08dfa6083e7567a1921a715000001fb\n")
    seen.append(owner())
    assert len(set(seen)) == 4
    assert all(len(one) == 12 for one in seen)


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_machine_without_an_id_has_a_name(machine: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    machine.unlink()
    if text is not None:
        machine.write_text(text)
    monkeypatch.setattr("platform.node", lambda: "one")
    first = owner()
    monkeypatch.setattr("platform.node", lambda: "two")
    assert owner() != first
