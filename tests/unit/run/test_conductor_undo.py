"""Taking faults back: in which order, and what counts as having worked."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from harness.history.events import AnyEvent, FaultFailed, FaultInjected, FaultUndone, SteadyState
from harness.history.writer import HistoryWriter
from tests.unit.run.fakes import Stage, begin, end

pytestmark = pytest.mark.usefixtures("quick")

SEAL = begin(0.02, "vault-sealed", "vault")


def test_what_is_still_on_is_undone_newest_first(tmp_path: Path) -> None:
    steps = [
        begin(0.0, "break-glass-opened", "ledger", 0, operator=True),
        begin(0.0, "vault-sealed", "vault", 1),
        begin(0.0, "idp-down-warm", "idp", 2),
    ]
    stage = Stage(tmp_path, steps)
    stage.conductor.conduct()
    assert [intent.fault_id for intent in stage.open_intents] == ["timeline.2", "timeline.1", "timeline.0"]
    stage.lab.writes.clear()
    assert stage.conductor.undo_all()
    assert stage.lab.writes == ["start idp", "unseal vault", "close"]
    assert [event.fault_id for event in stage.of(FaultUndone)] == ["timeline.2", "timeline.1", "timeline.0"]
    assert stage.open_intents == ()
    assert "operator: break-glass-opened on ledger" in stage.said


def test_with_nothing_on_there_is_no_undo_phase(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.conductor.undo_all()
    assert stage.events == []


@pytest.mark.usefixtures("impatient")
def test_an_undo_that_is_refused_stays_in_the_ledger(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL])
    stage.conductor.conduct()
    stage.lab.the_vault._holds_keys = False
    assert not stage.conductor.undo_all()
    [failed], [undone] = stage.of(FaultFailed), stage.of(FaultUndone)
    assert (failed.stage, failed.error) == ("undo", "vault cannot be unsealed")
    assert (undone.verified, undone.evidence) == (False, "vault cannot be unsealed")
    assert [intent.fault_id for intent in stage.open_intents] == ["timeline.0"]
    assert stage.conductor.targets("vault")
    stage.conductor.verify_steady_state(())
    [steady] = stage.of(SteadyState)
    assert (steady.ok, steady.reasons) == (False, ("vault-sealed on vault is still on",))


@pytest.mark.usefixtures("impatient")
def test_an_undo_that_fails_in_the_middle_ends_the_run_there(tmp_path: Path) -> None:
    later = begin(0.2, "idp-down-warm", "idp", 1)
    stage = Stage(tmp_path, [SEAL, end(0.1, SEAL), later])
    stage.lab.world.before_write = lambda what: setattr(stage.lab.the_vault, "_holds_keys", False)
    ending = stage.conductor.conduct()
    assert (ending.ending, ending.reason) == ("crashed", "vault-sealed on vault could not be undone")
    assert stage.lab.writes == ["seal vault"], "and the next fault is not injected on top"
    stage.lab.the_vault._holds_keys = True
    assert stage.conductor.undo_all()
    assert stage.open_intents == ()


@pytest.mark.usefixtures("impatient")
def test_an_undo_without_proof_does_not_count(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL])
    stage.conductor.conduct()
    stage.lab.the_vault.is_serving = lambda: False  # type: ignore[method-assign]
    assert not stage.conductor.undo_all()
    [undone] = stage.of(FaultUndone)
    assert (undone.verified, undone.evidence) == (False, "there was no proof in time that it is gone")
    assert len(stage.open_intents) == 1


@pytest.mark.usefixtures("impatient")
def test_one_undo_that_fails_does_not_keep_the_others_from_being_tried(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [begin(0.0, "vault-sealed", "vault", 0), begin(0.0, "idp-down-warm", "idp", 1)])
    stage.conductor.conduct()
    stage.lab.containers.start = lambda service: None  # type: ignore[method-assign]
    assert not stage.conductor.undo_all()
    assert [(event.fault_id, event.verified) for event in stage.of(FaultUndone)] == [
        ("timeline.1", False),
        ("timeline.0", True),
    ]
    assert [intent.fault for intent in stage.open_intents] == ["idp-down-warm"]


def test_an_undo_that_works_at_the_second_attempt(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [SEAL])
    stage.conductor.conduct()
    stage.lab.world.fail_at = len(stage.lab.writes)
    assert stage.conductor.undo_all()
    assert stage.lab.writes[-2:] == ["failed: unseal vault", "unseal vault"]


def test_a_full_disk_ends_the_run_and_the_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path, [SEAL], observe_for=30.0)
    write = HistoryWriter.append

    def full(writer: HistoryWriter, event: AnyEvent) -> None:
        if isinstance(event, FaultInjected):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(writer, event)

    monkeypatch.setattr(HistoryWriter, "append", full)
    ending = stage.conductor.conduct()
    assert (ending.ending, ending.reason) == ("crashed", "the history cannot be written: No space left on device")
    assert stage.conductor.undo_all()
    assert not stage.lab.the_vault.is_sealed()
    assert stage.open_intents == ()
    stage.journal.close()
    assert isinstance(stage.journal.failure, OSError)
    assert stage.of(FaultUndone) == [], "nothing is written behind a gap"
