"""The card of a break-glass drill, as reports show it: thirteen rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from harness.checks.judgement import Card, CardRow, Result, Status
from harness.checks.verdict import Outcome
from harness.report import words

MOST_EVIDENCE = 3  # on a terminal, of what does not hold

Plain = Callable[[str], str]


class RowEvidence(msgspec.Struct, frozen=True, kw_only=True):
    t: float
    text: str


class RowPart(msgspec.Struct, frozen=True, kw_only=True):
    number: int  # as in the failure catalogue
    property: str
    title: str
    status: str  # pass, degraded, inconclusive, fail
    summary: str
    evidence: tuple[RowEvidence, ...]


class CardPart(msgspec.Struct, frozen=True, kw_only=True):
    """The card in ``run.json``."""

    procedure: str
    method: str
    opens: str
    rows: tuple[RowPart, ...]


def card_part(card: Card) -> CardPart:
    rows = tuple(
        RowPart(
            number=row.number,
            property=row.property,
            title=row.title,
            status=row.status.value,
            summary=_sound(row.finding.summary),
            evidence=tuple(RowEvidence(t=round(one.t, 6), text=_sound(one.text)) for one in row.finding.evidence),
        )
        for row in card.rows
    )
    return CardPart(procedure=card.procedure, method=card.method, opens=card.opens, rows=rows)


def card_document(card: Card) -> Any:
    """The card as plain data, for ``--json``."""
    return msgspec.to_builtins(card_part(card))


def _sound(text: str) -> str:
    """*text* without lone surrogates, which no UTF-8 document can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def heading(card: Card) -> str:
    """``ledger-envelope (offline-credential), which opens ledger``."""
    return words.clean(f"{card.procedure} ({card.method}), which opens {card.opens}")


def tally(card: Card) -> str:
    """``12 of 13 hold, 1 does not``."""
    count = {outcome: sum(row.finding.outcome is outcome for row in card.rows) for outcome in Outcome}
    parts = [f"{count[Outcome.PASS]} of {len(card.rows)} hold"]
    if failed := count[Outcome.FAIL]:
        parts.append(f"{failed} {'does' if failed == 1 else 'do'} not")
    if open_ := count[Outcome.INCONCLUSIVE]:
        parts.append(f"{open_} cannot be told")
    return ", ".join(parts)


def as_results(card: Card) -> tuple[Result, ...]:
    """The rows as results, for reports that know nothing else."""
    about = f"break-glass.{card.procedure}"
    return tuple(Result(about, f"{row.number:02} {row.title}", row.status, row.finding) for row in card.rows)


def print_card(card: Card, console: Console, plain: Plain, styles: Mapping[Status, str]) -> None:
    """The card on a terminal: each row with its sentence, and evidence for what does not hold."""
    _line(console, plain, ("Break-glass", "bold underline"), f"  {heading(card)}: {tally(card)}")
    for row in card.rows:
        _row(row, console, plain, styles)


def _row(row: CardRow, console: Console, plain: Plain, styles: Mapping[Status, str]) -> None:
    status = (f"{words.status(row.status):<14}", styles[row.status])
    _line(console, plain, f"{row.number:>2}  ", status, (f"  {row.title}", "bold"))
    _line(console, plain, row.finding.summary, indent=6)
    if row.status not in (Status.FAIL, Status.INCONCLUSIVE):
        return
    for one in row.finding.evidence[:MOST_EVIDENCE]:
        _line(console, plain, (words.clock(one.t), "cyan"), f"  {one.text}", indent=8)
    if (more := len(row.finding.evidence) - MOST_EVIDENCE) > 0:
        _line(console, plain, (f"and {more} more in the report", "dim"), indent=8)


def _line(console: Console, plain: Plain, *parts: tuple[str, str] | str, indent: int = 0) -> None:
    """One paragraph, all lines of which are indented alike."""
    text = Text()
    for part in parts:
        content, style = (part, "") if isinstance(part, str) else part
        text.append(plain(content), style)
    for line in text.wrap(console, max(console.width - indent, 10)):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line), no_wrap=True, overflow="ignore", crop=False)
