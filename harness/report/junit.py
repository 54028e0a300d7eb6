"""JUnit XML for CI servers: one suite per scenario, one case per claim and per finding about the run."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime

from harness.checks.judgement import Result, Status
from harness.report import narrative, words
from harness.report.card import as_results
from harness.report.model import ReportInput

NAME = "junit"
FILENAME = "junit.xml"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: ReportInput) -> str:
    """The whole document. An accepted risk is a skipped case, an inconclusive one an error."""
    run, judgement = report.run, report.judgement
    drilled = as_results(judgement.card) if judgement.card else ()
    results = (*judgement.results, *drilled, *judgement.run_results)
    tally = Counter(result.status for result in results)
    totals = {
        "tests": str(len(results)),
        "failures": str(tally[Status.FAIL]),
        "errors": str(tally[Status.INCONCLUSIVE]),
        "skipped": str(tally[Status.ACCEPTED]),
        "time": f"{run.duration:.3f}",
    }
    root = ET.Element("testsuites", {"name": "lockout", **totals})
    suite = ET.SubElement(
        root,
        "testsuite",
        {"name": _xml(run.scenario), **totals, "timestamp": _timestamp(run.started)},
    )
    _properties(
        suite,
        [
            ("run", run.run),
            ("verdict", judgement.outcome.value),
            ("verdict.words", narrative.verdict_sentence(judgement)),
            ("seed", str(run.seed)),
            ("plan_hash", run.plan_hash),
            ("lockout", run.lockout),
            ("engine", run.engine),
            ("host", run.host),
            *(
                (f"blast_radius.{row.workload}", f"predicted {row.predicted_words}, observed {row.observed_words}")
                for row in judgement.radius
            ),
            *((f"image.{image.name}", f"{image.ref} {image.digest} {image.variant}".strip()) for image in run.images),
        ],
    )
    seen: Counter[tuple[str, str]] = Counter()
    for result in results:
        _case(suite, run.scenario, result, seen)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


render = render_junit


def _case(suite: ET.Element, scenario: str, result: Result, seen: Counter[tuple[str, str]]) -> None:
    classname = _xml(f"{scenario}.{result.workload or 'run'}")
    name = _xml(words.claim(result))
    seen[classname, name] += 1
    if seen[classname, name] > 1:  # servers take cases of the same name for one
        name = f"{name} #{seen[classname, name]}"
    case = ET.SubElement(suite, "testcase", {"classname": classname, "name": name, "time": "0"})
    _properties(
        case,
        [("status", result.status.value), *(("control", control) for control in result.controls)],
    )
    summary = _xml(result.finding.summary)
    if result.status is Status.FAIL:
        ET.SubElement(case, "failure", {"message": summary, "type": _xml(result.expectation)}).text = _details(result)
    elif result.status is Status.INCONCLUSIVE:
        ET.SubElement(case, "error", {"message": summary, "type": "inconclusive"}).text = _details(result)
    elif result.status is Status.ACCEPTED:
        ET.SubElement(case, "skipped", {"message": _xml(_acceptance(result))})
    ET.SubElement(case, "system-out").text = _details(result)


def _acceptance(result: Result) -> str:
    if result.accepted_risk is None:
        return "accepted risk"
    return f"accepted risk until {result.accepted_risk.until.isoformat()}: {result.accepted_risk.reason}"


def _details(result: Result) -> str:
    lines = [f"{words.STATUS_WORDS[result.status]}: {result.finding.summary}"]
    if result.accepted_risk is not None:
        lines.append(_acceptance(result))
    if result.status is Status.ACCEPTED_PASSES:
        lines.append("passes after all")
    lines += [f"{words.clock(item.t)}  {item.text}" for item in result.finding.evidence]
    return _xml("\n".join(lines))


def _properties(parent: ET.Element, pairs: list[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in pairs:
        if value:
            ET.SubElement(properties, "property", {"name": _xml(name), "value": _xml(value)})


def _timestamp(moment: datetime) -> str:
    """UTC without a zone: the form that the common schemas of JUnit XML allow."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _xml(text: str) -> str:
    """*text* without the characters that no XML document may hold, escaped or not."""
    return _NOT_XML.sub("", text)
