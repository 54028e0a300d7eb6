"""The card of a drill in every report: thirteen rows, and what does not hold with its evidence."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from harness.checks.judgement import Judgement, Status
from harness.history import break_glass as b
from harness.report.card import tally
from harness.report.html import render_html
from harness.report.junit import render_junit
from harness.report.narrative import verdict_sentence
from harness.report.summary import read_summary, render_json
from harness.report.text import render_card, render_text, report_console
from tests.unit.breakglass.histories import Written, good
from tests.unit.report.builders import judgement, report, result


def flawed() -> Written:
    return good().change(b.LifetimeRead, seconds=9.0).drop(b.WorkloadTried)


def judged(written: Written) -> Judgement:
    made = judgement(result(Status.PASS))
    return replace(made, card=written.card())


def text(written: Written, width: str = "100") -> str:
    out = io.StringIO()
    render_text(report(judged(written)), report_console(out, {"COLUMNS": width}))
    return out.getvalue()


def test_every_row_is_on_the_terminal_with_its_sentence() -> None:
    shown = text(flawed(), width="160")
    assert "envelope (offline-credential), which opens ledger: 11 of 13 hold, 1 does not, 1 cannot be told" in shown
    rows = re.findall(r"^ ?(\d+)  (\S) (\w+) ", shown, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, 14))
    assert rows[8][2] == "fail"
    assert rows[2][2] == "inconclusive"
    assert rows[4][2] == "degraded"
    assert "it is good for 9s, limit 8s" in shown


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_lines_fit_the_terminal(width: str) -> None:
    out = io.StringIO()
    render_card(flawed().card(), report_console(out, {"COLUMNS": width}))
    assert max(map(len, out.getvalue().splitlines())) <= int(width)


def test_a_run_that_is_no_drill_says_nothing_of_it() -> None:
    assert "Break-glass" not in render_html(report())
    assert json.loads(render_json(report()))["break_glass"] is None


def test_the_page_has_a_table_of_thirteen() -> None:
    page = render_html(report(judged(flawed())))
    section = page[page.index('id="break-glass"') : page.index('id="timeline"')]
    assert section.count("<tr><td") == 13
    assert "Access by break-glass alone is degraded, and no recovery." in section
    assert "<script" not in page


def test_foreign_words_do_not_get_into_the_page_as_they_are() -> None:
    evil = good().change(b.BreakGlassOpened, opened=False, words="<img src=x onerror=alert(1)>")
    page = render_html(report(judged(evil)))
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_machines_read_it_in_run_json() -> None:
    made = render_json(report(judged(flawed())))
    card = read_summary(made).break_glass
    assert card is not None
    assert (card.procedure, card.method, card.opens) == ("envelope", "offline-credential", "ledger")
    assert [row.status for row in card.rows].count("pass") == 10
    assert card.rows[8].evidence[0].t == pytest.approx(11.3)


def test_an_older_run_json_without_a_card_can_be_read() -> None:
    document = json.loads(render_json(report()))
    del document["break_glass"]
    assert read_summary(json.dumps(document)).break_glass is None


def test_junit_has_a_case_for_each_property() -> None:
    suite = ET.fromstring(render_junit(report(judged(flawed())))).find("testsuite")
    assert suite is not None
    cases = [one for one in suite if one.get("classname", "").endswith(".break-glass.envelope")]
    assert [case.get("name") for case in cases][:2] == [
        "01 Isolated from the normal path",
        "02 Stored apart from what it is to replace",
    ]
    assert len(cases) == 13
    assert [case.get("name", "")[:2] for case in cases if case.find("failure") is not None] == ["09"]
    assert [case.get("name", "")[:2] for case in cases if case.find("error") is not None] == ["03"]
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (good(), "The one claim holds; all 13 properties of break-glass hold."),
        (flawed(), "1 of 13 properties of break-glass does not hold; 1 finding inconclusive."),
        (good().drop(b.WorkloadTried), "Nothing is proven: 1 finding inconclusive."),
    ],
)
def test_the_verdict_in_words_counts_it(written: Written, words: str) -> None:
    assert verdict_sentence(judged(written)) == words


def test_the_tally_says_only_what_there_is() -> None:
    assert tally(good().card()) == "13 of 13 hold"
