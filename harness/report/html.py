"""The report as one HTML file: no script, nothing fetched, made to be read on screen and on paper."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.checks.judgement import Result, Status
from harness.checks.verdict import Outcome
from harness.report import card, narrative, svg, words
from harness.report.lane import CredentialKind, State
from harness.report.model import ReportInput

NAME = "html"
FILENAME = "report.html"

_HEADLINES = {
    Outcome.PASS: "Pass",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.FAIL: "Fail",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clean=words.clean,
        clock=words.clock,
        span=words.span,
        wall=words.wall,
        claim=words.claim,
        outage=words.outage,
        recover=words.time_to_recover,
        whose=words.whose,
        compared=words.compared,
        detect=words.time_to_detect,
        procedure=card.heading,
        tally=card.tally,
    )
    return environment


def render_html(report: ReportInput) -> str:
    judgement = report.judgement
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=report.run,
            judgement=judgement,
            headline=_HEADLINES[judgement.outcome],
            verdict=narrative.verdict_sentence(judgement),
            explanation=narrative.explanation(report),
            # The drawing escapes what it quotes itself; it holds no other foreign text.
            drawing=Markup(svg.render_svg(report)),  # noqa: S704
            drawn=_drawn(report),
            groups=_by_workload(judgement.results),
            risks=narrative.accepted_risks(judgement.results),
            remarks=narrative.radius_remarks(judgement.radius),
            status_words=words.STATUS_WORDS,
            status_glyphs=words.STATUS_GLYPHS,
            failed=Status.FAIL,
        )
    )


render = render_html


def _by_workload(results: tuple[Result, ...]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.workload, []).append(result)
    return groups


def _drawn(report: ReportInput) -> frozenset[str]:
    """What occurs in the drawing, for a legend that explains no more than that."""
    timeline = report.timeline
    found = {segment.state.value for lane in timeline.lanes_of(report.judgement) for segment in lane.segments}
    found |= {State.UP.value, State.DOWN.value}
    for lane in timeline.lanes:
        found |= {"renewal" if m.kind is CredentialKind.RENEWAL else "credential" for m in lane.credentials}
        found |= {"died" if m.action in ("die", "oom") else "started" for m in lane.containers}
    found |= {"operator" if band.operator else "fault" for band in timeline.bands}
    if any(band.observed is not None and not band.operator for band in timeline.bands):
        found.add("seen")
    for mark in timeline.expectation_marks(report.judgement):
        if mark.deadline is not None:
            found.add("met" if mark.met else "unknown" if mark.status is Status.INCONCLUSIVE else "missed")
    return frozenset(found)
