"""The stop lever: anybody can pull it, whatever is in the file, and what is in it may be shown anywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.lab import doctor, lever
from harness.lab.errors import EnvironmentUnusable


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "lockout"


def test_it_is_released_at_first(state: Path) -> None:
    assert lever.pulled() is None
    assert lever.reason_to_stop() is None
    lever.refuse_if_pulled("lockout stop --release")
    assert lever.lever_file() == state / "stop"
    assert lever.release() is False


def test_pulled_with_a_reason(state: Path) -> None:
    lever.pull("load test next door")
    pulled = lever.pulled()
    assert pulled is not None
    assert pulled.reason == "load test next door"
    assert str(pulled).endswith(": load test next door")
    assert str(pulled).startswith("pulled by ")
    assert lever.reason_to_stop() == f"the stop lever is {pulled}"
    assert set(json.loads((state / "stop").read_text())) == {"reason", "by", "at"}


def test_new_runs_are_refused_and_told_how_to_release_it(state: Path) -> None:
    lever.pull("incident 42")
    with pytest.raises(EnvironmentUnusable) as raised:
        lever.refuse_if_pulled("lockout stop --release")
    text = str(raised.value)
    assert "no run is started: the stop lever is pulled" in text
    assert "incident 42" in text
    assert "'lockout stop --release' releases it" in text
    assert f"or remove {state / 'stop'}" in text
    assert lever.release() is True
    lever.refuse_if_pulled("lockout stop --release")


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", "pulled"),
        (b"fire drill\n", "pulled: fire drill"),
        (b"[1, 2]", "pulled: [1, 2]"),
        (b'{"reason": "x"}', 'pulled: {"reason": "x"}'),
        (b"two\nlines\x1b[31m red", "pulled: two lines [31m red"),
        (b"\xff\xfe", "pulled: \ufffd\ufffd"),
        (b"x" * 10_000, "pulled: " + "x" * lever.LONGEST_REASON),
    ],
)
def test_a_file_made_by_hand_counts(state: Path, content: bytes, shown: str) -> None:
    state.mkdir()
    (state / "stop").write_bytes(content)
    assert str(lever.pulled()) == shown


def test_even_something_that_is_no_file_counts(state: Path) -> None:
    (state / "stop").mkdir(parents=True)
    assert str(lever.pulled()) == "pulled"
    with pytest.raises(EnvironmentUnusable):
        lever.refuse_if_pulled("x")


def test_a_process_can_be_stopped_alone() -> None:
    lever.stop_process(os.getpid() + 1, "the other one")
    assert lever.reason_to_stop() is None
    lever.stop_process(os.getpid(), "enough seen")
    assert str(lever.reason_to_stop()).startswith("lockout stop, pulled by ")
    assert str(lever.reason_to_stop()).endswith(": enough seen")
    assert lever.pulled() is None, "others may go on, and new ones may start"


def test_what_another_process_of_this_number_left_is_not_heeded() -> None:
    lever.stop_process(os.getpid())
    with lever.own_file():
        assert lever.reason_to_stop() is None
        lever.stop_process(os.getpid())
        assert lever.reason_to_stop() is not None
    assert lever.reason_to_stop() is None


def test_a_lever_that_cannot_be_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentUnusable):
        lever.pull()


def test_doctor_tells_of_it() -> None:
    assert doctor.lever_checks() == []
    lever.pull("incident 42")
    [check] = doctor.lever_checks()
    assert (check.name, check.status) == ("lever", "missing")
    assert "runs are refused: the stop lever is pulled" in check.what
    assert "incident 42" in check.what
    assert check.why.startswith("lockout stop --release")
