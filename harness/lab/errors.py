"""Errors of the lab that a user can cause or repair: each says what, where, and what would be right."""

from __future__ import annotations

from pathlib import Path


class EnvironmentUnusable(Exception):  # noqa: N818 - reads as what it says
    """The machine cannot run a lab. The command line maps it to exit code 4.

    `message` is one sentence; `hints` are lines, each something the user can do.
    """

    def __init__(self, message: str, hints: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  - {hint}" for hint in self.hints)])


def in_words(error: Exception) -> str:
    """*error* on one line, for somebody who did not cause it."""
    return error.message if isinstance(error, EnvironmentUnusable) else f"{type(error).__name__}: {error}"


class ImageBuildFailed(EnvironmentUnusable):
    """An image could not be made. `tail` holds the last lines of the log, `log` the file with all of it."""

    def __init__(self, image: str, why: str, tail: tuple[str, ...], log: Path | None) -> None:
        hints = (f"full log: {log}",) if log is not None else ()
        super().__init__(f"image {image}: {why}", hints)
        self.image = image
        self.tail = tail
        self.log = log

    def __str__(self) -> str:
        lines = [self.message, *(f"  | {line}" for line in self.tail), *(f"  - {hint}" for hint in self.hints)]
        return "\n".join(lines)
