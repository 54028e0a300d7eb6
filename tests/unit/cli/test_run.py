"""What ``lockout run`` says and returns when not all that was asked for was run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.commands import run as module
from harness.lab import engine, plugins
from harness.lab.errors import EnvironmentUnusable
from harness.run import prepare, series
from harness.run.signals import EndedEarly, Interrupted, Stopped

PASS, FAIL, INCONCLUSIVE, INTERRUPTED = 0, 1, 3, 130


class Played:
    """A series whose runs have these exit codes, and then ends by ``ends``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, codes: Sequence[int], ends: EndedEarly | None) -> None:
        self._codes = codes
        self._ends = ends
        monkeypatch.setattr(series, "Series", lambda *given: self)
        monkeypatch.setattr(prepare, "prepare", lambda *given: None)
        monkeypatch.setattr(plugins, "ensure_compose", lambda progress: None)
        monkeypatch.setattr(engine, "ensure_engine", lambda progress: None)
        monkeypatch.setattr(module, "_show", lambda done, documents: done.code)

    def runs(self, prepared: object, gate: object) -> Iterator[Any]:
        for code in self._codes:
            yield SimpleNamespace(signal=None, code=code)
        if self._ends is not None:
            raise self._ends


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def run(monkeypatch: pytest.MonkeyPatch, codes: Sequence[int], ends: EndedEarly | None = None) -> int:
    """Exit code of a run of three scenarios."""
    Played(monkeypatch, codes, ends)
    options: Any = None
    return module.run_all([Path("a"), Path("b"), Path("c")], options, None, as_json=False, share=True)


@pytest.mark.parametrize(
    ("codes", "worst"), [([PASS] * 3, PASS), ([PASS, INCONCLUSIVE, PASS], INCONCLUSIVE), ([FAIL, INCONCLUSIVE], FAIL)]
)
def test_the_worst_counts(monkeypatch: pytest.MonkeyPatch, codes: Sequence[int], worst: int) -> None:
    assert run(monkeypatch, codes) == worst


@pytest.mark.parametrize(("codes", "worst"), [([PASS], INCONCLUSIVE), ([PASS, FAIL], FAIL), ([PASS] * 3, PASS)])
def test_what_was_not_run_did_not_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], codes: Sequence[int], worst: int
) -> None:
    assert run(monkeypatch, codes, Stopped("the stop lever is pulled")) == worst
    missing = 3 - len(codes)
    said = f"{missing} of 3 scenarios were not run: the stop lever is pulled\n" if missing else ""
    assert capsys.readouterr().err == said


def test_stopped_before_anything_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentUnusable, match="no run was started: the stop lever is pulled"):
        run(monkeypatch, [], Stopped("the stop lever is pulled"))


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([], "interrupted before anything was started\n"),
        ([PASS], "interrupted: 2 of 3 scenarios were not run\n"),
    ],
)
def test_interrupted_between_two_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], codes: Sequence[int], said: str
) -> None:
    assert run(monkeypatch, codes, Interrupted(2)) == INTERRUPTED
    assert capsys.readouterr().err == said
