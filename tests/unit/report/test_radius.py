"""Predicted against observed blast radius in every report."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import msgspec

from harness.checks.judgement import Judgement, Observed, RadiusRow, Status
from harness.domains.model import Fate
from harness.report import words
from harness.report.html import render_html
from harness.report.junit import render_junit
from harness.report.summary import read_summary, render_json
from tests.unit.report.builders import judgement, report, result, two_workloads
from tests.unit.report.test_text import rendered

HIDDEN = "was predicted safe and was locked out for 6.2 s: a hidden dependency; declare it under x-lockout access.needs"
ROWS = (
    RadiusRow("orders", Fate.DEGRADED, "degraded: by its cached path", Observed.SURVIVED, "survived"),
    RadiusRow("reports", Fate.SAFE, "safe", Observed.LOCKED_OUT, "locked out for 6.2 s", HIDDEN),
    RadiusRow(
        "billing", Fate.LOCKED_OUT, "locked out", Observed.SURVIVED, "survived", remark="too short", settled=False
    ),
    RadiusRow("a", None, "no prediction", None, "cannot be told: no sample", remark="it is slow"),
    RadiusRow("b", None, "no prediction", Observed.FAILED_OPEN, "failed open", remark="it is slow"),
)


def found(*rows: RadiusRow) -> Judgement:
    return replace(two_workloads(), radius=rows)


def test_in_the_text_they_stand_side_by_side() -> None:
    text = rendered(report(found(*ROWS)))
    section = text[text.index("Blast radius") : text.index("reports was predicted")]
    assert [line.split("  ")[0] for line in section.splitlines()[2:] if line.strip()][1:] == [
        "orders",
        "reports",
        "billing",
        "a",
        "b",
    ]
    lines = {line.split()[0]: " ".join(line.split()) for line in section.splitlines() if line.strip()}
    assert lines["workload"] == "workload predicted observed compared"
    assert lines["orders"] == "orders degraded: by its cached path survived as predicted"
    assert lines["reports"] == "reports safe locked out for 6.2 s ✘ differs"
    assert lines["billing"] == "billing locked out survived ? open"
    assert lines["a"] == "a no prediction cannot be told: no sample –"
    flowing = " ".join(text.split())
    assert f"reports {HIDDEN}" in flowing
    assert "billing: too short" in flowing
    assert "no prediction for a and b: it is slow" in flowing


def test_where_it_is_narrow_they_stand_below_each_other() -> None:
    text = rendered(report(found(*ROWS)), "ascii", COLUMNS="50")
    section = text[text.index("Blast radius") :]
    assert "reports  x differs\n  predicted: safe; observed: locked out for 6.2 s" in section
    assert max(map(len, section.splitlines())) <= 50


def test_without_a_fault_there_is_nothing_to_show() -> None:
    assert "Blast radius" not in rendered(report(found()))
    assert "Blast radius" not in render_html(report(found()))
    assert "blast_radius" not in render_junit(report(found()))
    assert json.loads(render_json(report(found())))["blast_radius"] == []


def test_on_the_page_they_stand_side_by_side() -> None:
    page = render_html(report(found(*ROWS)))
    assert '<h2 id="radius">Blast radius</h2>' in page
    row = (
        '<th scope="row">reports</th><td>safe</td><td>locked out for 6.2 s</td><td><span class="badge s-fail">✘ differs'
    )
    assert row in page
    assert "<td>degraded: by its cached path</td><td>survived</td><td>as predicted</td>" in page
    assert f'<p class="note">reports {HIDDEN}</p>' in page
    assert "no prediction for a and b: it is slow" in page


def test_names_are_only_text() -> None:
    nasty = RadiusRow("<b>", Fate.SAFE, "safe", Observed.LOCKED_OUT, "locked out", "<script>")
    page = render_html(report(found(nasty)))
    assert "<script>" not in page
    assert "&lt;b&gt;" in page


def test_for_machines() -> None:
    document = json.loads(render_json(report(found(*ROWS))))
    assert document["blast_radius"][1] == {
        "workload": "reports",
        "predicted": "safe",
        "observed": "locked-out",
        "predicted_words": "safe",
        "observed_words": "locked out for 6.2 s",
        "difference": HIDDEN,
        "remark": "",
    }
    assert (document["blast_radius"][3]["predicted"], document["blast_radius"][3]["observed"]) == (None, None)
    del document["blast_radius"]
    assert read_summary(msgspec.json.encode(document)).blast_radius == (), "summaries from before it are read, too"


def test_in_junit_each_is_a_property_of_the_suite() -> None:
    root = ElementTree.fromstring(render_junit(report(found(*ROWS))))
    properties = {one.attrib["name"]: one.attrib["value"] for one in root.iterfind("testsuite/properties/property")}
    assert properties["blast_radius.reports"] == "predicted safe, observed locked out for 6.2 s"
    assert properties["blast_radius.a"] == "predicted no prediction, observed cannot be told: no sample"


# A claim about the run as a whole


def of_the_run(status: Status) -> Judgement:
    one = result(status, "", "blast_radius", summary=f"reports {HIDDEN}", limit="as predicted")
    return judgement(one, result(Status.PASS))


def test_a_claim_about_the_run_reads_like_a_sentence() -> None:
    [one, other] = of_the_run(Status.FAIL).results
    assert words.claim(one) == "blast radius as predicted"
    assert words.claim(other) == "re_authenticates"
    text = rendered(report(of_the_run(Status.FAIL)))
    assert "✘ fail  blast radius as predicted" in text
    page = render_html(report(of_the_run(Status.FAIL)))
    assert "<h3>the run as a whole</h3>" in page


def test_in_junit_it_is_a_case_of_the_run() -> None:
    root = ElementTree.fromstring(render_junit(report(of_the_run(Status.FAIL))))
    [case] = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert (case.attrib["classname"], case.attrib["name"]) == ("vault-outage.run", "blast radius as predicted")


def test_an_accepted_risk_of_the_run_is_told() -> None:
    assert "~  the run as a whole  until 2027-06-30" in rendered(report(of_the_run(Status.ACCEPTED)))
    assert '<th scope="row">the run as a whole</th>' in render_html(report(of_the_run(Status.ACCEPTED)))
