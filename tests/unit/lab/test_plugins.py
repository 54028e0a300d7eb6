"""Which Compose is taken, and what is said when none will do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.lab import plugins
from harness.lab.apt import System
from harness.lab.errors import EnvironmentUnusable
from harness.lab.plugins import Compose, ensure_compose, find_compose, parse_version
from harness.lab.store import Store


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.40.3-3", (2, 40, 3)),
        ("Docker Compose version v2.24.4-desktop.1", (2, 24, 4)),
        ("v5.5.0", (5, 5, 0)),
        ("dev", None),
        ("", None),
    ],
)
def test_versions(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def answering(answers: dict[str, str]) -> plugins.Ask:
    return lambda command: answers.get(" ".join(command[:2]) if command[0] == "docker" else Path(command[0]).name)


def cached(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    binary = plugins._cached(store)
    binary.parent.mkdir(parents=True)
    binary.write_text("")
    return store


def test_plugin_of_the_docker_command_is_preferred(tmp_path: Path) -> None:
    found, _ = find_compose(cached(tmp_path), answering({"docker compose": "2.24.4", "docker-compose": "2.40.3"}))
    assert found == Compose(("docker", "compose"), "2.24.4", "the docker command's plugin")


def test_too_old_plugin_gives_way_to_the_next(tmp_path: Path) -> None:
    store = cached(tmp_path)
    answers = {"docker compose": "2.24.3"}

    def ask(command: tuple[str, ...]) -> str | None:
        return "2.40.3" if command[0].startswith(str(tmp_path)) else answers.get(" ".join(command[:2]))

    found, _ = find_compose(store, ask)
    assert found is not None
    assert found.command == (str(plugins._cached(store)),)
    assert found.source == "lockout's cache"


def test_python_compose_of_version_one_does_not_count(tmp_path: Path) -> None:
    found, words = find_compose(Store(tmp_path), answering({"docker-compose": "1.29.2"}))
    assert found is None
    assert "1.29.2" in words


def test_nothing_found_and_no_way_to_get_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "find_compose", lambda _: (None, "there is none"))
    monkeypatch.setattr(plugins.apt, "can_fetch", lambda: False)
    monkeypatch.setattr(plugins, "find_go", lambda: None)
    with pytest.raises(EnvironmentUnusable, match=r"Docker Compose 2\.24\.4 or newer is needed") as caught:
        ensure_compose(store=Store(tmp_path))
    assert any("install" in hint for hint in caught.value.hints)
    assert plugins.way_to_get() is None
    assert not plugins._cached(Store(tmp_path)).parent.exists()


def test_ubuntu_has_a_package_for_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    there = Compose(("docker", "compose"), "2.40.3", "the docker command's plugin")
    monkeypatch.setattr(plugins, "find_compose", lambda _: (there if installed else None, "there is none"))
    monkeypatch.setattr(plugins.apt, "can_install", lambda: True)
    monkeypatch.setattr(plugins.apt, "read_system", lambda: System(frozenset({"ubuntu", "debian"}), "Ubuntu 24.04"))
    monkeypatch.setattr(plugins.apt, "install", lambda packages, *_: installed.extend(packages))
    monkeypatch.delenv("LOCKOUT_INSTALL_ENGINE", raising=False)
    assert plugins.way_to_get() == "install Ubuntu's docker-compose-v2"
    assert ensure_compose(store=Store(tmp_path)) == there
    assert installed == ["docker-compose-v2"]
    monkeypatch.setenv("LOCKOUT_INSTALL_ENGINE", "never")
    assert "Ubuntu" not in (plugins.way_to_get() or "")


def test_fetched_compose_that_does_not_run_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(suite: str, folder: Path, *_: object) -> bool:
        (folder / plugins.PACKAGE).write_text("not a program")
        return True

    monkeypatch.setattr(plugins, "find_compose", lambda _: (None, "there is none"))
    monkeypatch.setattr(plugins, "_from_debian", fetch)
    monkeypatch.setattr(plugins, "_from_go", lambda *_: False)
    with pytest.raises(EnvironmentUnusable):
        ensure_compose(store=Store(tmp_path))
    assert not plugins._cached(Store(tmp_path)).exists()


PROGRAM = "#!/bin/sh\necho 2.26.1\n"


def put(folder: Path, text: str) -> bool:
    program = folder / plugins.PACKAGE
    program.write_text(text)
    program.chmod(0o755)
    return True


def nothing_but_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(command: tuple[str, ...]) -> str | None:
        return plugins.output_of(command) if command[0].startswith("/") else None

    monkeypatch.setattr(plugins, "find_compose", lambda store: find_compose(store, ask))
    monkeypatch.setattr(plugins, "_may_install_ubuntus", lambda: False)


@pytest.mark.parametrize(
    ("running", "tried"),
    [("trixie", ["trixie"]), ("sid", ["trixie", "sid"]), ("go", ["trixie", "sid", "go"])],
)
def test_what_does_not_run_here_gives_way_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: str, tried: list[str]
) -> None:
    seen: list[str] = []

    def fetch(suite: str, folder: Path, *_: object) -> bool:
        seen.append(suite)
        return put(folder, PROGRAM if suite == running else "#!/bin/sh\necho 'GLIBC_2.38 not found' >&2\nexit 1\n")

    nothing_but_the_cache(monkeypatch)
    monkeypatch.setattr(plugins, "_from_debian", fetch)
    monkeypatch.setattr(plugins, "_from_go", lambda folder, *_: fetch("go", folder))
    assert ensure_compose(store=Store(tmp_path)).version == "2.26.1"
    assert seen == tried


def test_the_plugin_in_use_is_not_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = cached(tmp_path)
    put(plugins._cached(store).parent, PROGRAM)
    nothing_but_the_cache(monkeypatch)
    os.utime(store.path(*plugins._key()), (1.0, 1.0))
    ensure_compose(store=store)
    assert store.prune() == []


def test_a_package_that_ubuntu_does_not_have_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(*_: object) -> None:
        raise EnvironmentUnusable("apt-get install docker-compose-v2 failed (exit 100)")

    nothing_but_the_cache(monkeypatch)
    monkeypatch.setattr(plugins, "_may_install_ubuntus", lambda: True)
    monkeypatch.setattr(plugins.apt, "install", install)
    monkeypatch.setattr(plugins, "_from_debian", lambda suite, folder, *_: put(folder, PROGRAM))
    assert ensure_compose(store=Store(tmp_path)).source == "lockout's cache"
