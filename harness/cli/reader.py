"""Whoever reads what is printed may leave early (head, less). That changes no exit code."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def may_leave() -> Iterator[None]:
    """Print in here, and all of it is written on leaving. If the reader has gone, nothing more is printed."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence()


def silence() -> None:
    """Send what is still printed nowhere, also what Python prints while it shuts down."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if _broken(stream):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def has_left() -> bool:
    """Whether nobody reads stdout or stderr any more."""
    return _broken(sys.stdout) or _broken(sys.stderr)


def _broken(stream: TextIO) -> bool:
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
    except (OSError, ValueError):
        return False  # not a file of the system, so not a pipe
    return any(event & select.POLLERR for _, event in poll.poll(0))
