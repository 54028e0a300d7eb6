"""Reading a stored history, one event at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.history.events import AnyEvent

_BUFFER = 1 << 20


class HistoryError(Exception):
    """A history cannot be read. ``line`` counts from 1 and is 0 when the file as a whole is meant."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")
        self.path = path
        self.line = line
        self.why = why


def read_events(path: Path) -> Iterator[AnyEvent]:
    """The events of the history at *path*, in the order in which they were written.

    A last line without line end that is no event is what a crash leaves behind, and is passed over.

    Raises:
        HistoryError: the file cannot be opened, or a line is not an event.
    """
    decode = msgspec.json.Decoder(AnyEvent).decode
    number = 0
    try:
        with path.open("rb", buffering=_BUFFER) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    if not line.endswith(b"\n"):
                        return
                    raise HistoryError(path, number, f"not an event of a history: {error}") from error
    except OSError as error:
        raise HistoryError(path, 0, error.strerror or str(error)) from error
