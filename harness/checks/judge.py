"""From a history to a judgement. Pure: the same history and the same claims always give the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from harness.breakglass.card import judge_card
from harness.checks import blast_radius, registry
from harness.checks.claims import Claim, RunClaims
from harness.checks.judgement import Judgement, RadiusRow, Result, Status
from harness.checks.radius import LONGEST_GAP, failing_open, radius
from harness.checks.run_level import is_accepted, judge_run, outcome_of
from harness.checks.summary import summarise
from harness.checks.verdict import Finding, Outcome, inconclusive, merge
from harness.history.index import History


def judge(history: History, run: RunClaims) -> Judgement:
    """Judge *history* by all the claims of *run* and by those that are made about every run.

    Whether an accepted risk is still accepted is decided for the day on which the run was started, so that judging
    again gives the same answer years later.
    """
    about_run = [claim.args.about_run for claim in run.claims]
    told = [None if of_run else _result(history, claim) for claim, of_run in zip(run.claims, about_run, strict=True)]
    of_workloads = tuple(result for result in told if result is not None)
    results = tuple(
        _result(history, claim, of_workloads) if result is None else result
        for claim, result in zip(run.claims, told, strict=True)
    )
    run_results = judge_run(history, run, results)
    card = judge_card(history)
    drilled = (row.finding.outcome for row in card.rows) if card else ()
    outcome = merge((*(outcome_of(result) for result in (*run_results, *results)), *drilled))
    workloads = dict.fromkeys(claim.workload for claim in run.claims if claim.workload)
    summaries = tuple(summarise(history, workload, results) for workload in workloads)
    return Judgement(outcome, results, run_results, summaries, _radius(history, run, results), card)


def _radius(history: History, run: RunClaims, results: Sequence[Result]) -> tuple[RadiusRow, ...]:
    """By the limit of the first claim about the blast radius, if there is one."""
    limits = [claim.args.max_outage for claim in run.claims if isinstance(claim.args, blast_radius.Args)]
    return radius(history, limits[0] if limits else LONGEST_GAP, failing_open(results))


def _result(history: History, claim: Claim, of_workloads: Sequence[Result] | None = None) -> Result:
    """*of_workloads* are the results that a claim about the run is judged with."""
    subject = claim.workload if of_workloads is None else of_workloads
    finding, status = _weighed(_checked(history, claim, subject), claim, history.day, history.completed)
    return Result(
        claim.workload,
        claim.expectation,
        status,
        finding,
        claim.args.in_words(),
        claim.accepted_risk,
        claim.controls,
        claim.args.about_access,
    )


def _checked(history: History, claim: Claim, subject: str | Sequence[Result]) -> Finding:
    try:
        return registry.get(claim.expectation).check(history, subject, claim.args)
    except Exception as error:  # noqa: BLE001 (a check that crashes has shown nothing)
        return inconclusive(f"the check crashed: {type(error).__name__}: {error}")


def _weighed(finding: Finding, claim: Claim, day: date | None, completed: bool) -> tuple[Finding, Status]:
    """What the finding comes to when an accepted risk is taken into account.

    That a risk has gone is told only by a run that was *completed*.
    """
    risk = claim.accepted_risk
    if finding.outcome is Outcome.INCONCLUSIVE:
        return finding, Status.INCONCLUSIVE
    if finding.outcome is Outcome.PASS:
        if risk is not None and completed:
            return finding, Status.ACCEPTED_PASSES
        return finding, Status.DEGRADED if finding.degraded else Status.PASS
    if risk is None:
        return finding, Status.FAIL
    if day is None:
        words = (
            f"{finding.summary}; whether that risk was still accepted cannot be told, for the day of the run is unknown"
        )
        return replace(finding, outcome=Outcome.INCONCLUSIVE, summary=words), Status.INCONCLUSIVE
    if is_accepted(risk, day):
        return finding, Status.ACCEPTED
    return replace(
        finding, summary=f"{finding.summary}; the risk was accepted until {risk.until}, which is over"
    ), Status.FAIL
