"""The card of a drill: the thirteen properties, judged from its history. Pure."""

from __future__ import annotations

from harness.breakglass.property import judged, properties
from harness.breakglass.view import drill_of
from harness.checks.judgement import Card, CardRow, Status
from harness.checks.verdict import Finding
from harness.history.index import History


def judge_card(history: History) -> Card | None:
    """The card of the drill that *history* is of; None when it is of none."""
    drill = drill_of(history)
    if drill is None:
        return None
    rows = tuple(_row(one.number, one.name, one.title, judged(one, drill)) for one in properties())
    return Card(drill.declared.procedure, drill.declared.method, drill.declared.opens, rows)


def _row(number: int, name: str, title: str, finding: Finding) -> CardRow:
    status = Status.DEGRADED if finding.degraded else Status(finding.outcome.value)
    return CardRow(number, name, title, status, finding)
