"""What `lockout doctor` says, for machines that are complete, incomplete, or beyond help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest

from harness.lab import doctor, images
from harness.lab.apt import System
from harness.lab.engine import GB, Candidate, Engine, Failure
from harness.lab.errors import EnvironmentUnusable
from harness.lab.images import PlannedImage
from harness.lab.plugins import Compose

DEBIAN = System(frozenset({"debian"}), "Debian 12")
SOCKET = Candidate("unix:///var/run/docker.sock", "/var/run/docker.sock")
ABSENT = [(SOCKET, Failure("absent", "there is no such socket"))]


@pytest.fixture
def engine() -> Engine:
    client = docker.DockerClient(base_url="unix:///nowhere", version="1.41")
    return Engine(client, SOCKET.host, SOCKET.source, "20.10.24", "1.41", "amd64", "/var/lib/docker", True, False)


@pytest.mark.parametrize(("version", "status"), [((3, 10, 14), "missing"), ((3, 11, 0), "ok"), ((3, 13, 1), "ok")])
def test_python(version: tuple[int, int, int], status: str) -> None:
    check = doctor.check_python(version)
    assert check.status == status
    assert ".".join(map(str, version)) in check.what


@pytest.mark.parametrize(
    ("means", "status", "words"),
    [
        ("install", "todo", "LOCKOUT_INSTALL_ENGINE=never"),
        ("start", "todo", "start the installed dockerd"),
        ("none", "missing", "apt-get install docker.io"),
        ("forbidden", "missing", "LOCKOUT_INSTALL_ENGINE=never"),
    ],
)
def test_absent_engine(means: Any, status: str, words: str) -> None:
    check = doctor.engine_absent(ABSENT, means, DEBIAN, docker_group=False)
    assert check.status == status
    assert words in f"{check.what} {check.why}"


def test_engine_that_is_there_says_how_it_was_found(engine: Engine) -> None:
    check = doctor.engine_present(engine)
    assert check.status == "ok"
    assert "20.10.24" in check.what
    assert "/var/run/docker.sock" in check.what


@pytest.mark.parametrize(
    ("free", "status"),
    [(None, "ok"), (GB - 1, "missing"), (GB, "warn"), (5 * GB - 1, "warn"), (5 * GB, "ok")],
)
def test_disk(engine: Engine, free: int | None, status: str) -> None:
    assert doctor.disk(engine, free).status == status


def test_compose() -> None:
    there = Compose(("docker", "compose"), "2.40.3", "the docker command's plugin")
    assert doctor.compose(there, "2.40.3", None).status == "ok"
    todo = doctor.compose(None, "there is none", "fetch it")
    assert (todo.status, todo.why) == ("todo", "would fetch it")
    missing = doctor.compose(None, "there is none", None)
    assert missing.status == "missing"
    assert "install" in missing.why


def test_images(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = [
        PlannedImage("vault", "use-local", "lockout/vault:1", "built here before"),
        PlannedImage("postgres", "pull", "postgres:15", "the registry answers"),
        PlannedImage("idp", "build", "lockout/idp:2", "it is not published anywhere"),
        PlannedImage("base", "build", "lockout/base:3", "no registry", ("mmdebstrap is not installed",)),
        PlannedImage("app", "impossible", "vendor/app:1", "no registry, and it has no recipe", ("docker pull x",)),
    ]
    monkeypatch.setattr(images, "plan", lambda *_: planned)
    checks = doctor.image_checks(engine, ["vault"], "auto")
    assert [check.status for check in checks] == ["ok", "todo", "todo", "missing", "missing"]
    assert "would pull" in checks[1].why
    assert "would build" in checks[2].why
    assert "mmdebstrap" in checks[3].why
    assert "docker pull x" in checks[4].why


def test_images_without_an_engine_are_open() -> None:
    (check,) = doctor.image_checks(None, ["vault"], "auto")
    assert (check.name, check.status) == ("image vault", "todo")


def test_broken_catalogue_is_a_line_not_a_crash(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[PlannedImage]:
        raise EnvironmentUnusable("images.yaml is not valid", ("images.a: needs pull",))

    monkeypatch.setattr(images, "plan", broken)
    (check,) = doctor.image_checks(engine, ["a"], "auto")
    assert check.status == "missing"
    assert "needs pull" in check.what


def test_leftovers_are_the_same_lines_whatever_state_they_are_in(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = SimpleNamespace(name="c", labels={"lockout.run": "r-1"}, status="running")

    def listing(*names: str) -> Any:
        return SimpleNamespace(list=lambda **_: [SimpleNamespace(name=name) for name in names])

    client: Any = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **_: [container]), networks=listing("n"), volumes=listing("v")
    )
    monkeypatch.setattr(doctor, "find_engine", lambda: replace(engine, client=client))
    before = doctor.leftovers()
    assert before == ["container c (run r-1)", "network n", "volume v"]
    container.status = "exited"
    assert doctor.leftovers() == before


def test_leftovers() -> None:
    assert doctor.leftover_check([]).status == "ok"
    check = doctor.leftover_check(["container x (run 1, exited)", "network y"])
    assert check.status == "warn"
    assert "container x" in check.what
    assert "lockout heal" in check.why


def test_examine_without_any_engine_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    state = tmp_path / "state"
    monkeypatch.setenv("LOCKOUT_CACHE", str(cache))
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    checks = {check.name: check for check in doctor.examine(["vault"])}
    assert checks["engine"].status == "missing"
    assert "DOCKER_HOST" in checks["engine"].what
    assert checks["image vault"].status == "todo"
    assert not cache.exists()
    assert not state.exists()


@pytest.mark.parametrize("ask", [lambda engine: images.plan(["vault"], "auto", engine), images.collect])
def test_an_engine_that_fails_is_told_in_words(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Engine], object]
) -> None:
    monkeypatch.setenv("LOCKOUT_CACHE", str(tmp_path))
    with pytest.raises(EnvironmentUnusable, match="the container engine failed"):
        ask(engine)
