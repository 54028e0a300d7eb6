"""The stop lever: a file in the state folder that, while it exists, ends runs and refuses new ones.

Anybody may pull it: ``lockout stop`` does, and so does ``touch``. One process can be stopped alone by a file that bears
its number; that file is no lever, and goes with the process.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.lab.errors import EnvironmentUnusable
from harness.lab.store import state_dir, write_atomically

LONGEST_REASON = 500  # characters; the file may be anything, and its text goes into reports


@dataclass(frozen=True, slots=True)
class Pull:
    """A lever that is pulled. What is not known is empty, as with a file that was made by hand."""

    path: Path
    reason: str = ""
    by: str = ""
    at: str = ""

    def __str__(self) -> str:
        """``pulled by ops on 2026-11-25 10:00:00: load test next door``."""
        words = "pulled" + (f" by {self.by}" if self.by else "") + (f" on {self.at}" if self.at else "")
        return f"{words}: {self.reason}" if self.reason else words


def lever_file() -> Path:
    return state_dir() / "stop"


def pull(reason: str = "") -> Pull:
    """Pull the lever. Raises EnvironmentUnusable when its file cannot be written."""
    return _write(lever_file(), reason)


def release() -> bool:
    """Release the lever; whether it was pulled."""
    try:
        lever_file().unlink()
    except FileNotFoundError:
        return False
    return True


def pulled() -> Pull | None:
    """The lever, if it is pulled. A file that cannot be read counts: it is there."""
    return _read(lever_file())


def refuse_if_pulled(how_to_release: str) -> None:
    """Raises EnvironmentUnusable while the lever is pulled."""
    if (lever := pulled()) is not None:
        hints = (f"{how_to_release!r} releases it", f"or remove {lever.path}")
        raise EnvironmentUnusable(f"no run is started: the stop lever is {lever}", hints)


def stop_process(pid: int, reason: str = "") -> None:
    """Have the runs of one process end, which looks at this by itself."""
    _write(_of(pid), reason)


def reason_to_stop() -> str | None:
    """Why the runs of this process are to end, in words; None as long as nobody wants that."""
    if (own := _read(_of(os.getpid()))) is not None:
        return f"lockout stop, {own}"
    if (lever := pulled()) is not None:
        return f"the stop lever is {lever}"
    return None


@contextmanager
def own_file() -> Iterator[None]:
    """Leaves no file with the number of this process behind, and heeds none that another of that number left."""
    own = _of(os.getpid())
    own.unlink(missing_ok=True)
    try:
        yield
    finally:
        own.unlink(missing_ok=True)


def _of(pid: int) -> Path:
    return state_dir() / "open" / f"{pid}.stop"


def _write(path: Path, reason: str) -> Pull:
    made = Pull(path, _tidy(reason), _user(), f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}")
    text = json.dumps({"reason": made.reason, "by": made.by, "at": made.at})
    try:
        write_atomically(path, text + "\n", durable=True)
    except OSError as error:
        raise EnvironmentUnusable(f"{path}: {error.strerror}; an empty file of that name does as well") from error
    return made


def _read(path: Path) -> Pull | None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError:
        return Pull(path)
    try:
        known = json.loads(text)
        return Pull(path, *(_tidy(str(known[key])) for key in ("reason", "by", "at")))
    except (ValueError, KeyError, TypeError):
        return Pull(path, _tidy(text))  # made by hand


def _tidy(text: str) -> str:
    """One line of plain text: a terminal and reports show it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:LONGEST_REASON]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return ""
