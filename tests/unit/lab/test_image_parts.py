"""Keys, build contexts, and what is remembered of registries."""

from __future__ import annotations

import json
import os
import tarfile
import time
from pathlib import Path

import pytest

from harness.lab.images.catalogue import GoProgram, RootfsRecipe
from harness.lab.images.context import write_context
from harness.lab.images.keys import go_key, rootfs_key, site_key
from harness.lab.images.registry import REMEMBER_REFUSAL, Registries, _why, registry_of


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    folder = tmp_path / "fixtures"
    (folder / "vault" / "go").mkdir(parents=True)
    (folder / "vault" / "go" / "go.mod").write_text("module lab\n")
    (folder / "vault" / "go" / "go.sum").write_text("a v1 h1:x\n")
    (folder / "base").mkdir()
    (folder / "base" / "customize-hook.sh").write_text("true\n")
    return folder


def test_program_key_depends_on_all_that_goes_in(fixtures: Path) -> None:
    program = GoProgram(module="vault/go", package="a/b", output="b")
    keys = {
        go_key(program, fixtures, "amd64"),
        go_key(program, fixtures, "arm64"),
        go_key(program.model_copy(update={"tags": ("minimal",)}), fixtures, "amd64"),
        go_key(program.model_copy(update={"package": "a/c"}), fixtures, "amd64"),
    }
    keys.add(go_key(program.model_copy(update={"output": "c"}), fixtures, "amd64"))
    (fixtures / "vault" / "go" / "go.sum").write_text("a v1 h1:y\n")
    keys.add(go_key(program, fixtures, "amd64"))
    assert len(keys) == 6


def test_file_system_key_sees_packages_and_hooks(fixtures: Path) -> None:
    recipe = RootfsRecipe(kind="rootfs", folder="base", suite="bookworm", include=("python3",))
    keys = {rootfs_key(recipe, fixtures, "amd64")}
    keys.add(rootfs_key(recipe.model_copy(update={"include": ("python3", "jq")}), fixtures, "amd64"))
    (fixtures / "base" / "customize-hook.sh").write_text("false\n")
    keys.add(rootfs_key(recipe, fixtures, "amd64"))
    assert len(keys) == 3


def test_site_key_sees_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1\n")
    before = site_key(lock, "amd64")
    assert site_key(lock, "arm64") != before
    lock.write_text("a==2\n")
    assert site_key(lock, "amd64") != before


def test_context_is_the_same_bytes_for_the_same_content(tmp_path: Path) -> None:
    folder, site = tmp_path / "idp", tmp_path / "site"
    (folder / "app").mkdir(parents=True)
    site.mkdir()
    (folder / "Dockerfile").write_text("FROM x\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / ".secret").write_text("x")
    (folder / "app" / "old.py").write_text("x")
    (site / "__pycache__").mkdir()
    (site / "__pycache__" / "m.pyc").write_bytes(b"x")
    (site / "m.py").write_text("x")
    (site / "m.py").chmod(0o600)
    os.link(site / "m.py", site / "same.py")
    app = tmp_path / "app"
    app.mkdir()
    (app / "new.py").write_text("x")

    write_context(tmp_path / "one.tar", folder, {"site": site, "app": app})
    os.utime(folder / "Dockerfile", (1, 1))
    write_context(tmp_path / "two.tar", folder, {"site": site, "app": app})
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()

    with tarfile.open(tmp_path / "one.tar") as tar:
        members = {member.name: member for member in tar.getmembers()}
        same = tar.extractfile("site/same.py")
        assert same is not None
        assert same.read() == b"x"
    assert set(members) == {
        "Dockerfile", "run.sh", "app", "app/new.py",
        "site", "site/m.py", "site/same.py", "site/__pycache__", "site/__pycache__/m.pyc",
    }  # fmt: skip
    assert members["run.sh"].mode == 0o755
    assert members["site/m.py"].mode == 0o644
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


class Asked:
    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.refs: list[str] = []

    def __call__(self, ref: str) -> str | None:
        self.refs.append(ref)
        return self.answer


def test_registry_is_asked_once_per_process(tmp_path: Path) -> None:
    probe = Asked(None)
    registries = Registries(probe, tmp_path, "engine")
    assert registries.refusal("hashicorp/vault:1") is None
    assert registries.refusal("postgres:15") is None
    assert registries.refusal("quay.test/x:1") is None
    assert probe.refs == ["hashicorp/vault:1", "quay.test/x:1"]


def test_refusal_is_remembered_for_ten_minutes_across_processes(tmp_path: Path) -> None:
    Registries(Asked("down"), tmp_path, "engine").refusal("postgres:15")
    probe = Asked(None)
    assert Registries(probe, tmp_path, "engine").refusal("postgres:15") == "down"
    assert probe.refs == []
    (note,) = tmp_path.glob("*.json")
    old = time.time() - REMEMBER_REFUSAL - 1
    os.utime(note, (old, old))
    assert Registries(probe, tmp_path, "engine").refusal("postgres:15") is None
    assert not note.exists(), "a registry that answers again is no longer noted as down"


def test_refusal_of_one_engine_is_not_another_engines(tmp_path: Path) -> None:
    Registries(Asked("down"), tmp_path, "one").refusal("postgres:15")
    assert Registries(Asked(None), tmp_path, "two").refusal("postgres:15") is None


def test_torn_note_is_asked_again(tmp_path: Path) -> None:
    Registries(Asked("down"), tmp_path, "engine").refusal("postgres:15")
    (note,) = tmp_path.glob("*.json")
    note.write_text('{"wh')
    assert Registries(Asked("still down"), tmp_path, "engine").refusal("postgres:15") == "still down"
    assert json.loads(note.read_text())["why"] == "still down"


@pytest.mark.parametrize(
    ("ref", "host"),
    [
        ("postgres:15", ""),
        ("hashicorp/vault:1", ""),
        ("quay.test/a/b:1", "quay.test"),
        ("localhost/a", "localhost"),
        ("box:5000/a", "box:5000"),
    ],
)
def test_registry_of(ref: str, host: str) -> None:
    assert registry_of(ref) == host


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("manifest unknown: manifest unknown", None),
        ("errors: toomanyrequests: You have reached your pull rate limit", "rate limit"),
        ('Get "https://registry.test/v2/": dial tcp: lookup registry.test: no such host', "no such host"),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "connection refused"),
    ],
)
def test_words_of_the_engine_become_a_reason(text: str, words: str | None) -> None:
    why = _why(text)
    if words is None:
        assert why is None
    else:
        assert why is not None
        assert words in why
