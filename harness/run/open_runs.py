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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.lab.store import make_dir, state_dir


@dataclass(frozen=True, slots=True)
class OpenRun:
    """``host`` and ``engine`` are the address and the id of the engine that the run is on; empty where not known."""

    run: str
    folder: Path
    alive: bool
    host: str = ""
    engine: str = ""
    pid: int = field(default=0, compare=False)  # of its process; 0 where not known


def _folder() -> Path:
    return state_dir() / "open"


class Mark:
    """The mark of an open run."""

    def __init__(self, descriptor: int) -> None:
        self.kept = False
        self._descriptor = descriptor

    def keep(self) -> None:
        """Leave the mark although the process ends in order: something of the run may still be there."""
        self.kept = True

    def pass_on(self) -> Hold:
        """Leave the mark, and its lock as well: the lab goes on living when the run has ended."""
        self.keep()
        return Hold(os.dup(self._descriptor))  # a lock lasts as long as any copy of its descriptor

    def clear(self) -> None:
        """Nothing of the run is left: the mark may go."""
        self.kept = False


class Hold:
    """Keeps the mark of a run that has ended from looking like that of a run that died."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


@contextmanager
def mark_open(run: str, folder: Path, host: str = "", engine: str = "") -> Iterator[Mark]:
    """Mark *run* as open for as long as the block runs, and longer if it says so, or is killed.

    Raises EnvironmentUnusable when the state folder cannot be made.
    """
    path = make_dir(_folder()) / f"{run}.json"
    entry = {"run": run, "folder": str(folder.resolve()), "pid": os.getpid(), "host": host, "engine": engine}
    # Locked and whole before it has its name: to others, a mark without a lock is a run that died.
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            json.dump(entry, file)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        mark = Mark(file.fileno())
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
            alive, entry = _read(path)
            host, engine = entry.get("host", ""), entry.get("engine", "")
            found.append(OpenRun(entry["run"], Path(entry["folder"]), alive, host, engine, int(entry.get("pid", 0))))
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # not written by us
    return tuple(found)


def _read(path: Path) -> tuple[bool, Any]:
    """Whether the process of the mark at *path* is alive, and what the mark says."""
    while True:
        with path.open(encoding="utf-8") as file:
            alive = not _lockable(file.fileno())
            # One that has taken the place of this one meanwhile counts: a lab that is handed on gets a new mark, and
            # the lock of the old one is let go.
            if alive or os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return alive, json.load(file)


def close_mark(run: str) -> None:
    """Forget *run*: what it left has been put right."""
    (_folder() / f"{run}.json").unlink(missing_ok=True)


def _lockable(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
