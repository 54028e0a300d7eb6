"""``run.json``: the result for machines. Fields are added, never renamed or given another meaning, within
one ``schema`` number. Times are seconds on the run's clock, lengths of time are seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from harness.checks.judgement import Measured, RadiusRow, Result, WorkloadSummary
from harness.checks.verdict import EXIT_CODES
from harness.report import narrative
from harness.report.card import CardPart, card_part
from harness.report.model import ReportInput

NAME = "summary"
FILENAME = "run.json"


class MeasuredTime(msgspec.Struct, frozen=True, kw_only=True):
    seconds: float
    error: float  # largest error that sampling can have caused


class WorkloadPart(msgspec.Struct, frozen=True, kw_only=True):
    workload: str
    status: str  # pass, degraded, accepted, accepted-passes, inconclusive, fail
    how: str
    outage: MeasuredTime | None  # null: no sample
    time_to_detect: MeasuredTime | None  # null: never failed
    time_to_recover: MeasuredTime | None  # null: never recovered
    locked_out: bool


class EvidencePart(msgspec.Struct, frozen=True, kw_only=True):
    t: float
    text: str


class RiskPart(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    until: str  # last day, ISO 8601


class ResultPart(msgspec.Struct, frozen=True, kw_only=True):
    workload: str  # empty: about the run itself
    expectation: str
    limit: str
    status: str
    outcome: str  # pass, inconclusive, fail: before accepted risks are taken into account
    summary: str
    evidence: tuple[EvidencePart, ...]
    accepted_risk: RiskPart | None
    controls: tuple[str, ...]


class FaultPart(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    fault: str
    target: str
    operator: bool
    injecting: float
    injected: float | None
    observed: float | None
    undone: float | None
    undo_verified: bool
    error: str


class RadiusPart(msgspec.Struct, frozen=True, kw_only=True):
    """Predicted against observed blast radius, of one workload."""

    workload: str
    predicted: str | None  # safe, degraded, locked-out; null: no prediction
    observed: str | None  # survived, degraded, locked-out, failed-open; null: cannot be told
    predicted_words: str
    observed_words: str
    difference: str  # empty: none, or it could not be told
    remark: str


class ImagePart(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    ref: str
    digest: str
    variant: str


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document."""

    schema: Literal[1] = 1
    run: str
    scenario: str
    summary: str
    verdict: str  # pass, inconclusive, fail
    verdict_words: str
    exit_code: int
    started: datetime
    duration: float
    seed: int
    plan_hash: str
    lockout: str
    engine: str
    host: str
    rejudge: str
    workloads: tuple[WorkloadPart, ...]
    results: tuple[ResultPart, ...]
    run_results: tuple[ResultPart, ...]
    faults: tuple[FaultPart, ...]
    images: tuple[ImagePart, ...]
    blast_radius: tuple[RadiusPart, ...] = ()
    break_glass: CardPart | None = None  # of a drill


def render_json(report: ReportInput) -> str:
    """The summary as indented JSON, ending in a newline."""
    encoded = msgspec.json.encode(summarise(report))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


render = render_json


def read_summary(text: str | bytes) -> RunSummary:
    """A stored ``run.json``.

    Raises:
        msgspec.DecodeError: not JSON, not of this schema, or a field is missing or of another type.
    """
    return msgspec.json.decode(text, type=RunSummary)


def summarise(report: ReportInput) -> RunSummary:
    run, judgement = report.run, report.judgement
    return RunSummary(
        run=run.run,
        scenario=_text(run.scenario),
        summary=_text(run.summary),
        verdict=judgement.outcome.value,
        verdict_words=narrative.verdict_sentence(judgement),
        exit_code=EXIT_CODES[judgement.outcome],
        started=run.started,
        duration=round(run.duration, 3),
        seed=run.seed,
        plan_hash=run.plan_hash,
        lockout=run.lockout,
        engine=run.engine,
        host=run.host,
        rejudge=run.rejudge,
        workloads=tuple(_workload(workload) for workload in judgement.workloads),
        results=tuple(_result(result) for result in judgement.results),
        run_results=tuple(_result(result) for result in judgement.run_results),
        faults=tuple(
            FaultPart(
                id=band.fault_id,
                fault=band.fault,
                target=band.target,
                operator=band.operator,
                injecting=band.start,
                injected=band.injected,
                observed=band.observed,
                undone=band.end,
                undo_verified=band.verified,
                error=_text(band.error),
            )
            for band in report.timeline.bands
        ),
        images=tuple(
            ImagePart(name=image.name, ref=image.ref, digest=image.digest, variant=image.variant)
            for image in run.images
        ),
        blast_radius=tuple(_radius(row) for row in judgement.radius),
        break_glass=None if judgement.card is None else card_part(judgement.card),
    )


def _workload(workload: WorkloadSummary) -> WorkloadPart:
    return WorkloadPart(
        workload=_text(workload.workload),
        status=workload.status.value,
        how=_text(workload.how),
        outage=_measured(workload.outage),
        time_to_detect=_measured(workload.detect),
        time_to_recover=_measured(workload.recover),
        locked_out=workload.locked_out,
    )


def _radius(row: RadiusRow) -> RadiusPart:
    return RadiusPart(
        workload=_text(row.workload),
        predicted=None if row.predicted is None else row.predicted.value,
        observed=None if row.observed is None else row.observed.value,
        predicted_words=_text(row.predicted_words),
        observed_words=_text(row.observed_words),
        difference=_text(row.difference),
        remark=_text(row.remark),
    )


def _measured(measured: Measured | None) -> MeasuredTime | None:
    """Rounded to milliseconds: no probe is timed more exactly."""
    if measured is None:
        return None
    return MeasuredTime(seconds=round(measured.seconds, 3), error=round(measured.error, 3))


def _result(result: Result) -> ResultPart:
    finding, risk = result.finding, result.accepted_risk
    return ResultPart(
        workload=_text(result.workload),
        expectation=result.expectation,
        limit=_text(result.limit),
        status=result.status.value,
        outcome=finding.outcome.value,
        summary=_text(finding.summary),
        evidence=tuple(EvidencePart(t=round(item.t, 6), text=_text(item.text)) for item in finding.evidence),
        accepted_risk=None if risk is None else RiskPart(reason=_text(risk.reason), until=risk.until.isoformat()),
        controls=result.controls,
    )


def _text(text: str) -> str:
    """*text* without lone surrogates, which no UTF-8 document can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
