"""Finds the reports: every module here with ``NAME``, ``FILENAME`` and ``render`` is one. There is no list."""

from __future__ import annotations

import importlib
import os
import pkgutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import harness.report
from harness.report.model import ReportInput


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    filename: str
    render: Callable[[ReportInput], str]


@cache
def reports() -> tuple[Report, ...]:
    """All reports that go into a run folder, by name."""
    found = []
    for info in pkgutil.iter_modules(harness.report.__path__):
        module = importlib.import_module(f"{harness.report.__name__}.{info.name}")
        if hasattr(module, "NAME") and hasattr(module, "FILENAME"):
            found.append(Report(module.NAME, module.FILENAME, module.render))
    return tuple(sorted(found, key=lambda report: report.name))


def write_reports(report: ReportInput, folder: Path) -> tuple[Path, ...]:
    """Writes every report into *folder* and returns their paths.

    Each file appears whole or not at all, and an older one is replaced only by a whole one.

    Raises:
        OSError: the folder cannot be written.
    """
    texts = [(folder / kind.filename, kind.render(report)) for kind in reports()]
    for path, text in texts:
        _write(path, text)
    return tuple(path for path, _ in texts)


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
