"""The journal of a witness."""

from __future__ import annotations

import json

import pytest

from harness.history.break_glass import Witnessed
from harness.history.clock import Stamp
from harness.history.events import AnyEvent
from harness.observers.attribution import Attribution
from harness.observers.journal import journals, parse_line

STAMP = Stamp(3.5, "2026-11-22T11:40:43.500000Z")


def parsed(line: str) -> AnyEvent | None:
    return parse_line(journals()["witness"], "logbook", line, STAMP, Attribution())


def test_what_it_heard() -> None:
    line = json.dumps({"journal": "witness", "event": "opened", "text": "opened by alice: drill x calm."})
    assert parsed(line) == Witnessed(
        t=3.5,
        wall=STAMP.wall,
        source="witness-journal/logbook",
        witness="logbook",
        event="opened",
        text="opened by alice: drill x calm.",
    )


@pytest.mark.parametrize("line", ["a word", '{"journal": "ledger", "event": "opened"}', '{"event": "alarm"}'])
def test_other_lines_are_none_of_its_own(line: str) -> None:
    assert parsed(line) is None
