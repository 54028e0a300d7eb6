"""The reference pages of the documentation, made from the code that they describe.

``python -m harness.cli.reference`` writes ``docs/reference/*.md``; a test fails when a page is no longer current.
"""

from __future__ import annotations

from pathlib import Path

from harness.cli.reference.commands import commands
from harness.cli.reference.expectations import expectations
from harness.cli.reference.faults import faults
from harness.cli.reference.scenario import scenario
from harness.cli.reference.scenarios import scenarios
from harness.cli.reference.x_lockout import x_lockout
from harness.cli.schema_rows import slug

__all__ = ["FOLDER", "pages", "slug"]

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
NOTICE = "<!-- Written by `python -m harness.cli.reference`. Do not edit. -->"


def pages() -> dict[str, str]:
    """The text of every reference page by file name."""
    made = {
        "commands.md": commands(),
        "faults.md": faults(),
        "expectations.md": expectations(),
        "scenario.md": scenario(),
        "scenarios.md": scenarios(),
        "x-lockout.md": x_lockout(),
    }
    return {name: "\n".join([NOTICE, "", *lines]).rstrip() + "\n" for name, lines in made.items()}
