"""Starting an engine: waiting, giving up, and remembering who started it. The daemon is a stand-in program."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.lab import engine_start
from harness.lab.engine_start import Record, birth_of, last_lines, recorded, start_daemon

linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Puts a `dockerd` on PATH that runs the given shell lines; ends it afterwards."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(engine_start, "SYSTEMD", tmp_path / "no-systemd")

    def install(script: str) -> Path:
        program = tmp_path / "dockerd"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return tmp_path

    yield install
    record = recorded()
    if record is not None:
        with suppress(ProcessLookupError):
            os.killpg(record.pid, signal.SIGKILL)


@linux_only
def test_engine_that_comes_up_is_waited_for_and_remembered(daemon: Callable[[str], Path]) -> None:
    folder = daemon('echo starting; touch "$(dirname "$0")/socket"; exec sleep 60')
    answer = start_daemon(lambda: "engine" if (folder / "socket").exists() else None)
    assert answer == "engine"
    record = recorded()
    assert record is not None
    assert birth_of(record.pid) == record.birth
    assert os.getsid(record.pid) == record.pid, "it must not share our terminal's session"
    assert last_lines() == ("starting",)


@linux_only
def test_engine_that_dies_is_given_up_at_once_with_its_last_words(daemon: Callable[[str], Path]) -> None:
    daemon("echo level=info msg=stopping; echo cannot mount cgroup; echo level=info module=grpc; exit 1")
    begin = time.monotonic()
    assert start_daemon(lambda: None) == "ended at once (exit 1)"
    assert time.monotonic() - begin < engine_start.DEADLINE / 2
    assert last_lines() == ("cannot mount cgroup",)
    assert recorded() is None


@linux_only
def test_engine_that_never_answers_is_given_up_at_the_deadline(
    daemon: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon("exec sleep 60")
    monkeypatch.setattr(engine_start, "DEADLINE", 0.3)
    assert start_daemon(lambda: None) == "does not answer within 0.3 s"
    assert recorded() is not None, "it still runs, and the next start will find it"


@linux_only
def test_a_reused_process_id_is_not_taken_for_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    note = tmp_path / "lockout" / "engine.json"
    note.parent.mkdir()
    birth = birth_of(os.getpid())
    assert birth is not None
    note.write_text(json.dumps({"pid": os.getpid(), "birth": birth + 1, "log": "x"}))
    assert recorded() is None
    note.write_text(json.dumps({"pid": os.getpid(), "birth": birth, "log": "x"}))
    assert recorded() == Record(os.getpid(), birth, "x")
    note.write_text("{ torn")
    assert recorded() is None


def test_what_lockout_may_do_here(monkeypatch: pytest.MonkeyPatch) -> None:
    programs: set[str] = set()
    monkeypatch.setattr(engine_start.shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.setattr(engine_start.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(engine_start.apt, "can_install", lambda: True)
    assert engine_start.means_here({}) == "none"
    monkeypatch.setattr(engine_start.os, "geteuid", lambda: 0)
    assert engine_start.means_here({}) == "install"
    assert engine_start.means_here({"LOCKOUT_INSTALL_ENGINE": "never"}) == "forbidden"
    programs.add("dockerd")
    assert engine_start.means_here({"LOCKOUT_INSTALL_ENGINE": "never"}) == "start"
    programs.clear()
    monkeypatch.setattr(engine_start.apt, "can_install", lambda: False)
    assert engine_start.means_here({}) == "none"
