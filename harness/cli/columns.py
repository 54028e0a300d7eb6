"""Lines that fit the terminal of whoever reads them."""

from __future__ import annotations

import shutil
import sys
import textwrap


def columns() -> int | None:
    """Of the terminal; None when nobody looks at one."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None


def hanging(head: str, text: str, width: int | None) -> list[str]:
    """*text* behind *head*, in lines of at most *width* that hang under its beginning; one line when that is None."""
    if width is None:
        return [head + text]
    lines = textwrap.wrap(text, max(width - len(head), 20), break_long_words=False, break_on_hyphens=False)
    return [(head if index == 0 else " " * len(head)) + line for index, line in enumerate(lines or [""])]
