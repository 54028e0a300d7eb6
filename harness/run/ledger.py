"""The undo ledger: what was done to the world, on disk before it was done.

One JSON object a line in ``ledger.jsonl``, fsynced. Data only, and no secrets: undo reads values where they are kept.
Krkn writes undo to disk first too, but as generated code; data can be checked and replayed by a later version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Intent:
    """A fault that may have been injected. ``record`` is the fault's own undo record as plain data."""

    fault_id: str
    fault: str
    target: str
    record: Mapping[str, Any]

    def record_json(self) -> str:
        """The record as JSON, for the fault's own model to read."""
        return json.dumps(dict(self.record))


class UndoLedger:
    """Append-only. Every call returns only when the line is on disk."""

    def __init__(self, path: Path) -> None:
        torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
        self._file = path.open("a", encoding="utf-8")
        _sync_folder(path.parent)  # or a file that is new may be gone after a power cut, with all its lines
        if torn:  # by a crash: what comes next must not become part of that line
            self._file.write("\n")

    def intend(self, intent: Intent) -> None:
        self._write(
            {
                "entry": "intent",
                "id": intent.fault_id,
                "fault": intent.fault,
                "target": intent.target,
                "record": dict(intent.record),
            }
        )

    def undone(self, fault_id: str) -> None:
        self._write({"entry": "undone", "id": fault_id})

    def close(self) -> None:
        with suppress(OSError):  # a line that did not fit on the disk is tried again, and whoever wrote it knows
            self._file.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every file system can do it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def outstanding(path: Path) -> tuple[Intent, ...]:
    """Intents without an undo, the newest first, which is the order to undo them in.

    A torn last line was never acted upon: its fsync did not return, so nothing was injected.
    """
    if not path.exists():
        return ()
    open_intents: dict[str, Intent] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry["entry"] == "intent":
            open_intents[entry["id"]] = Intent(entry["id"], entry["fault"], entry["target"], entry["record"])
        elif entry["entry"] == "undone":
            open_intents.pop(entry["id"], None)
    return tuple(reversed(open_intents.values()))
