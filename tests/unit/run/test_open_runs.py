"""Which runs are open, and which of them have lost their process. With real processes, really killed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness.lab.errors import EnvironmentUnusable
from harness.run import open_runs as module
from harness.run.open_runs import OpenRun, close_mark, mark_open, open_runs

CHILD = """
import sys
from pathlib import Path
from harness.run.open_runs import mark_open
with mark_open(sys.argv[1], Path(sys.argv[2])):
    print("open", flush=True)
    sys.stdin.read()
"""
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "lockout" / "open"


@contextmanager
def process(run: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, run, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def test_on_a_fresh_machine_no_run_is_open() -> None:
    assert open_runs() == ()


def test_a_run_is_alive_until_it_is_killed(tmp_path: Path) -> None:
    with process("r-1", tmp_path / "r-1") as child:
        assert open_runs() == (OpenRun("r-1", tmp_path / "r-1", alive=True),)
        child.kill()
        child.wait()
        assert open_runs() == (OpenRun("r-1", tmp_path / "r-1", alive=False),)
    assert [run.alive for run in open_runs()] == [False], "it stays until it is healed"
    close_mark("r-1")
    assert open_runs() == ()


def test_a_run_that_ends_in_order_leaves_nothing(tmp_path: Path) -> None:
    with process("r-1", tmp_path) as child:
        child.communicate()
        assert child.returncode == 0
    assert open_runs() == ()


def test_a_dead_run_does_not_hide_a_living_one(tmp_path: Path) -> None:
    with process("a", tmp_path) as first, process("b", tmp_path):
        first.kill()
        first.wait()
        assert [(run.run, run.alive) for run in open_runs()] == [("a", False), ("b", True)]


def test_a_mark_that_is_handed_on_while_it_is_looked_at_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lockable = module._lockable
    with ExitStack() as stack:
        with mark_open("r-1", tmp_path / "first") as mark:
            hold = mark.pass_on()

        def meanwhile(descriptor: int) -> bool:
            monkeypatch.setattr(module, "_lockable", lockable)
            stack.enter_context(mark_open("r-1", tmp_path / "second"))
            hold.release()
            return lockable(descriptor)

        monkeypatch.setattr(module, "_lockable", meanwhile)
        assert open_runs() == (OpenRun("r-1", tmp_path / "second", alive=True),)


def test_a_mark_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), mark_open("r-1", tmp_path):
        pass
    assert list(state.iterdir()) == []


def test_a_run_of_our_own_process_is_alive(tmp_path: Path) -> None:
    with mark_open("r-1", tmp_path):
        assert [run.alive for run in open_runs()] == [True]
    assert open_runs() == ()


def test_a_run_that_fails_is_closed_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), mark_open("r-1", tmp_path):
        raise RuntimeError
    assert open_runs() == ()


def test_a_run_that_left_something_stays_marked(tmp_path: Path) -> None:
    with mark_open("r-1", tmp_path) as mark:
        mark.keep()
    assert open_runs() == (OpenRun("r-1", tmp_path, alive=False),)


def test_a_mark_that_was_kept_until_all_is_gone_goes_then(tmp_path: Path) -> None:
    with mark_open("r-1", tmp_path) as mark:
        mark.keep()
        mark.clear()
    assert open_runs() == ()


def test_the_folder_is_kept_as_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with mark_open("r-1", Path("runs/r-1")):
        assert open_runs()[0].folder == tmp_path / "runs" / "r-1"


def test_the_engine_is_remembered(tmp_path: Path) -> None:
    with mark_open("r-1", tmp_path, "unix:///run/docker.sock", "4F2A"):
        assert open_runs() == (OpenRun("r-1", tmp_path, alive=True, host="unix:///run/docker.sock", engine="4F2A"),)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('{"run": "r-1", "folder": "/runs/r-1", "pid": 1}', (OpenRun("r-1", Path("/runs/r-1"), alive=False),)),
        ('{"run": "r-1"}', ()),
        ('["r-1"]', ()),
        ('{"run": "r-1", "folder": null}', ()),
    ],
)
def test_marks_of_other_versions(state: Path, text: str, known: tuple[OpenRun, ...]) -> None:
    state.mkdir(parents=True)
    (state / "r-1.json").write_text(text)
    assert open_runs() == known


def test_a_state_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentUnusable, match="cannot create"), mark_open("r-1", tmp_path):
        pass


def test_a_mark_in_the_making_is_not_taken_for_a_dead_run(tmp_path: Path, state: Path) -> None:
    state.mkdir(parents=True)
    (state / "r-1.tmp").write_text("")
    (state / "r-2.json").write_text("")
    assert open_runs() == ()
    assert (state / "r-2.json").exists(), "whose it is cannot be told, so it is not removed"


def test_closing_twice_is_harmless() -> None:
    close_mark("r-1")
    close_mark("r-1")
