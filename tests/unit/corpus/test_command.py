"""``python -m tests.corpus`` with a stand-in for ``lockout``: one command a time, and no verdict without a summary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.corpus import __main__ as command
from tests.corpus.catalogue import Known
from tests.corpus.stated import Entry
from tests.unit.corpus.test_corpus import entry, scenario
from tests.unit.corpus.test_score import result, run

KNOWN = {name: scenario(name, ("orders", "a"), ("fragile", "a"), accepted=(1,)) for name in ("one", "two")}
CORPUS = {name: entry(name, orders="a=pass", fragile="a=fail") for name in KNOWN}
GOOD = {name: run(result("orders", "a", "pass"), result("fragile", "a", "fail"), scenario=name) for name in KNOWN}
BAD = {name: run(result("orders", "a", "pass"), result("fragile", "a", "pass"), scenario=name) for name in KNOWN}


class Lockout:
    """Answers each call of ``subprocess.run`` with the next of *answers*."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.commands: list[list[str]] = []

    def __call__(self, arguments: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        self.commands.append(arguments)
        return subprocess.CompletedProcess(arguments, 0, self.answers.pop(0))


def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lockout: Lockout, *arguments: str) -> int:
    monkeypatch.setattr(command, "known_scenarios", lambda: KNOWN)
    monkeypatch.setattr(command, "read_corpus", lambda: CORPUS)
    monkeypatch.setattr(subprocess, "run", lockout)
    monkeypatch.setattr(sys, "argv", ["corpus", "--runs", str(tmp_path), *arguments])
    return command.main()


def documents(*names: str) -> bytes:
    return msgspec.json.encode([GOOD[name] for name in names])


def test_one_command_a_time_for_all_scenarios(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lockout = Lockout(documents("one", "two"), documents("two", "one"))
    assert asked(monkeypatch, tmp_path, lockout, "--times", "2") == 0
    assert len(lockout.commands) == 2
    for given in lockout.commands:
        assert [word for word in given if word.endswith(".yaml")] == ["one.yaml", "two.yaml"]
        assert "--json" in given


def test_one_scenario_is_no_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert asked(monkeypatch, tmp_path, Lockout(msgspec.json.encode(GOOD["two"])), "two") == 0


@pytest.mark.parametrize("answer", [b"", b"[]", b"a traceback", documents("one")])
def test_what_gave_no_summary_is_not_right(
    answer: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(monkeypatch, tmp_path, Lockout(answer)) == 1
    assert "two: fragile a: fail is right, got no run" in capsys.readouterr().out


def test_one_miss_in_three_times_is_a_miss(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lockout = Lockout(documents("one", "two"), msgspec.json.encode([GOOD["one"], BAD["two"]]), documents("one", "two"))
    assert asked(monkeypatch, tmp_path, lockout, "--times", "3") == 1
    out = capsys.readouterr().out
    assert "sensitivity 83.3%, specificity 100.0%, 3 times" in out
    assert "time 2: two: fragile a: fail is right, got pass" in out


def test_stored_runs_are_judged_without_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in KNOWN:
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_bytes(msgspec.json.encode(GOOD[name]))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text("{")
    assert asked(monkeypatch, tmp_path, Lockout(), "--stored", str(tmp_path)) == 0


@pytest.mark.parametrize(
    ("arguments", "corpus", "words"),
    [
        (["three"], CORPUS, "no such scenario: three"),
        (["--times", "0"], CORPUS, "at least 1"),
        ([], {"one": CORPUS["one"]}, "two: no verdicts stated"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    arguments: list[str],
    corpus: dict[str, Entry],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(f"{__name__}.CORPUS", corpus)
    with pytest.raises(SystemExit) as ended:
        asked(monkeypatch, tmp_path, Lockout(), *arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_missing_entries_are_printed_to_be_filled_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known: dict[str, Known] = {**KNOWN, "new": scenario("new", ("orders", "a"), group="idp")}
    monkeypatch.setattr(f"{__name__}.KNOWN", known)
    assert asked(monkeypatch, tmp_path, Lockout(), "--missing") == 0
    assert capsys.readouterr().out == "# idp.yaml\nnew:\n  orders:\n    a: TODO\n\n"
