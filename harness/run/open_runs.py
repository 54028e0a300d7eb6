"""Which runs are open on this machine, and which of them have lost their process.

Each open run has a small file in the state folder that names its run folder, with a lock held for as long as the
process lives. SIGKILL cannot be caught, but it releases the lock: a file without a locked lock is a run that died.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.lab.store import state_dir


@dataclass(frozen=True, slots=True)
class OpenRun:
    run: str
    folder: Path
    alive: bool


def _folder() -> Path:
    return state_dir() / "open"


class Mark:
    """The mark of an open run."""

    def __init__(self) -> None:
        self.kept = False

    def keep(self) -> None:
        """Leave the mark although the process ends in order: something of the run is still there."""
        self.kept = True


@contextmanager
def mark_open(run: str, folder: Path) -> Iterator[Mark]:
    """Mark *run* as open for as long as the block runs, and longer if it says so, or is killed."""
    _folder().mkdir(parents=True, exist_ok=True)
    path = _folder() / f"{run}.json"
    # Locked and whole before it has its name: to others, a mark without a lock is a run that died.
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"run": run, "folder": str(folder.resolve()), "pid": os.getpid()}, file)
        file.flush()
        temporary.replace(path)
        mark = Mark()
        try:
            yield mark
        finally:
            if not mark.kept:
                path.unlink(missing_ok=True)


def open_runs() -> tuple[OpenRun, ...]:
    """All runs marked open, oldest first."""
    found = []
    for path in sorted(_folder().glob("*.json")) if _folder().is_dir() else []:
        try:
            with path.open(encoding="utf-8") as file:
                alive = not _lockable(file.fileno())
                entry = json.load(file)
        except FileNotFoundError:
            continue
        except ValueError:
            continue  # not written by us
        found.append(OpenRun(entry["run"], Path(entry["folder"]), alive))
    return tuple(found)


def close_mark(run: str) -> None:
    """Forget *run*: what it left has been put right."""
    (_folder() / f"{run}.json").unlink(missing_ok=True)


def _lockable(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
