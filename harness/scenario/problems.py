"""What is wrong with a file a user wrote: where, what, and what would be right.

Kept free of pydantic, because listing scenarios must start fast.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

Loc = tuple[str | int, ...]
"""A place inside a document: keys and list indexes from the top, such as ``("timeline", 0, "fault")``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file. ``line`` and ``column`` count from 1; line 0 means the file as a whole."""

    file: Path
    line: int
    column: int
    where: str  # dotted place, such as "timeline.0.fault"; empty for the whole document
    message: str

    def __str__(self) -> str:
        place = f"{self.file.name}:{self.line}:{self.column}" if self.line else self.file.name
        return f"{place}: {self.where}: {self.message}" if self.where else f"{place}: {self.message}"


class DocumentError(Exception):
    """A file a user wrote cannot be used. ``problems`` holds all that is wrong, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)
        self.problems: tuple[Problem, ...] = tuple(
            sorted(unique, key=lambda p: (str(p.file), p.line, p.column, p.where, p.message))
        )
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ScenarioError(DocumentError):
    """A scenario file cannot be used."""


class TopologyError(DocumentError):
    """The ``x-lockout`` blocks of a topology cannot be used."""


def dotted(loc: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in loc)


def closest(name: str, known: Iterable[str]) -> str | None:
    """The entry of *known* that *name* was probably meant to be."""
    options = sorted(set(known))
    folded = name.casefold().replace("_", "-")
    same = [option for option in options if option.casefold().replace("_", "-") == folded]
    near = same or difflib.get_close_matches(name, options, n=1)
    return near[0] if near else None


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """``unknown fault 'vault-seeled', did you mean 'vault-sealed'?``, or the known names when none is close."""
    options = sorted(set(known))
    if guess := closest(name, options):
        return f"unknown {what} {name!r}, did you mean {guess!r}?"
    return f"unknown {what} {name!r}; known: {', '.join(options)}" if options else f"unknown {what} {name!r}"
