"""Sensitivity and specificity, from summaries made by hand. What is not decided is not right, on either side."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.report.summary import ResultPart, RunSummary
from tests.corpus.score import score
from tests.corpus.stated import Entry
from tests.corpus.table import table
from tests.unit.corpus.test_corpus import entry

OUTAGE = entry("outage", orders="re_authenticates=pass no_stampede=pass", fragile="no_stampede=fail")
CORPUS = {"outage": OUTAGE}


def result(workload: str, expectation: str, outcome: str, status: str = "") -> ResultPart:
    return ResultPart(
        workload=workload,
        expectation=expectation,
        limit="",
        status=status or outcome,
        outcome=outcome,
        summary=f"said to {outcome}",
        evidence=(),
        accepted_risk=None,
        controls=(),
    )


def run(*results: ResultPart, scenario: str = "outage", of_the_run: str = "pass") -> RunSummary:
    return RunSummary(
        run=f"run-of-{scenario}",
        scenario=scenario,
        summary="",
        verdict="pass",
        verdict_words="",
        exit_code=0,
        started=datetime(2026, 11, 22, tzinfo=UTC),
        duration=1.0,
        seed=1,
        plan_hash="",
        lockout="",
        engine="",
        host="",
        rejudge="",
        workloads=(),
        results=results,
        run_results=(result("", "fault_observed", of_the_run),),
        faults=(),
        images=(),
    )


def found(orders: str = "pass", stampede: str = "pass", fragile: str = "fail", of_the_run: str = "pass") -> RunSummary:
    return run(
        result("orders", "re_authenticates", orders),
        result("orders", "no_stampede", stampede),
        result("fragile", "no_stampede", fragile, "accepted" if fragile == "fail" else ""),
        of_the_run=of_the_run,
    )


def test_all_right() -> None:
    whole = score(CORPUS, ["outage"], [found()])
    assert whole.perfect
    assert (whole.sensitivity, whole.specificity) == (1.0, 1.0)
    assert (len(whole.planted), len(whole.sound)) == (1, 2)


@pytest.mark.parametrize("got", ["pass", "inconclusive"])
def test_a_mistake_that_is_not_found(got: str) -> None:
    whole = score(CORPUS, ["outage"], [found(fragile=got)])
    assert (whole.sensitivity, whole.specificity, whole.perfect) == (0.0, 1.0, False)
    (miss,) = whole.misses
    assert (str(miss.claim), miss.got) == ("outage: fragile no_stampede", got)


@pytest.mark.parametrize("got", ["fail", "inconclusive"])
def test_a_sound_workload_that_is_accused_or_left_open(got: str) -> None:
    whole = score(CORPUS, ["outage"], [found(orders=got)])
    assert (whole.sensitivity, whole.specificity, whole.perfect) == (1.0, 0.5, False)


def test_a_failure_counts_whether_or_not_somebody_accepts_it() -> None:
    accepted, plain = found(), found()
    plain = run(*plain.results[:2], result("fragile", "no_stampede", "fail"))
    assert score(CORPUS, ["outage"], [accepted]).sensitivity == score(CORPUS, ["outage"], [plain]).sensitivity == 1.0


def test_an_accepted_risk_that_passes_is_a_mistake_not_found() -> None:
    lucky = run(*found().results[:2], result("fragile", "no_stampede", "pass", "accepted-passes"))
    assert score(CORPUS, ["outage"], [lucky]).sensitivity == 0.0


def test_a_run_that_gave_nothing_is_wrong_about_everything() -> None:
    whole = score(CORPUS, ["outage"], [run(scenario="another")])
    assert (whole.sensitivity, whole.specificity) == (0.0, 0.0)
    assert {miss.got for miss in whole.misses} == {"no run"}


def test_a_claim_that_the_run_is_silent_about_is_a_miss() -> None:
    whole = score(CORPUS, ["outage"], [run(*found().results[:2])])
    assert [(str(miss.claim), miss.got) for miss in whole.misses] == [("outage: fragile no_stampede", "no run")]


def test_a_result_that_nothing_is_stated_about_is_named() -> None:
    whole = score(CORPUS, ["outage"], [run(*found().results, result("new", "fails_over", "pass"))])
    assert not whole.misses
    assert not whole.perfect
    assert whole.beside == ("outage: new fails_over: pass, and nothing is stated (run-of-outage)",)


@pytest.mark.parametrize("outcome", ["fail", "inconclusive"])
def test_a_run_that_proves_nothing_is_not_perfect_however_its_claims_ended(outcome: str) -> None:
    whole = score(CORPUS, ["outage"], [found(of_the_run=outcome)])
    assert (whole.sensitivity, whole.specificity, whole.perfect) == (1.0, 1.0, False)
    assert "fault_observed of the run" in whole.beside[0]


@pytest.mark.parametrize(("stated", "right"), [("degraded", True), ("pass", False), ("fail", False)])
def test_degraded_is_a_verdict_of_its_own(stated: str, right: bool) -> None:
    corpus = {"outage": entry("outage", orders=f"uses_break_glass={stated}")}
    whole = score(corpus, ["outage"], [run(result("orders", "uses_break_glass", "pass", "degraded"))])
    assert whole.perfect is right


def test_claims_of_one_kind_are_told_apart_by_their_order() -> None:
    corpus = {"outage": entry("outage", orders="a=pass a=fail")}
    assert score(corpus, ["outage"], [run(result("orders", "a", "pass"), result("orders", "a", "fail"))]).perfect
    assert not score(corpus, ["outage"], [run(result("orders", "a", "fail"), result("orders", "a", "pass"))]).perfect


def test_of_several_runs_the_last_counts() -> None:
    assert score(CORPUS, ["outage"], [found(orders="fail"), found()]).perfect


def test_nothing_judged_is_nothing_proven() -> None:
    assert not score(CORPUS, [], []).perfect


def test_the_table_counts_by_group_and_names_every_miss() -> None:
    corpus: dict[str, Entry] = {**CORPUS, "rotated": entry("rotated", "rotation", reports="stays_available=pass")}
    good = run(result("reports", "stays_available", "pass"), scenario="rotated")
    scores = [
        score(corpus, ["outage", "rotated"], [found(), good]),
        score(corpus, ["outage", "rotated"], [found(fragile="pass", of_the_run="fail"), good]),
    ]
    shown = table(scores, corpus).splitlines()
    rows = {line.split()[0]: " ".join(line.split()) for line in shown if line and not line.startswith(" ")}
    assert rows["rotation"] == "rotation 1 0 of 0 2 of 2"
    assert rows["vault"] == "vault 1 1 of 2 4 of 4"
    assert rows["all"] == "all 2 1 of 2 6 of 6"
    assert "sensitivity 50.0%, specificity 100.0%, 2 times" in shown
    assert "  time 2: outage: fragile no_stampede: fail is right, got pass: said to pass (run-of-outage)" in shown
    assert sum(line.startswith("  time 1") for line in shown) == 0
