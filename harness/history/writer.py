"""Writing a history: append-only, redacted, readable after any crash."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from harness.history.events import AnyEvent
from harness.history.redaction import Redactor

LONGEST_TEXT = 2000  # characters

# Names that the author of a scenario or a topology chose. They are public, verdicts hang on them, and a service
# called `postgres` must not vanish from the history because somebody's password is `postgres`, too.
_RUN_NAMES = {"wall", "source", "run", "scenario", "plan_hash", "lockout", "phase", "moment", "ending", "observer"}
_LAB_NAMES = {
    "service",
    "workload",
    "workloads_down",
    "vault",
    "idp",
    "resource",
    "proxy",
    "route",
    "action",
    "outcome",
    "rule",
}
_DRILL_NAMES = {"procedure", "attempt", "method", "opens", "isolated_from", "desk", "host", "witness", "alarm", "log"}
_PREDICTED = {"faults", "workloads"}  # made of such names, before there was any secret
_NAMES = _RUN_NAMES | _LAB_NAMES | _DRILL_NAMES | _PREDICTED | {"fault_id", "fault", "target", "stage"}


class HistoryWriter:
    """Appends events to a file, one JSON object a line. Safe to use from several threads.

    Each event is handed to the operating system at once, so that it survives the death of this process;
    :meth:`sync` makes all so far survive the death of the machine. A torn last line that an earlier process
    left is cut off before the first event is appended.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """Open *path* for appending, creating it if need be.

        Raises:
            OSError: it cannot be opened.
        """
        self._redactor = redactor
        self._encoder = msgspec.json.Encoder()
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._size = _whole_lines(self._file)
        os.ftruncate(self._file, self._size)

    def append(self, event: AnyEvent) -> None:
        """Write *event*, secrets replaced.

        Raises:
            OSError: it could not be written whole (no space left). Nothing of it stays in the file.
            ValueError: the writer is closed.
        """
        line = self._encoded(redacted(event, self._redactor)) + b"\n"
        with self._lock:
            if self._file < 0:
                raise ValueError("the history is closed")
            written = 0
            try:
                while written < len(line):
                    written += os.write(self._file, line[written:])
            except OSError:
                # Half a line in the middle of the file would make all that follows unreadable.
                os.ftruncate(self._file, self._size)
                raise
            self._size += len(line)

    def _encoded(self, event: AnyEvent) -> bytes:
        try:
            return self._encoder.encode(event)
        except UnicodeEncodeError:  # half a character, which JSON can spell out and UTF-8 cannot
            texts = {name: _changed(getattr(event, name), _whole) for name in event.__struct_fields__}
            return self._encoder.encode(msgspec.structs.replace(event, **texts))

    def sync(self) -> None:
        """Wait until all events so far are on disk."""
        with self._lock:
            if self._file >= 0:
                os.fsync(self._file)

    def close(self) -> None:
        """Sync and close. Closing twice is harmless."""
        with self._lock:
            if self._file >= 0:
                os.fsync(self._file)
                os.close(self._file)
                self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def redacted(event: AnyEvent, redactor: Redactor) -> AnyEvent:
    """*event* with the secrets in its texts replaced; names of services and faults stay as they are.

    Texts are cut here and not before: half a secret would not be recognised.
    """
    changes: dict[str, object] = {}
    for name in _texts(type(event)):
        value = getattr(event, name)
        clean = _changed(value, lambda text: redactor.redact(text)[:LONGEST_TEXT])
        if clean != value:
            changes[name] = clean
    return msgspec.structs.replace(event, **changes) if changes else event


def _changed(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return value


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@cache
def _texts(kind: type[AnyEvent]) -> tuple[str, ...]:
    """Fields of an event that hold text from outside."""
    fields = (field for field in msgspec.structs.fields(kind) if field.name not in _NAMES)
    return tuple(field.name for field in fields if field.type not in (bool, int, float, int | None))


def _whole_lines(file: int) -> int:
    """Length of the file up to and including its last line end."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - 65536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
