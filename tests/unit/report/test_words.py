from __future__ import annotations

import pytest

from harness.checks.judgement import Measured, Status, WorkloadSummary
from harness.checks.verdict import Outcome
from harness.history import events as ev
from harness.report import narrative, words
from tests.unit.report.builders import RISK, WALL, fault, judgement, phase, report, result, timeline


@pytest.mark.parametrize(
    ("seconds", "error", "text"),
    [
        (1.2, 0.1, "1.2 s ± 0.1 s"),
        (1.23, 0.103, "1.2 s ± 0.1 s"),
        (1.23, 0.12, "1.2 s ± 0.2 s"),
        (25.0, 0.2, "25.0 s ± 0.2 s"),
        (1.234, 0.02, "1.23 s ± 0.02 s"),
        (0.0123, 0.001, "0.012 s ± 0.001 s"),
        (2.5, 0.0, "2.5 s"),
        (0.0, 0.0, "0 s"),
        (125.3, 1.0, "125.3 s ± 1.0 s"),
    ],
)
def test_measured_times_carry_their_error(seconds: float, error: float, text: str) -> None:
    assert words.plus_minus(Measured(seconds, error)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (38.42, "38.4 s"),
        (119.9, "119.9 s"),
        (120, "2 min 00 s"),
        (125.4, "2 min 05 s"),
        (3720, "1 h 02 min"),
    ],
)
def test_long_times_lose_what_nobody_needs(value: float, text: str) -> None:
    assert words.span(value) == text


def summary(**more: object) -> WorkloadSummary:
    return WorkloadSummary("orders", Status.PASS, "", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("workload", "outage", "recover"),
    [
        (summary(), "no data", "no data"),
        (summary(outage=Measured(0, 0), recover=Measured(0, 0)), "none", "–"),
        (summary(outage=Measured(2, 0.1), recover=Measured(0, 0)), "2.0 s ± 0.1 s", "before undo"),
        (summary(outage=Measured(2, 0.1), recover=Measured(1, 0.1)), "2.0 s ± 0.1 s", "1.0 s ± 0.1 s"),
        (summary(outage=Measured(9, 0.1), locked_out=True), "9.0 s ± 0.1 s", "never"),
    ],
)
def test_a_workload_in_words(workload: WorkloadSummary, outage: str, recover: str) -> None:
    assert (words.outage(workload), words.time_to_recover(workload)) == (outage, recover)


def test_cleaned_text_cannot_steer_a_terminal() -> None:
    assert words.clean("a\x1b[31m\tb\n c\u202e") == "a\ufffd[31m b c\ufffd"


def test_ascii_keeps_the_meaning_of_signs() -> None:
    assert words.to_ascii("✔ 1.2 s ± 0.1 s – é") == "+ 1.2 s +/- 0.1 s - ?"


OK = result(Status.PASS)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (judgement(OK), "The one claim holds."),
        (
            judgement(OK, OK, result(Status.ACCEPTED, "a"), result(Status.ACCEPTED, "b")),
            "All 2 claims hold; 2 accepted risks.",
        ),
        (judgement(OK, result(Status.FAIL)), "1 of 2 claims does not hold."),
        (judgement(OK, result(Status.FAIL), result(Status.FAIL)), "2 of 3 claims do not hold."),
        (judgement(OK, run=(result(Status.FAIL, ""),)), "1 check of the run itself failed."),
        (judgement(OK, result(Status.INCONCLUSIVE)), "Nothing is proven: 1 finding inconclusive."),
        (
            judgement(result(Status.FAIL), run=(result(Status.INCONCLUSIVE, ""),)),
            "1 of 1 claim does not hold; 1 finding inconclusive.",
        ),
        (judgement(OK, result(Status.DEGRADED)), "All 2 claims hold; 1 only through break-glass."),
        (judgement(outcome=Outcome.INCONCLUSIVE), "Nothing is proven: no claim was judged."),
        (judgement(result(Status.ACCEPTED)), "No claim beyond the accepted risks; 1 accepted risk."),
        (judgement(OK, result(Status.ACCEPTED_PASSES)), "The one claim holds; 1 accepted risk no longer needed."),
        (judgement(OK, outcome=Outcome.FAIL), "The run failed."),
        (judgement(OK, result(Status.FAIL, accepted_risk=RISK)), "1 of 2 claims does not hold."),
    ],
)
def test_the_verdict_in_words(found: object, sentence: str) -> None:
    assert narrative.verdict_sentence(found) == sentence  # type: ignore[arg-type]


def test_an_accepted_risk_stands_as_long_as_one_of_its_claims_fails() -> None:
    partly = judgement(result(Status.ACCEPTED), result(Status.ACCEPTED_PASSES, expectation="fails_closed"))
    [risk] = narrative.accepted_risks(partly.results)
    assert not risk.passes
    assert [found.expectation for found in risk.failing] == ["re_authenticates"]


def test_the_explanation_tells_what_steps_waited_for() -> None:
    def met(t: float, fault_id: str, action: str, condition: str) -> list[ev.AnyEvent]:
        fields = {"fault_id": fault_id, "action": action, "condition": condition, "evidence": "seen"}
        return [ev.ConditionMet(t=t, wall=WALL, source="conductor", **fields)]

    run = timeline(
        [phase(0.0, "baseline")],
        fault(2.0, 7.0),
        met(6.9, "timeline.0", "end", "token-expired: orders"),
        met(7.5, "timeline.1", "begin", "workload-up: orders"),
        met(7.6, "timeline.9", "end", "of a step that never began"),
        fault(8.0, 9.0, "timeline.1", name="vault-slow"),
    )
    told = narrative.explanation(report(view=run))
    assert "vault-sealed on vault began at 2.0 s and lasted 5.0 s (until token-expired: orders); " in told
    assert "vault-slow on vault began at 8.0 s (with workload-up: orders) and lasted 1.0 s." in told


def test_the_explanation_tells_what_was_done() -> None:
    assert narrative.explanation(report()) == (
        "Vault is sealed for 20 s. In this run, vault-sealed on vault began at 2.0 s and lasted 5.0 s. "
        "lockout asked 2 workloads to do real work every 100 ms and judged 2 claims from the recorded history, "
        "1 of them under an accepted risk."
    )
