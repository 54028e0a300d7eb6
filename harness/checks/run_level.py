"""Claims about the run itself. They are made for every run, and without them no other claim means much."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from functools import partial

from harness.checks.claims import RunClaims
from harness.checks.judgement import AcceptedRisk, Result, Status
from harness.checks.verdict import Evidence, Finding, Outcome, failed, inconclusive, passed
from harness.history.index import FaultSpan, History

RunCheck = Callable[[History, RunClaims], Finding]


def judge_run(history: History, run: RunClaims, results: Iterable[Result]) -> tuple[Result, ...]:
    """All findings about the run, in a fixed order. *results* are those of the claims about workloads."""
    lost = frozenset(
        result.workload
        for result in results
        if result.about_access
        and result.status in (Status.ACCEPTED, Status.INCONCLUSIVE)
        and is_accepted(result.accepted_risk, history.day)
    )
    checks: dict[str, RunCheck] = {
        "run_completed": run_completed,
        "engine_held": engine_held,
        "clock_steady": clock_steady,
        "steady_before": steady_before,
        "fault_observed": fault_observed,
        "undo_verified": undo_verified,
        "steady_after": partial(steady_after, excused=lost),
        "no_leak": no_leak,
    }
    findings = {name: check(history, run) for name, check in checks.items()}
    return tuple(Result("", name, Status(finding.outcome.value), finding) for name, finding in findings.items())


def is_accepted(risk: AcceptedRisk | None, day: date | None) -> bool:
    """Whether *risk* is one that is accepted on *day*. On the last day it still is."""
    return risk is not None and day is not None and day <= risk.until


def run_completed(history: History, _run: RunClaims) -> Finding:
    """The run went to its planned end."""
    if history.ended is None:
        return inconclusive("the run has no end: lockout was killed, or the machine went down")
    at = Evidence(history.ended.t, f"run {history.ended.ending}: {history.ended.reason or 'no reason given'}")
    if history.ended.ending == "completed" and not history.stops:
        return passed("the run went to its end")
    why = history.ended.reason
    if history.stops:
        stop = history.stops[0]
        why, at = stop.condition, Evidence(stop.t, f"stop condition met: {stop.condition}")
    return inconclusive(f"the run was {history.ended.ending}" + (f": {why}" if why else ""), at)


def engine_held(history: History, _run: RunClaims) -> Finding:
    """The container engine was there all the time."""
    if history.engine_losses:
        lost = history.engine_losses[0]
        return inconclusive(f"the container engine was lost: {lost.reason}", Evidence(lost.t, lost.reason))
    return passed("the container engine was there all the time")


def clock_steady(history: History, _run: RunClaims) -> Finding:
    """The wall clock, by which journals are put in order, did not jump from the first inject on."""
    start = min((span.injecting for span in history.faults), default=0.0)
    jumps = [jump for jump in history.clock_jumps if start <= jump.t <= history.horizon]
    if not jumps:
        return passed("the clock did not jump")
    shown = (Evidence(jump.t, f"jumped by {jump.delta:+.3f} s") for jump in jumps)
    return inconclusive(f"the clock jumped by {jumps[0].delta:+.1f} s at {jumps[0].t:.1f} s", *shown)


def steady_before(history: History, _run: RunClaims) -> Finding:
    """Everything worked before the first fault."""
    checks = [check for check in history.steady if check.moment == "before"]
    if not checks:
        return inconclusive("whether everything worked before the first fault was not checked")
    bad = [check for check in checks if not check.ok]
    if bad:
        reasons = bad[0].reasons or tuple(f"{name} had no access" for name in bad[0].workloads_down)
        return inconclusive(
            f"not everything worked before the first fault: {'; '.join(reasons)}", Evidence(bad[0].t, "")
        )
    return passed("everything worked before the first fault", Evidence(checks[0].t, "steady state"))


def _named(span: FaultSpan) -> str:
    return f"{span.fault} on {span.target}"


def fault_observed(history: History, run: RunClaims) -> Finding:
    """Each planned fault was injected and seen to bite."""
    spans = {span.fault_id: span for span in history.faults}
    problems = [f"{fault_id} was never injected" for fault_id in run.faults if fault_id not in spans]
    for span in history.faults:
        if span.injected is None:
            problems.append(f"{_named(span)} could not be injected" + (f": {span.error}" if span.error else ""))
        elif span.observed is None:
            why = f": {span.error}" if span.error_stage == "observe" else ""
            problems.append(f"{_named(span)} was never seen to bite{why}")
    seen = tuple(Evidence(s.observed, f"{_named(s)}: {s.evidence}") for s in history.faults if s.observed is not None)
    if problems:
        return inconclusive("; ".join(problems), *seen)
    return passed("every fault was seen to bite" if seen else "no fault was planned", *seen)


def undo_verified(history: History, _run: RunClaims) -> Finding:
    """Whatever was set about was undone, and seen to be."""
    bad: list[str] = []
    unknown: list[str] = []
    for span in history.faults:
        if span.undone is not None and span.undo_verified:
            continue
        tried = span.undone is not None or span.error_stage == "undo"
        # With the engine lost, nobody could look.
        if not history.engine_losses and (tried or (history.completed and span.injected is not None)):
            bad.append(f"{_named(span)} was not seen to be undone" + (f": {span.error}" if span.error else ""))
        else:
            unknown.append(f"whether {_named(span)} was undone is unknown (lockout heal undoes it)")
    done = tuple(Evidence(s.undone, f"{_named(s)}: {s.undo_evidence}") for s in history.faults if s.undone is not None)
    if bad:
        return failed("; ".join(bad + unknown), *done)
    if unknown:
        return inconclusive("; ".join(unknown), *done)
    return passed("every fault was undone, and seen to be", *done)


def steady_after(history: History, _run: RunClaims, excused: Collection[str]) -> Finding:
    """Everything works again after the last undo, except for workloads whose loss of access is an accepted risk.

    *excused* are those with a claim about their access that did not hold, as an accepted risk. That a workload may
    stampede does not allow it to be locked out. A reason that the steady-state check gave counts as explained by a
    workload that is down if it names it. Reasons that name no such workload (a Vault that is still sealed) fail.
    Nothing is failed for a run that did not go to its end: the workloads may not have had their time to recover.
    """
    checks = [check for check in history.steady if check.moment == "after"]
    if not checks:
        return inconclusive("whether everything worked after the last undo was not checked")
    last = checks[-1]
    at = tuple(Evidence(last.t, reason) for reason in last.reasons) or (Evidence(last.t, "steady state"),)
    if last.ok:
        return passed("everything worked after the last undo", at[0])
    down = set(last.workloads_down)
    bad = sorted(down - set(excused))
    other = [reason for reason in last.reasons if not any(_names(reason, name) for name in down)]
    if not down and not other:
        other = ["no reason was recorded"]
    if not bad and not other:
        return passed(f"down after the last undo, as an accepted risk: {', '.join(sorted(down))}", *at)
    words = "; ".join(([f"without access: {', '.join(bad)}"] if bad else []) + other)
    if not history.completed:
        return inconclusive(f"not everything worked when the run broke off: {words}", *at)
    return failed(f"not everything worked after the last undo: {words}", *at)


def _names(reason: str, workload: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(workload)}(?![\w-])", reason) is not None


def no_leak(history: History, run: RunClaims) -> Finding:
    """No secret of the run was found where it should not be, except as an accepted risk of ``no_secret_leak``."""
    leaking = [claim for claim in run.claims if claim.expectation == "no_secret_leak"]
    excused = {claim.workload for claim in leaking if is_accepted(claim.accepted_risk, history.day)}
    bad = [leak for leak in history.leaks if not leak.workload or leak.workload not in excused]
    shown = tuple(Evidence(leak.t, f"{leak.what} in {leak.where}") for leak in history.leaks)
    if bad:
        return failed("; ".join(_once(f"{leak.what} was found in {leak.where}" for leak in bad)), *shown)
    if history.ended is None or history.ended.ending == "crashed":
        return inconclusive("the run did not get as far as searching the logs")
    if history.unread:
        gap = history.unread[0]
        return inconclusive(f"the output of {gap.service} could not be searched whole: {gap.reason}", *shown)
    return passed("secrets were found only where that is an accepted risk" if shown else "no secret was found", *shown)


def _once(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def outcome_of(result: Result) -> Outcome:
    """What a result contributes to the outcome of the run: accepted and degraded do not spoil it."""
    if result.status is Status.FAIL:
        return Outcome.FAIL
    return Outcome.INCONCLUSIVE if result.status is Status.INCONCLUSIVE else Outcome.PASS
