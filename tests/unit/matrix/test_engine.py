"""The container engine is restarted only if lockout started it and nobody else has anything on it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import docker
import pytest

from harness.lab.containers import RUN_LABEL
from harness.lab.engine_start import birth_of
from harness.lab.store import state_dir
from tests.matrix import engine
from tests.matrix.engine import NOT_OURS, Refused, cannot_restart, on_it, restart_engine

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

DIES = ["sleep", "600"]
STUBBORN = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]


class Named:
    def __init__(self, name: str, run: str = "") -> None:
        self.name, self.labels = name, {RUN_LABEL: run} if run else {}


class Listing:
    def __init__(self, *found: Named) -> None:
        self.found = found

    def list(self, **_: object) -> tuple[Named, ...]:
        return self.found


class Client:
    def __init__(self, *containers: Named) -> None:
        self.containers, self.networks, self.volumes = Listing(*containers), Listing(Named("n")), Listing(Named("v"))


def client(*containers: Named) -> docker.DockerClient:
    return cast("docker.DockerClient", Client(*containers))


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[str]], subprocess.Popen[bytes]]]:
    """Starts a program that lockout takes for the engine that it started."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    started: list[subprocess.Popen[bytes]] = []

    def start(command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        started.append(process)
        state_dir().mkdir(parents=True, exist_ok=True)
        record = {"pid": process.pid, "birth": birth_of(process.pid), "log": "log"}
        (state_dir() / "engine.json").write_text(json.dumps(record))
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(engine, "ensure_engine", lambda: calls.append("started"))
    return calls


def test_an_engine_of_somebody_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restarted: list[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert cannot_restart(client()) == NOT_OURS
    with pytest.raises(Refused, match=NOT_OURS):
        restart_engine(client(), "run-1")
    assert restarted == []


def test_so_is_one_on_which_others_have_containers(
    daemon: Callable[[list[str]], subprocess.Popen[bytes]], restarted: list[str]
) -> None:
    process = daemon(DIES)
    own, other, stranger = Named("vault", "run-1"), Named("vault", "run-2"), Named("somebody")
    assert cannot_restart(client(own), "run-1") == ""
    assert "run-1" in cannot_restart(client(own))
    with pytest.raises(Refused, match="others have containers on this engine: run-2, somebody"):
        restart_engine(client(own, other, stranger), "run-1")
    assert process.poll() is None
    assert restarted == []


def test_so_is_one_while_another_run_is_open(
    daemon: Callable[[list[str]], subprocess.Popen[bytes]], restarted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = daemon(DIES)
    monkeypatch.setattr(engine, "living_runs", lambda: frozenset({"run-1", "run-3"}))
    with pytest.raises(Refused, match="other runs are going on: run-3"):
        restart_engine(client(), "run-1")
    assert process.poll() is None
    assert restarted == []


def test_it_has_ended_before_it_is_started_although_it_is_a_child_of_ours(
    daemon: Callable[[list[str]], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = daemon(DIES)
    ended: list[bool] = []
    monkeypatch.setattr(engine, "ensure_engine", lambda: ended.append(process.poll() is not None))
    restart_engine(client(Named("vault", "run-1")), "run-1")
    assert ended == [True]


def test_a_zombie_that_is_not_ours_to_reap_counts_as_ended(
    daemon: Callable[[list[str]], subprocess.Popen[bytes]], restarted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon(DIES)

    def not_ours(pid: int, options: int) -> tuple[int, int]:
        raise ChildProcessError

    monkeypatch.setattr(os, "waitpid", not_ours)
    restart_engine(client(), "run-1")
    monkeypatch.undo()
    assert restarted == ["started"]


def test_one_that_does_not_end_is_not_started_twice(
    daemon: Callable[[list[str]], subprocess.Popen[bytes]], restarted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = daemon(STUBBORN)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    monkeypatch.setattr(engine, "STOPS_WITHIN", 0.3)
    with pytest.raises(RuntimeError, match=r"did not end within 0\.3 s"):
        restart_engine(client(), "run-1")
    assert restarted == []


def test_all_that_is_on_an_engine_is_named_whoever_made_it() -> None:
    assert on_it(client(Named("c", "run-1"), Named("d"))) == {"container c", "container d", "network n", "volume v"}
