"""``lockout stop``: with real marks and real processes, but no lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cli.main import cli, guarded
from harness.lab import lever, plugins
from harness.lab.waiting import wait_for
from harness.run.open_runs import open_runs

ROOT = Path(__file__).parents[3]
RUN = "20261125-100000-vault-outage-ab12"

# A run as far as marks and levers go: it ends when it is told to, and says why.
CHILD = """
import sys, time
from pathlib import Path
from harness.lab.lever import own_file, reason_to_stop
from harness.run.open_runs import mark_open
from harness.run.signals import SignalGate, Stopped, watched
gate = SignalGate()
with gate.installed(), own_file(), watched(gate, reason_to_stop, for_good=True):
    with mark_open(sys.argv[1], Path(sys.argv[1])):
        print("open", flush=True)
        try:
            time.sleep(60)
        except Stopped as stopped:
            print(stopped.ending, stopped.reason, flush=True)
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def lockout(*args: str) -> int:
    return guarded(lambda: cli.main(list(args), prog_name="lockout", standalone_mode=False))


@contextmanager
def going_on(run: str = RUN) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, run],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def said_by(child: subprocess.Popen[str]) -> str:
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 0
    return out


def test_every_run_ends_and_new_ones_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with going_on() as one, going_on("20261125-100001-other-cd34") as other:
        assert lockout("stop", "--reason", "incident 42") == 0
        for child in (one, other):
            said = said_by(child)
            assert said.startswith("stopped lockout stop, pulled by ")
            assert said.endswith(": incident 42\n")
    out = capsys.readouterr().out
    assert f"{RUN}: ends now" in out
    assert "new runs are refused until 'lockout stop --release'" in out
    assert lockout("run", "vault-outage", "--scenarios", str(ROOT / "scenarios")) == 4
    err = capsys.readouterr().err
    assert "no run is started: the stop lever is pulled" in err
    assert "incident 42" in err
    assert "'lockout stop --release' releases it" in err
    assert lockout("stop", "--release") == 0
    assert capsys.readouterr().out == "released: runs can be started again\n"
    assert lever.pulled() is None


def test_a_lever_that_is_made_by_hand_ends_runs(tmp_path: Path) -> None:
    with going_on() as child:
        lever.lever_file().touch()
        assert said_by(child) == "stopped the stop lever is pulled\n"


def test_releasing_it_at_once_saves_nobody() -> None:
    with going_on() as child:
        assert lockout("stop") == 0
        assert lockout("stop", "--release") == 0
        assert said_by(child).startswith("stopped ")


def test_one_run_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with going_on() as meant, going_on("20261125-100001-other-cd34") as other:
        assert lockout("stop", RUN[:13]) == 2, "both begin like that"
        assert "could be any of" in capsys.readouterr().err
        assert lockout("stop", RUN[:20], "--reason", "enough seen", "--wait") == 0
        assert said_by(meant).endswith(": enough seen\n")
        assert other.poll() is None
        assert lever.pulled() is None
    out = capsys.readouterr().out
    assert "refused" not in out
    assert out.endswith("all of it is undone and removed\n")


def test_a_run_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("stop", "x") == 2
    assert "no run 'x': none is going on" in capsys.readouterr().err
    with going_on():
        assert lockout("stop", RUN.replace("vault", "vualt")) == 2
        assert f"did you mean '{RUN}'?" in capsys.readouterr().err


def test_a_run_that_was_killed_is_left_to_heal(capsys: pytest.CaptureFixture[str]) -> None:
    with going_on() as child:
        child.kill()
        child.wait()
        assert lockout("stop", RUN) == 2
        assert "was killed; 'lockout heal' puts right what it left" in capsys.readouterr().err
        assert lockout("stop", "--wait") == 0
        captured = capsys.readouterr()
        assert f"{RUN}: was killed earlier; 'lockout heal'" in captured.err
        assert captured.err.count(RUN) == 1
        assert "no run is going on" in captured.out


def test_waiting_for_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with going_on() as child:
        assert lockout("stop", "--wait", "--json") == 0
        document = json.loads(capsys.readouterr().out)
        assert document == {
            "lever": str(lever.lever_file()),
            "ending": [RUN],
            "killed_earlier": [],
            "still_going_on": [],
        }
        assert open_runs() == ()
        assert said_by(child)


def test_a_run_that_does_not_end_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.cli.commands import stop

    monkeypatch.setattr(stop, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(lever, "stop_process", lambda pid, reason: None)
    with going_on():
        assert lockout("stop", RUN, "--wait") == 1
        assert f"still going on: {RUN}" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["--release", "x"], ["--release", "--wait"], ["--release", "--reason", "x"]])
def test_release_stands_alone(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("stop", *args) == 2
    assert "'--release' stands alone" in capsys.readouterr().err


def test_runs_that_are_going_on_are_completed() -> None:
    from harness.cli.options import complete_open_run

    with going_on() as child:
        given: list[object] = [None, None]
        assert complete_open_run(*given, "2026") == [RUN]  # type: ignore[arg-type]
        assert complete_open_run(*given, "x") == []  # type: ignore[arg-type]
        child.kill()
        child.wait()
        assert wait_for(lambda: not complete_open_run(*given, ""), 5)  # type: ignore[arg-type]


def test_a_lever_that_is_pulled_while_things_are_got_ready(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(progress: object) -> None:
        lever.pull("incident 42")
        time.sleep(30)

    monkeypatch.setattr(plugins, "ensure_compose", slow)
    began = time.monotonic()
    assert lockout("run", "vault-outage", "--scenarios", str(ROOT / "scenarios")) == 4
    assert time.monotonic() - began < 15
    err = capsys.readouterr().err
    assert "no run was started: the stop lever is pulled" in err
    assert "incident 42" in err
    assert list(Path("runs").iterdir()) == []
