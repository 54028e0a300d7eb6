"""The one place where events get their time, and lose their secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.history.clock import RunClock
from harness.history.events import ContainerEvent, FaultObserved, PhaseEntered
from harness.history.reader import read_events
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.run.journal import RunJournal


@pytest.fixture
def journal(tmp_path: Path) -> RunJournal:
    redactor = Redactor()
    redactor.register("db-password", "correct-horse-battery")
    clock = RunClock(monotonic=iter([0.0, 1.5, 2.5, 3.5]).__next__, wall=lambda: 1_795_341_600.0)
    return RunJournal(HistoryWriter(tmp_path / "events.jsonl", redactor), clock)


def test_what_happens_now_gets_its_time_from_the_clock(journal: RunJournal, tmp_path: Path) -> None:
    journal.now(FaultObserved, fault_id="timeline.0", evidence="vault reports sealed")
    [event] = read_events(tmp_path / "events.jsonl")
    assert event == FaultObserved(
        t=1.5,
        wall="2026-11-22T10:00:01.500000Z",
        source="conductor",
        fault_id="timeline.0",
        evidence="vault reports sealed",
    )


def test_what_happened_elsewhere_keeps_its_own(journal: RunJournal, tmp_path: Path) -> None:
    event = ContainerEvent(t=0.25, wall="w", source="docker-events", service="vault", action="die", exit_code=137)
    journal.emit(event)
    assert list(read_events(tmp_path / "events.jsonl")) == [event]


def test_who_listens_is_told_all_from_then_on_also_when_it_cannot_be_written(
    journal: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    journal.phase("setup")
    journal.listen(lambda event: told.append(getattr(event, "phase", "")))
    journal.phase("baseline")
    monkeypatch.setattr(journal, "failure", OSError(28, "No space left on device"))
    journal.phase("fault")
    assert told == ["baseline", "fault"]


def test_a_phase_is_an_event(journal: RunJournal, tmp_path: Path) -> None:
    journal.phase("fault")
    [event] = read_events(tmp_path / "events.jsonl")
    assert isinstance(event, PhaseEntered)
    assert event.phase == "fault"


def test_no_secret_is_written(journal: RunJournal, tmp_path: Path) -> None:
    journal.now(FaultObserved, fault_id="timeline.0", evidence="accepts correct-horse-battery")
    journal.close()
    text = (tmp_path / "events.jsonl").read_text()
    assert "correct-horse" not in text
    assert "accepts [redacted:db-password]" in text
    with pytest.raises(ValueError, match="closed"):
        journal.phase("undo")
