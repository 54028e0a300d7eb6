"""The sentences of a report: the verdict in words, what was done, and which risks are accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.checks.judgement import Judgement, RadiusRow, Result, Status
from harness.checks.verdict import Outcome
from harness.report import words
from harness.report.model import ReportInput
from harness.report.timeline import FaultBand

_MOST_ACTS = 6
_ACCEPTED = (Status.ACCEPTED, Status.ACCEPTED_PASSES)
_GOOD = (Status.PASS, Status.DEGRADED)


@dataclass(frozen=True, slots=True)
class Risk:
    """One accepted risk with all claims it covers."""

    workload: str
    reason: str
    until: str  # last day, ISO
    results: tuple[Result, ...]

    @property
    def passes(self) -> bool:
        """Every claim it covers held after all."""
        return all(result.status is Status.ACCEPTED_PASSES for result in self.results)

    @property
    def failing(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.status is Status.ACCEPTED)


def accepted_risks(results: Iterable[Result]) -> tuple[Risk, ...]:
    """The accepted risks in force, one per workload, reason and date, in the order of the scenario.

    One accepted risk covers several expectations: that some of them hold, or could not be judged, does not make it
    needless.
    """
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.accepted_risk:
            key = (result.workload, result.accepted_risk.reason, result.accepted_risk.until.isoformat())
            groups.setdefault(key, []).append(result)
    risks = (Risk(*key, tuple(found)) for key, found in groups.items())
    return tuple(risk for risk in risks if any(result.status in _ACCEPTED for result in risk.results))


def radius_remarks(rows: Iterable[RadiusRow]) -> tuple[str, ...]:
    """What is to be said of predicted against observed blast radius, one sentence each: differences come first."""
    found = list(rows)
    said = [f"{row.workload} {row.difference}" for row in found if row.difference]
    of: dict[tuple[str, bool], list[str]] = {}
    for row in found:
        if row.remark:
            of.setdefault((row.remark, row.predicted is None), []).append(row.workload)
    for (why, unpredicted), workloads in of.items():
        of_whom = words.listing(workloads)
        said.append(f"no prediction for {of_whom}: {why}" if unpredicted else f"{of_whom}: {why}")
    return tuple(said)


def verdict_sentence(judgement: Judgement) -> str:
    """The verdict in words, such as "All 12 claims hold; 3 accepted risks."

    An accepted risk is counted apart from the claims until its date has passed; then it is a claim again.
    """
    claims = [result for result in judgement.results if result.status not in _ACCEPTED]
    parts = _held(judgement, claims)
    if judgement.card is not None and all(row.status in _GOOD for row in judgement.card.rows):
        parts.append(f"all {len(judgement.card.rows)} properties of break-glass hold")
    if degraded := sum(1 for result in claims if result.status is Status.DEGRADED):
        parts.append(f"{degraded} only through break-glass")
    risks = accepted_risks(judgement.results)
    if standing := sum(1 for risk in risks if not risk.passes):
        parts.append(words.count(standing, "accepted risk"))
    if needless := sum(1 for risk in risks if risk.passes):
        parts.append(f"{words.count(needless, 'accepted risk')} no longer needed")
    return "; ".join(parts) + "."


def _held(judgement: Judgement, claims: list[Result]) -> list[str]:
    failing = sum(1 for result in claims if result.status is Status.FAIL)
    failing_run = sum(1 for result in judgement.run_results if result.status is Status.FAIL)
    rows = judgement.card.rows if judgement.card else ()
    failing_rows = sum(1 for row in rows if row.status is Status.FAIL)
    unjudged = sum(1 for r in (*claims, *judgement.run_results) if r.status is Status.INCONCLUSIVE)
    unjudged += sum(1 for row in rows if row.status is Status.INCONCLUSIVE)
    parts: list[str] = []
    if failing:
        verb = "does" if failing == 1 else "do"
        parts.append(f"{failing} of {words.count(len(claims), 'claim')} {verb} not hold")
    if failing_rows:
        verb = "does" if failing_rows == 1 else "do"
        parts.append(f"{failing_rows} of {len(rows)} properties of break-glass {verb} not hold")
    if failing_run:
        parts.append(f"{words.count(failing_run, 'check')} of the run itself failed")
    if unjudged:
        parts.append(f"{words.count(unjudged, 'finding')} inconclusive")
        if not parts[:-1]:
            parts[-1] = f"Nothing is proven: {parts[-1]}"
    if parts:
        return parts
    if judgement.outcome is Outcome.INCONCLUSIVE or not judgement.results:
        return ["Nothing is proven: no claim was judged"]
    if judgement.outcome is Outcome.FAIL:  # every result passes, and still: never say that all is well
        return ["The run failed"]
    if not claims:
        return ["No claim beyond the accepted risks"]
    return ["The one claim holds" if len(claims) == 1 else f"All {len(claims)} claims hold"]


def describe_band(band: FaultBand) -> str:
    """``vault-sealed on vault``."""
    return words.clean(f"{band.fault} on {band.target}" if band.target else band.fault)


def explanation(report: ReportInput) -> str:
    """One paragraph: what the scenario is about, what was broken for how long, and what was looked at."""
    timeline, judgement = report.timeline, report.judgement
    sentences = [words.clean(report.run.summary)]
    acts = [_act(band) for band in timeline.bands[:_MOST_ACTS]]
    if len(timeline.bands) > _MOST_ACTS:
        acts.append(f"{len(timeline.bands) - _MOST_ACTS} more followed")
    if acts:
        sentences.append(f"In this run, {'; '.join(acts)}.")
    period = f" every {timeline.period * 1000:.0f} ms" if timeline.period else ""
    accepted = sum(1 for result in judgement.results if result.status in _ACCEPTED)
    under = f", {accepted} of them under an accepted risk" if accepted else ""
    sentences.append(
        f"lockout asked {words.count(len(timeline.lanes), 'workload')} to do real work{period} "
        f"and judged {words.count(len(judgement.results), 'claim')} from the recorded history{under}."
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _act(band: FaultBand) -> str:
    began = f"{describe_band(band)} began at {words.clock(band.start)}"
    if band.began_with:
        began += f" (with {words.clean(band.began_with)})"
    if band.end is None:
        return f"{began} and was never undone"
    until = f" (until {words.clean(band.ended_with)})" if band.ended_with else ""
    return f"{began} and lasted {words.span(band.end - band.start)}{until}"
