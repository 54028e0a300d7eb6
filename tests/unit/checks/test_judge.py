"""The judgement as a whole: the algebra, accepted risks, findings about the run, and the summary of a workload."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.checks import registry
from harness.checks.args import ExpectationArgs
from harness.checks.claims import Claim, RunClaims
from harness.checks.judge import judge
from harness.checks.judgement import Measured, Status
from harness.checks.run_level import outcome_of
from harness.checks.verdict import Outcome, merge
from harness.history import events as e
from harness.history.index import History
from tests.unit.checks.histories import (
    DAY,
    FAIL,
    INCONCLUSIVE,
    PASS,
    STAMP,
    Run,
    claim,
    run,
    run_result,
)

outcomes = st.sampled_from(list(Outcome))


@given(st.lists(outcomes), st.lists(outcomes))
def test_merging_does_not_depend_on_order_or_grouping(a: list[Outcome], b: list[Outcome]) -> None:
    assert merge(a + b) is merge(b + a)
    if a and b:
        assert merge([merge(a), merge(b)]) is merge(a + b)


@given(st.lists(outcomes, min_size=1), outcomes)
def test_merging_never_makes_things_better(some: list[Outcome], one: Outcome) -> None:
    order = [PASS, INCONCLUSIVE, FAIL]
    assert order.index(merge([*some, one])) >= order.index(merge(some))
    assert merge([one, one]) is one
    assert merge([FAIL, *some]) is FAIL


def test_nothing_at_all_is_inconclusive() -> None:
    assert merge([]) is INCONCLUSIVE
    assert judge(History.from_events([]), RunClaims((), ())).outcome is INCONCLUSIVE


def good() -> Run:
    return (
        run().fault(5, 7).login("orders", 1).login("orders", 7.3)
        .up("orders", 0, 5, path="primary").down("orders", 5, 7.4).up("orders", 7.4, 20, path="primary")
        .steady_after(19).end(20)
    )  # fmt: skip


BACK = {"within": "10s", "after": "undo"}


def test_a_good_run_passes() -> None:
    judged = good().judge(claim("orders", "re_authenticates", **BACK))
    assert judged.outcome is PASS
    assert [r.status for r in judged.run_results] == [Status.PASS] * 8
    assert judged.results[0].limit == "within 10s after undo"
    assert judged == good().judge(claim("orders", "re_authenticates", **BACK))


@pytest.mark.parametrize(
    ("until", "status", "outcome"),
    [
        (DAY + timedelta(days=1), Status.ACCEPTED, PASS),
        (DAY, Status.ACCEPTED, PASS),  # the last day
        (DAY - timedelta(days=1), Status.FAIL, FAIL),
    ],
)
def test_a_failure_is_accepted_until_its_day_is_over(until: date, status: Status, outcome: Outcome) -> None:
    judged = good().judge(claim("orders", "stays_available", accepted_until=until))
    assert judged.results[0].status is status
    assert judged.results[0].finding.outcome is FAIL
    assert judged.outcome is outcome
    assert ("accepted until 2026-11-21, which is over" in judged.results[0].finding.summary) == (outcome is FAIL)


def test_an_accepted_risk_that_passes_is_told() -> None:
    judged = good().judge(claim("orders", "re_authenticates", accepted_until=DAY, **BACK))
    assert judged.results[0].status is Status.ACCEPTED_PASSES
    assert judged.outcome is PASS


def test_an_accepted_risk_that_cannot_be_judged_stays_inconclusive() -> None:
    judged = good().judge(claim("billing", "stays_available", accepted_until=DAY))
    assert judged.results[0].status is Status.INCONCLUSIVE
    assert judged.outcome is INCONCLUSIVE


def test_without_a_day_nothing_is_accepted_nor_failed_for_it() -> None:
    history = good()
    history.events = [msgspec.structs.replace(event, wall="") for event in history.events]
    judged = history.judge(claim("orders", "stays_available", accepted_until=DAY))
    assert judged.results[0].status is Status.INCONCLUSIVE


def test_degraded_does_not_fail_a_run_and_is_shown() -> None:
    history = run().fault(5, 7).up("orders", 0, 20, path="break-glass").steady_after(19).end(20)
    judged = history.judge(claim("orders", "stays_available"))
    assert (judged.outcome, judged.results[0].status) == (PASS, Status.DEGRADED)


def test_a_check_that_crashes_is_inconclusive() -> None:
    judged = good().judge(Claim("orders", "re_authenticates", ExpectationArgs()))
    assert judged.outcome is INCONCLUSIVE
    assert judged.results[0].finding.summary.startswith("the check crashed: AttributeError: ")
    unknown = good().judge(Claim("orders", "re_authenticate", ExpectationArgs()))
    assert "did you mean 're_authenticates'?" in unknown.results[0].finding.summary


# Findings about the run


def test_a_fault_never_observed_makes_the_run_inconclusive_and_leaves_claims_as_they_are() -> None:
    history = run().fault(5, 7, observed=False).up("orders", 0, 20).steady_after(19).end(20)
    judged = history.judge(claim("orders", "stays_available"))
    assert judged.results[0].status is Status.PASS
    assert run_result(judged, "fault_observed").finding.summary == "vault-sealed on vault was never seen to bite"
    assert judged.outcome is INCONCLUSIVE


def test_a_planned_fault_that_never_came_is_inconclusive() -> None:
    judged = judge(good().history(), RunClaims((), ("timeline.0", "timeline.1")))
    assert run_result(judged, "fault_observed").finding.summary == "timeline.1 was never injected"
    assert judged.outcome is INCONCLUSIVE


def test_why_nobody_saw_it_bite_is_told() -> None:
    history = run().fault(5, 7, observed=False).up("orders", 0, 20).steady_after(19).end(20)
    history.add(e.FaultFailed(t=6, fault_id="timeline.0", stage="observe", error="403 from vault", **STAMP))
    summary = run_result(history.judge(), "fault_observed").finding.summary
    assert summary == "vault-sealed on vault was never seen to bite: 403 from vault"


def test_a_fault_that_could_not_be_injected_is_inconclusive() -> None:
    history = run().up("orders", 0, 20).steady_after(19).end(20)
    own = {"fault_id": "timeline.0", **STAMP}
    history.add(e.FaultInjecting(t=5, fault="vault-sealed", target="vault", **own))
    history.add(e.FaultFailed(t=5.1, stage="inject", error="403 from vault", **own))
    judged = history.judge(claim("orders", "keeps_serving_cached"))
    assert (
        "vault-sealed on vault could not be injected: 403 from vault"
        in run_result(judged, "fault_observed").finding.summary
    )
    assert run_result(judged, "undo_verified").status is Status.INCONCLUSIVE
    assert judged.results[0].status is Status.INCONCLUSIVE
    assert judged.outcome is INCONCLUSIVE


@pytest.mark.parametrize(
    ("history", "status"),
    [
        pytest.param(run().fault(5, 7).end(20), Status.PASS, id="verified"),
        pytest.param(run().fault(5, 7, verified=False).end(20), Status.FAIL, id="not verified"),
        pytest.param(run().fault(5).end(20), Status.FAIL, id="never undone"),
        pytest.param(run().fault(5), Status.INCONCLUSIVE, id="killed before the undo"),
        pytest.param(run().fault(5, 7, verified=False), Status.FAIL, id="killed after a failed undo"),
        pytest.param(
            run().fault(5, 7, verified=False).engine_lost(6).end(20, "crashed"),
            Status.INCONCLUSIVE,
            id="not verified because the engine was lost",
        ),
        pytest.param(run().break_glass(5, 7).end(20), Status.PASS, id="an operator's act"),
        pytest.param(run().break_glass(5).end(20), Status.FAIL, id="an operator's act never undone"),
    ],
)
def test_every_undo_is_verified(history: Run, status: Status) -> None:
    assert run_result(history.judge(), "undo_verified").status is status


def test_an_undo_that_failed_says_why() -> None:
    history = run().fault(5)
    history.add(e.FaultFailed(t=7, fault_id="timeline.0", stage="undo", error="no key", **STAMP)).end(20, "interrupted")
    result = run_result(history.judge(), "undo_verified")
    assert (result.status, result.finding.summary) == (
        Status.FAIL,
        "vault-sealed on vault was not seen to be undone: no key",
    )


def test_steady_state_before_is_needed() -> None:
    history = good()
    history.events = [event for event in history.events if not isinstance(event, e.SteadyState)]
    assert run_result(history.judge(), "steady_before").status is Status.INCONCLUSIVE
    history.add(e.SteadyState(t=0, moment="before", ok=False, reasons=("orders: http 503",), **STAMP))
    result = run_result(history.judge(), "steady_before")
    assert result.status is Status.INCONCLUSIVE
    assert "orders: http 503" in result.finding.summary


def down(*names: str, reasons: tuple[str, ...] = (), ending: str = "completed") -> Run:
    return run().fault(5, 7).steady_after(19, *names, reasons=reasons).end(20, ending)


ACCEPTED = claim("orders-once", "re_authenticates", accepted_until=DAY, **BACK)
EXPIRED = claim("orders-once", "re_authenticates", accepted_until=DAY - timedelta(days=1), **BACK)


@pytest.mark.parametrize(
    ("history", "claims", "status"),
    [
        pytest.param(down(), (), Status.PASS, id="all well"),
        pytest.param(down("orders-once"), (ACCEPTED,), Status.PASS, id="down as accepted"),
        pytest.param(down("orders-once"), (EXPIRED,), Status.FAIL, id="accepted until yesterday"),
        pytest.param(down("orders-once"), (), Status.FAIL, id="not accepted"),
        pytest.param(down("orders", "orders-once"), (ACCEPTED,), Status.FAIL, id="another is down too"),
        pytest.param(
            down("orders-once", reasons=("orders-once: http 503",)), (ACCEPTED,), Status.PASS, id="reason explained"
        ),
        pytest.param(
            down("orders-once", reasons=("orders-once: 503", "vault is sealed")),
            (ACCEPTED,),
            Status.FAIL,
            id="other reason",
        ),
        pytest.param(
            down("orders", reasons=("orders-once: 503",)),
            (claim("orders", "stays_available", accepted_until=DAY),),
            Status.FAIL,
            id="a name inside a longer one",
        ),
        pytest.param(
            down("orders-once"),
            (claim("orders-once", "no_stampede", accepted_until=DAY, at_most=0, per="1s"),),
            Status.FAIL,
            id="a risk that is not about access",
        ),
        pytest.param(
            down("orders-once").up("orders-once", 0, 20).login("orders-once", 8),
            (ACCEPTED,),
            Status.FAIL,
            id="an accepted risk that passes after all",
        ),
        pytest.param(down(reasons=("vault is sealed",)), (), Status.FAIL, id="no workload at all"),
        pytest.param(down("orders-once", ending="stopped"), (), Status.INCONCLUSIVE, id="no time to recover"),
        pytest.param(run().fault(5, 7).end(20), (), Status.INCONCLUSIVE, id="not checked"),
    ],
)
def test_steady_state_after(history: Run, claims: tuple[Claim, ...], status: Status) -> None:
    assert run_result(history.judge(*claims), "steady_after").status is status


def test_workloads_down_as_an_accepted_risk_are_named() -> None:
    result = run_result(down("orders-once").judge(ACCEPTED), "steady_after")
    assert result.finding.summary == "down after the last undo, as an accepted risk: orders-once"


@pytest.mark.parametrize("ending", ["stopped", "interrupted", "crashed"])
def test_a_run_that_broke_off_never_passes(ending: str) -> None:
    history = run().fault(5, 7).up("orders", 0, 20).steady_after(19).end(20, ending)
    judged = history.judge(claim("orders", "stays_available"))
    assert judged.results[0].status is Status.PASS
    assert judged.outcome is INCONCLUSIVE


def test_a_run_without_end_or_engine_never_passes() -> None:
    unended = run().fault(5, 7).up("orders", 0, 20).steady_after(19)
    assert run_result(unended.judge(), "run_completed").status is Status.INCONCLUSIVE
    lost = good().engine_lost(40).judge(claim("orders", "stays_available", max_outage="5s"))
    assert run_result(lost, "engine_held").status is Status.INCONCLUSIVE
    assert lost.outcome is INCONCLUSIVE


def test_the_condition_that_stopped_the_run_is_named() -> None:
    history = good().add(e.StopTripped(t=15, condition="any workload down for 120s", **STAMP))
    assert "any workload down for 120s" in run_result(history.judge(), "run_completed").finding.summary


@pytest.mark.parametrize(("t", "status"), [(4.9, Status.PASS), (5, Status.INCONCLUSIVE), (19, Status.INCONCLUSIVE)])
def test_a_jump_of_the_clock_from_the_first_inject_on_makes_the_run_inconclusive(t: float, status: Status) -> None:
    assert run_result(good().clock_jump(t).judge(), "clock_steady").status is status


@pytest.mark.parametrize("t", [3, 20.5])
def test_output_that_was_not_read_whole_may_hold_a_leak(t: float) -> None:
    """Also of the last words, which come after all that workloads are judged by."""
    assert run_result(good().gap(t, "logs", "orders").judge(), "no_leak").status is Status.INCONCLUSIVE
    assert run_result(good().gap(t, "docker-events").judge(), "no_leak").status is Status.PASS
    assert run_result(good().gap(t, "vault-audit", "vault", entry=True).judge(), "no_leak").status is Status.PASS
    assert run_result(good().gap(t, "logs", "orders").leak("billing", 21).judge(), "no_leak").status is Status.FAIL


def test_leaks_fail_the_run_unless_accepted() -> None:
    accepted = claim("orders", "no_secret_leak", accepted_until=DAY)
    assert run_result(good().leak("orders", 21).judge(), "no_leak").status is Status.FAIL
    assert run_result(good().leak("", 21).judge(accepted), "no_leak").status is Status.FAIL
    judged = good().leak("orders", 21).judge(accepted)
    assert run_result(judged, "no_leak").status is Status.PASS
    assert judged.outcome is PASS


# The summary of a workload


def summary(history: Run, *claims: Claim) -> object:
    judged = history.judge(*(claims or (claim("orders", "re_authenticates", **BACK),)))
    return judged.workloads[0]


def test_summary_of_one_that_came_back() -> None:
    [told] = good().judge(claim("orders", "re_authenticates", **BACK), claim("orders", "stays_available")).workloads
    assert (told.status, told.how, told.locked_out) == (Status.FAIL, "re-authenticated", False)
    assert told.outage is not None
    assert told.recover is not None
    # lockout injected at 5 and the sample at 5 failed; good again between 7.3 and 7.4
    assert (told.outage.seconds, told.outage.error) == (pytest.approx(2.35), pytest.approx(0.05))
    assert (told.recover.seconds, told.recover.error) == (pytest.approx(0.35), pytest.approx(0.05))
    assert told.detect == Measured(0.0, 0.0)


def test_time_to_detect_has_its_error() -> None:
    history = run().fault(5, 7).up("orders", 0, 6).down("orders", 6, 8).up("orders", 8, 20).end(20)
    [told] = history.judge(claim("orders", "stays_available")).workloads
    assert told.detect is not None
    assert (told.detect.seconds, told.detect.error) == (pytest.approx(0.95), pytest.approx(0.05))


def test_summary_of_one_that_was_unaffected() -> None:
    [told] = run().fault(5, 7).up("orders", 0, 20).end(20).judge(claim("orders", "stays_available")).workloads
    assert (told.how, told.outage, told.detect) == ("unaffected", Measured(0, 0), None)
    assert told.recover == Measured(0, 0)


def test_summary_of_one_that_was_locked_out() -> None:
    history = run().fault(5, 7).login("orders", 1).up("orders", 0, 5).down("orders", 5, 20).end(20)
    [told] = history.judge(claim("orders", "re_authenticates", **BACK)).workloads
    assert (told.how, told.locked_out, told.recover) == ("locked out", True, None)
    assert told.outage == Measured(pytest.approx(15), 0)


def test_recovery_is_unknown_without_a_sample_since_the_undo() -> None:
    [told] = run().fault(5, 7).up("orders", 0, 6).end(20).judge(claim("orders", "stays_available")).workloads
    assert told.recover is None


def test_summary_of_one_without_samples() -> None:
    [told] = run().fault(5, 7).end(20).judge(claim("orders", "stays_available")).workloads
    assert (told.how, told.outage, told.recover, told.status) == ("not sampled", None, None, Status.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("history", "how"),
    [
        pytest.param(
            run().fault(5, 7).up("orders", 0, 5).up("orders", 5, 7, path="cached").up("orders", 7, 20)
            .login("orders", 7.5), "served cached, re-authenticated", id="cached",
        ),
        pytest.param(
            run().fault(5, 9).login("orders", 1).login("orders", 6, at="vault-secondary").up("orders", 0, 20),
            "failed over to vault-secondary", id="failed over",
        ),
        pytest.param(
            run().fault(5, 9).break_glass(6, 8).access("orders", 6.5, via="break-glass").up("orders", 0, 20),
            "break-glass", id="break-glass",
        ),
        pytest.param(
            run().fault(5, 9).up("orders", 0, 5).down("orders", 5, 9).up("orders", 9, 20)
            .container("orders", 6, "die").container("orders", 6.1, "start").container("orders", 7, "start"),
            "restarted 2 times", id="restarted",
        ),
        pytest.param(
            run().fault(5, 9).up("orders", 0, 5).down("orders", 5, 20).container("orders", 6, "die", exit_code=1),
            "exited with code 1, locked out", id="exited",
        ),
        pytest.param(
            run().fault(5, 9).up("orders", 0, 5).down("orders", 5, 9).up("orders", 9, 20), "recovered", id="recovered"
        ),
    ],
)  # fmt: skip
def test_how(history: Run, how: str) -> None:
    [told] = history.end(20).judge(claim("orders", "stays_available")).workloads
    assert told.how == how


@given(
    back=st.floats(7.3, 15),
    phase=st.floats(0, 0.1),
)
def test_the_true_time_to_recover_is_within_the_estimate_and_its_error(back: float, phase: float) -> None:
    history = run().fault(5, 7)
    for n in range(199):
        t = phase + 0.1 * n
        history.sample("orders", t, not 5 <= t < back)
    [told] = history.end(20).judge(claim("orders", "stays_available")).workloads
    assert told.recover is not None
    assert abs(told.recover.seconds - (back - 7)) <= told.recover.error + 1e-9
    assert told.recover.error <= 0.05 + 1e-9


# The registry

ALL = (
    "blast_radius",
    "break_glass_intact",
    "fails_closed",
    "fails_over",
    "keeps_serving_cached",
    "no_secret_leak",
    "no_stampede",
    "re_authenticates",
    "recovers_without_restart",
    "revoked_within",
    "stays_available",
    "uses_break_glass",
)


def test_expectations_are_found() -> None:
    assert registry.names() == ALL
    for name in ALL:
        found = registry.get(name)
        assert found.name == name
        assert found.summary.endswith(".")
        assert issubclass(found.Args, ExpectationArgs)


def test_an_unknown_expectation_suggests_one() -> None:
    with pytest.raises(LookupError, match="unknown expectation 'stay_available', did you mean 'stays_available'"):
        registry.get("stay_available")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("re_authenticates", {}),
        ("re_authenticates", {"within": 10}),
        ("re_authenticates", {"within": "0s"}),
        ("re_authenticates", {"within": "10s", "after": "lunch"}),
        ("re_authenticates", {"within": "10s", "fault": True}),
        ("stays_available", {"max_outage": "5s", "typo": 1}),
        ("no_stampede", {"at_most": "3", "per": "1s"}),
        ("no_stampede", {"at_most": -1, "per": "1s"}),
        ("fails_over", {"within": "5s"}),
        ("revoked_within", {}),
    ],
)
def test_arguments_are_strict(name: str, args: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        registry.get(name).Args.model_validate(args)


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("stays_available", {}, "no outage"),
        ("stays_available", {"max_outage": "2s"}, "no outage over 2s"),
        ("keeps_serving_cached", {"for": "30s"}, "for 30s after inject"),
        ("re_authenticates", {"within": "10s", "login": True}, "within 10s after inject, by a new login"),
        ("fails_over", {"to": "vault-b", "within": "5s"}, "to vault-b within 5s after inject"),
        ("no_stampede", {"at_most": 3, "per": "1s"}, "at most 3 attempts per 1s"),
        ("revoked_within", {"limit": "5s"}, "within 5s after inject"),
    ],
)
def test_limits_in_words(name: str, args: dict[str, object], words: str) -> None:
    assert registry.get(name).Args.model_validate(args).in_words() == words


def test_the_registry_itself_loads_nothing_heavy() -> None:
    code = "import sys, harness.checks.registry; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_each_status_contributes() -> None:
    judged = good().judge(claim("orders", "stays_available", accepted_until=DAY))
    assert outcome_of(judged.results[0]) is PASS
