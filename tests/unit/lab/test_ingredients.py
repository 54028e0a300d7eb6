"""What is made outside Docker: with which programs, and how these are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.lab import apt
from harness.lab.images import ingredients
from harness.lab.images.catalogue import RootfsRecipe
from harness.lab.images.ingredients import Kitchen, find_go
from harness.lab.process import Finished
from harness.lab.store import Store

HOOK = '#!/bin/sh\nset -eu\nln -sf python3 "$1/usr/bin/python"\n'


def go(folder: Path, words: str) -> Path:
    folder.mkdir(parents=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho '{words}' $GOTOOLCHAIN\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("words", "usable"),
    [
        ("go version go1.21 linux/amd64", True),
        ("go version go1.25.3 linux/amd64", True),
        ("go version devel go1.26-abc linux/arm64", True),
        ("go version go2.0 linux/amd64", True),
        ("go version go1.20.14 linux/amd64", False),
        ("go version go1.9 linux/amd64", False),
        ("gccgo 12", False),
    ],
)
def test_a_go_compiler_must_be_able_to_fetch_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, usable: bool
) -> None:
    program = go(tmp_path / "bin", words)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    monkeypatch.setattr(ingredients, "KNOWN_GO", ())
    assert find_go() == (str(program) if usable else None)


def test_an_old_compiler_on_the_path_does_not_hide_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = go(tmp_path / "old", "go version go1.19.8 linux/amd64"), go(tmp_path / "new", "go version go1.24.1 x")
    monkeypatch.setenv("PATH", f"{old.parent}:/bin:/usr/bin")
    monkeypatch.setattr(ingredients, "KNOWN_GO", (str(tmp_path / "none"), str(new)))
    assert find_go() == str(new)


def test_hooks_are_handed_over_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Sequence[str]] = []

    def run(command: Sequence[str], *_: object, **__: object) -> Finished:
        calls.append(command)
        Path(command[command.index("bookworm") + 1]).write_text("")
        return Finished(0, ())

    fixtures = tmp_path / "fixtures"
    (fixtures / "base").mkdir(parents=True)
    (fixtures / "base" / "customize-hook.sh").write_text(HOOK)
    monkeypatch.setattr(ingredients, "missing_for_rootfs", lambda: None)
    monkeypatch.setattr(ingredients, "output_of", lambda *_: None)
    monkeypatch.setattr(ingredients, "run_logged", run)
    monkeypatch.setattr(apt, "debian_uris", lambda: ())
    log = tmp_path / "log"
    kitchen = Kitchen(Store(tmp_path / "cache"), fixtures, "amd64", "base", log, lambda _: None, lambda _: None)
    kitchen.rootfs(RootfsRecipe(kind="rootfs", folder="base", suite="bookworm", include=("python3",)))
    [command] = calls
    assert f"--customize-hook={HOOK}" in command, "where mmdebstrap runs it, a private home cannot be read"
    assert not any("essential-hook" in word or str(fixtures) in word for word in command)
