"""JUnit, run.json, and how reports are found and written."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from harness.checks.judgement import Status
from harness.report import registry
from harness.report.junit import render_junit
from harness.report.registry import reports, write_reports
from harness.report.summary import read_summary, render_json
from tests.unit.report.builders import RISK, judgement, report, result

EVERY_STATUS = judgement(
    result(Status.PASS, "a", controls=("nist-800-53r5:CP-10", "nist-csf-2.0:PR.IR-03")),
    result(Status.DEGRADED, "b"),
    result(Status.ACCEPTED, "c", evidence=[(3.0, "first failed sample")]),
    result(Status.ACCEPTED_PASSES, "d"),
    result(Status.INCONCLUSIVE, "e", summary="no sample"),
    result(Status.FAIL, "f", summary="too late", evidence=[(4.0, "nothing seen")]),
    run=(result(Status.FAIL, "", "undo_verified", "vault stayed sealed"),),
)


def parsed(text: str) -> ET.Element:
    suites = ET.fromstring(text)
    assert suites.tag == "testsuites"
    [suite] = suites
    assert suite.attrib.items() >= {k: v for k, v in suites.attrib.items() if k != "name"}.items()
    return suite


def cases(suite: ET.Element) -> dict[str, ET.Element]:
    return {case.attrib["classname"]: case for case in suite.iter("testcase")}


def test_junit_counts_and_names() -> None:
    suite = parsed(render_junit(report(EVERY_STATUS)))
    assert suite.attrib == {
        "name": "vault-outage",
        "tests": "7",
        "failures": "2",
        "errors": "1",
        "skipped": "1",
        "time": "52.300",
        "timestamp": "2026-07-31T10:15:00",
    }
    assert list(cases(suite)) == [f"vault-outage.{name}" for name in (*"abcdef", "run")]
    for tag, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert len(list(suite.iter(tag))) == int(suite.attrib[attribute])


def test_junit_marks_each_status() -> None:
    found = cases(parsed(render_junit(report(EVERY_STATUS))))
    kinds = {
        name.removeprefix("vault-outage."): [
            child.tag for child in case if child.tag not in ("properties", "system-out")
        ]
        for name, case in found.items()
    }
    assert kinds == {
        "a": [],
        "b": [],
        "c": ["skipped"],
        "d": [],
        "e": ["error"],
        "f": ["failure"],
        "run": ["failure"],
    }
    skipped = found["vault-outage.c"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == f"accepted risk until 2027-06-30: {RISK.reason}"
    failure = found["vault-outage.f"].find("failure")
    assert failure is not None
    assert (failure.attrib["message"], failure.attrib["type"]) == ("too late", "re_authenticates")
    assert "4.0 s  nothing seen" in (failure.text or "")
    assert found["vault-outage.run"].attrib["name"] == "undo verified"


def test_junit_carries_controls_and_evidence() -> None:
    case = cases(parsed(render_junit(report(EVERY_STATUS))))["vault-outage.a"]
    pairs = [(p.attrib["name"], p.attrib["value"]) for p in case.iter("property")]
    assert pairs == [
        ("status", "pass"),
        ("control", "nist-800-53r5:CP-10"),
        ("control", "nist-csf-2.0:PR.IR-03"),
    ]
    out = cases(parsed(render_junit(report(EVERY_STATUS))))["vault-outage.c"].find("system-out")
    assert out is not None
    assert "3.0 s  first failed sample" in (out.text or "")


def test_junit_keeps_claims_of_the_same_name_apart() -> None:
    twice = judgement(result(Status.PASS, limit="within 5s"), result(Status.PASS, limit="within 5s"))
    names = [case.attrib["name"] for case in parsed(render_junit(report(twice))).iter("testcase")]
    assert names == ["re_authenticates within 5s", "re_authenticates within 5s #2"]


def test_junit_survives_what_xml_cannot_hold() -> None:
    nasty = 'a\x00\x0b\x1b\ud800\ufffe]]><b>&"é\U0001f600'
    found = judgement(result(Status.FAIL, nasty, summary=nasty, evidence=[(1.0, nasty)]))
    text = render_junit(report(found, scenario=nasty))
    suite = parsed(text)
    assert suite.attrib["name"] == 'a]]><b>&"é\U0001f600'
    assert 'a]]><b>&"é\U0001f600' in "".join(suite.itertext())
    text.encode("utf-8")


def test_junit_without_any_result_is_a_valid_empty_suite() -> None:
    suite = parsed(render_junit(report(judgement())))
    assert suite.attrib["tests"] == "0"


def test_run_json_has_a_stable_shape() -> None:
    document = json.loads(render_json(report(started=datetime(2026, 7, 31, 12, tzinfo=timezone(timedelta(hours=2))))))
    assert list(document) == [
        "schema", "run", "scenario", "summary", "verdict", "verdict_words", "exit_code", "started", "duration",
        "seed", "plan_hash", "lockout", "engine", "host", "rejudge", "workloads", "results", "run_results", "faults",
        "images", "blast_radius", "break_glass",
    ]  # fmt: skip
    assert document["schema"] == 1
    assert (document["verdict"], document["exit_code"]) == ("pass", 0)
    assert document["started"] == "2026-07-31T12:00:00+02:00"
    assert document["workloads"][1] == {
        "workload": "fragile",
        "status": "accepted",
        "how": "locked out",
        "outage": {"seconds": 7.0, "error": 0.1},
        "time_to_detect": {"seconds": 1.0, "error": 0.05},
        "time_to_recover": None,
        "locked_out": True,
    }
    assert document["results"][1] == {
        "workload": "fragile",
        "expectation": "re_authenticates",
        "limit": "within 10s after undo",
        "status": "accepted",
        "outcome": "fail",
        "summary": "no request to Vault after undo, limit 10 s",
        "evidence": [{"t": 3.0, "text": "first failed sample: http 503"}],
        "accepted_risk": {"reason": "logs in once at start and never again", "until": "2027-06-30"},
        "controls": [],
    }
    assert document["faults"] == [
        {
            "id": "timeline.0",
            "fault": "vault-sealed",
            "target": "vault",
            "operator": False,
            "injecting": 2.0,
            "injected": 2.1,
            "observed": 2.2,
            "undone": 7.0,
            "undo_verified": True,
            "error": "",
        }
    ]
    assert document["images"] == [{"name": "vault", "ref": "vault:1.21", "digest": "sha256:1f", "variant": "built"}]


@pytest.mark.parametrize(("status", "code"), [(Status.PASS, 0), (Status.FAIL, 1), (Status.INCONCLUSIVE, 3)])
def test_run_json_gives_the_exit_code(status: Status, code: int) -> None:
    assert read_summary(render_json(report(judgement(result(status))))).exit_code == code


def test_run_json_is_read_back_and_another_schema_is_refused() -> None:
    text = render_json(report(EVERY_STATUS))
    found = read_summary(text)
    assert [part.status for part in found.results] == [
        "pass",
        "degraded",
        "accepted",
        "accepted-passes",
        "inconclusive",
        "fail",
    ]
    with pytest.raises(msgspec.ValidationError):
        read_summary(text.replace('"schema": 1', '"schema": 2'))


def test_run_json_survives_lone_surrogates() -> None:
    found = judgement(result(Status.FAIL, summary="a\ud800b"))
    assert read_summary(render_json(report(found))).results[0].summary == "a?b"


def test_reports_are_found_by_their_file() -> None:
    assert [(kind.name, kind.filename) for kind in reports()] == [
        ("html", "report.html"),
        ("junit", "junit.xml"),
        ("summary", "run.json"),
    ]


def test_reports_are_written_whole_and_over_older_ones(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("old")
    written = write_reports(report(), tmp_path)
    assert sorted(path.name for path in written) == ["junit.xml", "report.html", "run.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "report.html", "run.json"]
    assert read_summary((tmp_path / "run.json").read_bytes()).run == "r1"
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o644


def test_a_failing_write_leaves_the_older_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.html").write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registry.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_reports(report(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "old"
