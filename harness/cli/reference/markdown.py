"""What pages are made of: tables, prose and links."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel

from harness.cli.schema_rows import Row, arguments, slug

SENTENCES_LEFT_OUT = re.compile(r"Source: (?:(?:failure catalogue|issue \d+)\b[^.;]*[.;]\s*)+")


def arguments_table(model: type[BaseModel]) -> list[str]:
    found = arguments(model)
    return keys(found, "argument") if found else ["Takes no arguments.", ""]


def keys(found: Sequence[Row], what: str) -> list[str]:
    cells = [(f"`{row.name}`", row.kind, row.default, row.meaning) for row in found]
    return table((what, "type", "default", "meaning"), cells)


def table(head: Sequence[str], lines_of: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table with an empty line after it, without columns that have nothing to say; nothing for no rows."""
    body = list(lines_of)
    if not body:
        return []
    used = [i for i in range(len(head)) if any(row[i] for row in body)]
    lines = [head, ["---"] * len(head), *body]
    return [*("| " + " | ".join(_cell(line[i]) for i in used) + " |" for line in lines), ""]


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def _visible(text: str) -> str:
    """*text* with what looks like a tag written so that it is shown; code is shown as it is anyway."""
    parts = text.split("`")
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(parts))


def prose(text: str) -> Iterator[str]:
    """A docstring as Markdown: one line a paragraph, one empty line between two."""
    paragraphs = [one_line(part) for part in re.split(r"\n\s*\n", inspect.cleandoc(text))]
    yield from "\n\n".join(part for part in paragraphs if part).splitlines()


def one_line(text: str) -> str:
    return _visible(SENTENCES_LEFT_OUT.sub("", " ".join(text.replace("``", "`").split())).strip())


def link(heading: str) -> str:
    return f"[{heading}](#{slug(heading)})"
