"""From a history to a judgement. Pure: the same history and the same claims always give the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from harness.checks import registry
from harness.checks.claims import Claim, RunClaims
from harness.checks.judgement import Judgement, Result, Status
from harness.checks.run_level import is_accepted, judge_run, outcome_of
from harness.checks.summary import summarise
from harness.checks.verdict import Finding, Outcome, inconclusive, merge
from harness.history.index import History


def judge(history: History, run: RunClaims) -> Judgement:
    """Judge *history* by all the claims of *run* and by those that are made about every run.

    Whether an accepted risk is still accepted is decided for the day on which the run was started, so that judging
    again gives the same answer years later.
    """
    results = tuple(_result(history, claim) for claim in run.claims)
    run_results = judge_run(history, run, results)
    outcome = merge(outcome_of(result) for result in (*run_results, *results))
    workloads = dict.fromkeys(claim.workload for claim in run.claims)
    summaries = tuple(summarise(history, workload, results) for workload in workloads)
    return Judgement(outcome, results, run_results, summaries)


def _result(history: History, claim: Claim) -> Result:
    finding, status = _weighed(_checked(history, claim), claim, history.day, history.completed)
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


def _checked(history: History, claim: Claim) -> Finding:
    try:
        return registry.get(claim.expectation).check(history, claim.workload, claim.args)
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
