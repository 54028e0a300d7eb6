"""What was done to the world is on disk before it was done, and readable after any crash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.faults import registry
from harness.run.ledger import Intent, UndoLedger, outstanding

SEALED = Intent("timeline.0", "vault-sealed", "vault", {"service": "vault"})
OPENED = Intent("timeline.1", "break-glass-opened", "ledger", {"service": "ledger"})
KEY = Intent("timeline.2", "idp-active-key-removed", "idp", {"service": "idp", "kid": "lab-1"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_without_a_ledger_nothing_is_outstanding(path: Path) -> None:
    assert outstanding(path) == ()


def test_an_empty_ledger(path: Path) -> None:
    UndoLedger(path).close()
    assert outstanding(path) == ()


def test_the_newest_is_undone_first(path: Path) -> None:
    ledger = UndoLedger(path)
    for intent in (SEALED, OPENED, KEY):
        ledger.intend(intent)
    assert outstanding(path) == (KEY, OPENED, SEALED)


def test_an_entry_can_be_read_as_soon_as_the_call_returns(path: Path) -> None:
    ledger = UndoLedger(path)
    ledger.intend(SEALED)
    assert outstanding(path) == (SEALED,)
    ledger.undone("timeline.0")
    assert outstanding(path) == ()


@pytest.mark.parametrize("undone", ["timeline.0", "timeline.1", "timeline.2"])
def test_what_was_undone_is_no_longer_outstanding(path: Path, undone: str) -> None:
    ledger = UndoLedger(path)
    for intent in (SEALED, OPENED, KEY):
        ledger.intend(intent)
    ledger.undone(undone)
    assert outstanding(path) == tuple(intent for intent in (KEY, OPENED, SEALED) if intent.fault_id != undone)


def test_an_undo_of_something_unknown_changes_nothing(path: Path) -> None:
    ledger = UndoLedger(path)
    ledger.intend(SEALED)
    ledger.undone("timeline.9")
    assert outstanding(path) == (SEALED,)


def test_what_was_injected_again_is_the_newest(path: Path) -> None:
    ledger = UndoLedger(path)
    ledger.intend(SEALED)
    ledger.undone("timeline.0")
    ledger.intend(OPENED)
    ledger.intend(SEALED)
    assert outstanding(path) == (SEALED, OPENED)


@pytest.mark.parametrize("kept", range(1, 40))
def test_a_torn_last_line_was_never_acted_upon(path: Path, kept: int) -> None:
    ledger = UndoLedger(path)
    ledger.intend(SEALED)
    whole = path.stat().st_size
    ledger.intend(OPENED)
    ledger.close()
    path.write_bytes(path.read_bytes()[: whole + kept])
    assert outstanding(path) == (SEALED,)


def test_a_ledger_with_a_torn_last_line_can_be_continued(path: Path) -> None:
    ledger = UndoLedger(path)
    ledger.intend(SEALED)
    ledger.close()
    with path.open("a") as file:
        file.write('{"entry": "intent", "id": "timel')
    again = UndoLedger(path)
    again.undone("timeline.0")
    again.intend(OPENED)
    again.close()
    assert outstanding(path) == (OPENED,)


def test_a_whole_ledger_is_continued_without_blank_lines(path: Path) -> None:
    for intent in (SEALED, OPENED):
        ledger = UndoLedger(path)
        ledger.intend(intent)
        ledger.close()
    assert len(path.read_text().splitlines()) == 2
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_new_ledger_is_there_after_a_power_cut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    UndoLedger(path).close()
    assert synced == [path.parent.stat().st_ino], "the folder that names it is on disk"


def test_a_line_that_does_not_fit_on_the_disk_is_no_hindrance_at_the_end(path: Path) -> None:
    ledger = UndoLedger(path)
    ledger._file.close()
    ledger._file = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115, PTH123
    with pytest.raises(OSError, match="No space left"):
        ledger.intend(SEALED)
    ledger.close()


def test_a_record_comes_back_as_the_faults_own_model(path: Path) -> None:
    ledger = UndoLedger(path)
    ledger.intend(KEY)
    [intent] = outstanding(path)
    record = registry.get(intent.fault).Record.model_validate_json(intent.record_json())
    assert record.model_dump() == {"service": "idp", "kid": "lab-1"}
