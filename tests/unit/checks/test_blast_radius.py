"""Predicted against observed blast radius: whom a fault locks out, and whether that is whom it was to lock out."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import structs
from pydantic import ValidationError

from harness.checks.args import Around
from harness.checks.blast_radius import Args
from harness.checks.judgement import Observed, RadiusRow, Status
from harness.domains.model import Fate
from harness.history.events import PlannedLoss, PredictedFate, RadiusPredicted
from tests.unit.checks.histories import DAY, FAIL, INCONCLUSIVE, PASS, Run, claim, run, run_result


def safe(workload: str, by: str = "primary") -> PredictedFate:
    return PredictedFate(workload=workload, fate="safe", by=by)


def degraded(workload: str, by: str = "cached", spare: float | None = None) -> PredictedFate:
    return PredictedFate(workload=workload, fate="degraded", by=by, spare=spare)


def out(workload: str, without: float = 6.0, after: float = 0.0) -> PredictedFate:
    return PredictedFate(workload=workload, fate="locked-out", without=without, after=after)


def sealed(*fates: PredictedFate, lasts: float = 6.0) -> Run:
    """Vault is sealed from 5 to 11."""
    return run().predicted(*fates, lasts=lasts).fault(5, 11)


def row_of(history: Run, workload: str = "orders") -> RadiusRow:
    [row] = [row for row in history.judge().radius if row.workload == workload]
    return row


AS_PREDICTED = {"as": "predicted"}


# What was observed


@pytest.mark.parametrize(
    ("back", "observed", "words"),
    [
        (11.1, Observed.LOCKED_OUT, "locked out for 6.0 s"),
        (7.2, Observed.LOCKED_OUT, "locked out for 2.1 s"),
        (7.1, Observed.SURVIVED, "survived, without access for 2.0 s"),  # exactly the longest gap
    ],
)
def test_a_gap_of_up_to_two_seconds_is_no_lock_out(back: float, observed: Observed, words: str) -> None:
    history = sealed().up("orders", 0, 5.1).down("orders", 5.1, back).up("orders", back, 20).end(20)
    row = row_of(history)
    assert (row.observed, row.observed_words) == (observed, words)


def test_a_scenario_says_how_long_a_gap_may_be() -> None:
    history = sealed(out("orders")).up("orders", 0, 5).down("orders", 5, 8).up("orders", 8, 20).end(20)
    assert history.check("", "blast_radius", at_most=0).outcome is FAIL
    assert history.check("", "blast_radius", at_most=0, max_outage="3s").outcome is PASS
    judged = history.judge(claim("", "blast_radius", at_most=0, max_outage="3s"))
    assert judged.radius[0].observed is Observed.SURVIVED


def test_without_a_failed_sample_it_survived() -> None:
    row = row_of(sealed().up("orders", 0, 20, path="primary").end(20))
    assert (row.observed, row.observed_words) == (Observed.SURVIVED, "survived")


def test_access_lost_after_the_undo_is_another_matter_and_is_told() -> None:
    history = sealed().up("orders", 0, 11.2).down("orders", 11.2, 20).end(20)
    row = row_of(history)
    assert (row.observed, row.observed_words) == (Observed.SURVIVED, "survived, and lost access after the undo")
    assert history.check("", "blast_radius", at_most=0).outcome is PASS


def test_an_outage_that_began_at_the_undo_or_before_counts_whole() -> None:
    history = sealed().up("orders", 0, 11).down("orders", 11, 14).up("orders", 14, 20).end(20)
    assert row_of(history).observed_words == "locked out for 3.0 s"


def test_what_happens_in_an_instant_is_on_to_the_end() -> None:
    def revoked(instant: bool) -> Run:
        history = run().fault(5, 5.1, "token-revoked", instant=instant)
        return history.up("orders", 0, 9).down("orders", 9, 14).up("orders", 14, 20).end(20)

    assert row_of(revoked(True)).observed is Observed.LOCKED_OUT
    assert row_of(revoked(False)).observed is Observed.SURVIVED


def test_an_outage_that_goes_on_into_the_next_fault_counts() -> None:
    history = run().fault(2, 3).fault(8, 10).up("orders", 0, 5).down("orders", 5, 9).up("orders", 9, 20).end(20)
    assert row_of(history).observed_words == "locked out for 4.0 s"
    before = run().fault(2, 3).fault(8, 10).up("orders", 0, 4).down("orders", 4, 7).up("orders", 7, 20).end(20)
    assert row_of(before).observed is Observed.SURVIVED


@pytest.mark.parametrize("path", ["cached", "secondary", "break-glass", "fallback"])
def test_who_has_access_by_another_path_is_degraded(path: str) -> None:
    history = sealed().break_glass(5, 11).up("orders", 0, 6, path="primary").up("orders", 6, 9, path=path)
    row = row_of(history.up("orders", 9, 20, path="primary").end(20))
    assert (row.observed, row.observed_words) == (Observed.DEGRADED, f"degraded: through {path}")


def test_a_login_elsewhere_tells_of_a_way_that_the_workload_does_not_name() -> None:
    history = (
        sealed().login("orders", 1).login("orders", 7, at="vault-secondary").login("billing", 1).up("orders", 0, 20)
    )
    assert row_of(history.end(20)).observed_words == "degraded: through vault-secondary"


def test_another_path_before_or_after_the_fault_says_nothing() -> None:
    history = sealed().up("orders", 0, 4.9, path="cached").up("orders", 4.9, 11.2).up("orders", 11.2, 20, path="cached")
    assert row_of(history.end(20)).observed is Observed.SURVIVED


def test_break_glass_that_nobody_opened_fails_open() -> None:
    history = sealed(safe("orders")).up("orders", 0, 20).access("orders", 7, via="break-glass").end(20)
    row = row_of(history)
    assert row.observed is Observed.FAILED_OPEN
    assert row.observed_words == "failed open: ledger granted it break-glass that nobody had opened"
    opened = sealed().break_glass(6, 9).up("orders", 0, 20, path="primary").access("orders", 7, via="break-glass")
    assert row_of(opened.end(20)).observed is Observed.DEGRADED
    assert row_of(history.clock_jump(7)).observed is Observed.DEGRADED, "nobody knows what came before what"


def test_access_that_had_to_be_refused_fails_open() -> None:
    history = sealed(out("orders", after=2.0)).up("orders", 0, 20, path="cached").end(20)
    assert row_of(history).observed is Observed.DEGRADED
    judged = history.judge(
        claim("orders", "fails_closed", within="3s", accepted_until=DAY), claim("", "blast_radius", **AS_PREDICTED)
    )
    [row] = judged.radius
    assert row.observed is Observed.FAILED_OPEN
    words = "was predicted locked out after 2s and failed open: had access when it had to be refused"
    assert row.difference == words
    assert judged.results[1].finding.summary == f"orders {words}"


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (sealed().up("orders", 0, 7).up("orders", 9.5, 20).end(20), "was not probed from 6.9 s to 9.5 s"),
        (sealed().up("orders", 0, 4).up("orders", 12, 20).end(20), "no sample of orders from 5.0 s to 11.0 s"),
        (run().fault(5).up("orders", 0, 20).end(20), "the run ended before the fault was undone"),
        (sealed().up("orders", 0, 10).down("orders", 10, 11).end(11), "was without access when the run ended"),
    ],
)
def test_to_have_had_access_takes_samples_all_the_way(history: Run, why: str) -> None:
    row = row_of(history)
    assert row.observed is None
    assert why in row.observed_words
    assert history.check("", "blast_radius", at_most=0).outcome is INCONCLUSIVE


def test_access_lost_is_seen_in_spite_of_missing_samples() -> None:
    history = sealed().up("orders", 0, 5).down("orders", 5, 8).up("orders", 14, 20).end(20)
    assert row_of(history).observed is Observed.LOCKED_OUT
    assert row_of(run().fault(5).up("orders", 0, 5).down("orders", 5, 9).end(9)).observed is Observed.LOCKED_OUT


def test_without_a_fault_there_is_no_radius() -> None:
    history = run().up("orders", 0, 20).break_glass(3, 5).end(20)
    assert history.judge().radius == ()
    finding = history.check("", "blast_radius", at_most=0)
    assert (finding.outcome, finding.summary) == (INCONCLUSIVE, "no fault was injected")


# Predicted against observed


def test_a_hidden_dependency() -> None:
    history = sealed(safe("orders"), safe("reports"))
    history.up("orders", 0, 20).up("reports", 0, 5.1).down("reports", 5.1, 11.3).up("reports", 11.3, 20).end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is FAIL
    assert finding.summary == (
        "reports was predicted safe and was locked out for 6.2 s: a hidden dependency; "
        "declare it under x-lockout access.needs"
    )
    [evidence] = finding.evidence
    assert evidence.text == "reports was locked out for 6.2 s: http 503"


def test_an_undeclared_path() -> None:
    history = sealed(out("billing")).up("billing", 0, 20, path="primary").end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is FAIL
    assert finding.summary == (
        "billing was predicted locked out and survived: an undeclared path, or a need that is none"
    )
    named = sealed(out("billing")).up("billing", 0, 6).up("billing", 6, 20, path="fallback").end(20)
    assert row_of(named, "billing").difference == (
        "was predicted locked out and had access through fallback: an undeclared path, or a need that is none"
    )


def test_both_kinds_are_told_at_once() -> None:
    history = sealed(out("billing"), safe("reports")).up("billing", 0, 20)
    finding = history.up("reports", 0, 5).down("reports", 5, 20).end(20).check("", "blast_radius", **AS_PREDICTED)
    assert finding.summary.startswith("billing was predicted locked out and survived")
    assert "; reports was predicted safe and was locked out for 15.0 s, to the end: a hidden" in finding.summary


def test_a_path_that_does_not_do_what_is_declared() -> None:
    history = (
        sealed(degraded("orders", "secondary")).up("orders", 0, 5.1).down("orders", 5.1, 11.1).up("orders", 11.1, 20)
    )
    assert row_of(history.end(20)).difference == (
        "was predicted degraded by its secondary path and was locked out for 6.0 s: "
        "that path does not do what is declared of it, or needs more than is declared"
    )


@pytest.mark.parametrize(
    ("told", "path", "failing"),
    [
        (safe("orders"), "primary", 0.0),
        (safe("orders"), "cached", 0.0),  # whose radius it is in does not change
        (degraded("orders"), "primary", 0.0),
        (degraded("orders"), "cached", 1.0),
        (out("orders"), "primary", 6.0),
    ],
)
def test_as_predicted(told: PredictedFate, path: str, failing: float) -> None:
    history = sealed(told).up("orders", 0, 5, path=path).down("orders", 5, 5 + failing)
    history.up("orders", 5 + failing, 20, path=path).end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    who = "orders was locked out, and nobody else" if failing > 2 else "nobody was locked out"
    assert (finding.outcome, finding.summary) == (PASS, f"as predicted, {who}")
    assert row_of(history).difference == ""


def test_who_has_no_prediction_is_not_compared() -> None:
    unknown = PredictedFate(workload="payments", why="declares no access paths")
    history = sealed(safe("orders"), unknown).up("orders", 0, 20).down("payments", 0, 20).end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is PASS
    assert finding.summary.endswith("not compared: payments (declares no access paths)")
    row = row_of(history, "payments")
    assert (row.predicted, row.predicted_words, row.remark) == (None, "no prediction", "declares no access paths")
    assert history.check("", "blast_radius", at_most=0).outcome is FAIL, "it was locked out all the same"


def test_nothing_predicted_is_nothing_proven() -> None:
    unknown = PredictedFate(workload="orders", why="token-revoked on vault changes what is held there")
    finding = sealed(unknown).up("orders", 0, 20).end(20).check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is INCONCLUSIVE
    assert finding.summary == "nothing is predicted; orders: token-revoked on vault changes what is held there"


def test_a_history_from_before_there_were_predictions_can_be_judged() -> None:
    history = run().fault(5, 11).up("orders", 0, 5).down("orders", 5, 20).end(20)
    row = row_of(history)
    assert (row.predicted, row.remark) == (None, "the run was recorded without one")
    assert row.observed is Observed.LOCKED_OUT
    assert history.check("", "blast_radius", **AS_PREDICTED).outcome is INCONCLUSIVE
    assert history.check("", "blast_radius", at_most=0).outcome is FAIL


def test_who_was_to_be_probed_and_was_not_cannot_be_told() -> None:
    history = sealed(safe("orders"), safe("reports")).up("orders", 0, 20).end(20)
    assert row_of(history, "reports").observed is None
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is INCONCLUSIVE
    assert finding.summary.startswith("reports: cannot be told: no sample of reports")


# What a difference takes


def test_an_undeclared_path_takes_a_fault_that_bit() -> None:
    history = run().predicted(out("orders")).fault(5, 11, observed=False).up("orders", 0, 20).end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert (finding.outcome, finding.summary) == (INCONCLUSIVE, "orders: vault-sealed on vault was not seen to bite")
    other = run().predicted(out("orders")).up("orders", 0, 20)
    other.faults = 1
    finding = other.fault(5, 11).end(20).check("", "blast_radius", **AS_PREDICTED)
    assert (finding.outcome, finding.summary) == (INCONCLUSIVE, "orders: timeline.0 was never injected")


@pytest.mark.parametrize(("without", "outcome"), [(3.9, INCONCLUSIVE), (4.0, FAIL)])
def test_a_lock_out_that_was_to_be_short_cannot_be_missed(without: float, outcome: object) -> None:
    history = sealed(out("orders", without)).up("orders", 0, 20, path="primary").end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is outcome
    assert ("too short to tell" in finding.summary) == (outcome is INCONCLUSIVE)


@pytest.mark.parametrize(("without", "outcome"), [(57.9, INCONCLUSIVE), (58.0, FAIL)])
def test_a_fault_that_waited_may_have_been_over_before_anybody_was_locked_out(without: float, outcome: object) -> None:
    """It was on for 6 s, and could have been for a minute."""
    history = run().predicted(out("orders", without), lasts=60.0, waits=1).fault(5, 11)
    history = history.up("orders", 0, 20, path="primary").end(20)
    finding = history.check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is outcome
    told = "the longest that the fault could last, and it was over 54.0 s before that"
    assert (told in finding.summary) == (outcome is INCONCLUSIVE)


@pytest.mark.parametrize(("waits", "outcome"), [(0, FAIL), (1, INCONCLUSIVE)])
def test_of_several_faults_that_waited_nobody_knows_whether_they_met(waits: int, outcome: object) -> None:
    history = run().predicted(out("orders", 60.0), waits=waits, others=1).fault(5, 11).fault(12, 18)
    finding = history.up("orders", 0, 20, path="primary").end(20).check("", "blast_radius", **AS_PREDICTED)
    assert finding.outcome is outcome
    assert ("when the faults were on was not known beforehand" in finding.summary) == bool(waits)


@pytest.mark.parametrize("path", ["primary", "cached", ""])
def test_a_cached_path_may_last_longer_than_it_says(path: str) -> None:
    history = sealed(out("orders", 4.0, after=2.0)).up("orders", 0, 20, path=path).end(20)
    assert history.check("", "blast_radius", **AS_PREDICTED).outcome is PASS
    assert row_of(history).remark == "its cached path lasted longer than the 2s declared"


def test_but_it_excuses_no_other_path() -> None:
    history = (
        sealed(out("orders", 4.0, after=2.0)).up("orders", 0, 9, path="cached").up("orders", 9, 20, path="fallback")
    )
    assert row_of(history.end(20)).difference.endswith(
        "had access through cached, fallback: an undeclared path, or a need that is none"
    )


def test_nor_one_whom_the_lost_component_went_on_serving() -> None:
    def at(t: float, **more: object) -> RadiusRow:
        history = sealed(out("orders", 4.0, after=2.0)).up("orders", 0, 20, path="primary").renewal("orders", t, **more)
        return row_of(history.end(20))

    assert at(7).difference == "was predicted locked out after 2s and survived: vault went on serving it"
    for elsewhere in (at(4.9), at(11.1), at(7, ok=False), at(7, at="vault-secondary")):
        assert elsewhere.difference == ""
    others = run().predicted(out("orders", 4.0, after=2.0), of=("billing",)).fault(5, 11).up("orders", 0, 20)
    assert row_of(others.renewal("orders", 7).end(20)).difference == "", "it was to be lost to somebody else"
    unheard = run().predicted(out("orders", 4.0, after=2.0), unheard=True).fault(5, 11).up("orders", 0, 20)
    assert row_of(unheard.renewal("orders", 7).end(20)).difference == "", "the workload never knew of it"


@pytest.mark.parametrize(("undo", "settled"), [(11.0, True), (12.0, True), (12.1, False)])
def test_a_fault_that_lasted_longer_than_planned_excuses_a_cache(undo: float, settled: bool) -> None:
    history = run().predicted(degraded("orders", spare=1.0), lasts=6.0).fault(5, undo)
    row = row_of(history.up("orders", 0, 5).down("orders", 5, 9).up("orders", 9, 20).end(20))
    assert row.settled is settled
    assert (row.difference != "") is settled
    assert ("lasted 1.1 s longer than planned" in row.remark) is not settled


def test_it_does_not_excuse_a_path_that_lasts() -> None:
    history = run().predicted(degraded("orders", "secondary"), lasts=6.0).fault(5, 15)
    row = row_of(history.up("orders", 0, 5).down("orders", 5, 9).up("orders", 9, 20).end(20))
    assert row.difference != ""


def test_an_opening_that_waited_may_have_come_earlier_than_was_sure() -> None:
    def through_break_glass(waits: bool) -> RadiusRow:
        history = run().predicted(out("orders")).fault(5, 11).break_glass(5.5, 11)
        [told] = [event for event in history.events if isinstance(event, RadiusPredicted)]
        opening = PlannedLoss(fault_id="timeline.1", lasts=5.5, waits=waits)
        history.events[history.events.index(told)] = structs.replace(told, faults=(*told.faults, opening))
        return row_of(history.up("orders", 0, 6).up("orders", 6, 20, path="break-glass").end(20))

    assert through_break_glass(True).difference == ""
    assert not through_break_glass(True).settled
    assert "had access through break-glass" in through_break_glass(False).difference


def test_a_cache_that_outlived_a_fault_that_waited_lasted_long_enough() -> None:
    history = run().predicted(out("orders", 50.0, after=10.0), lasts=60.0, waits=1).fault(5, 11).up("orders", 0, 20)
    row = row_of(history.end(20))
    assert (row.remark, row.settled, row.difference) == ("its cached path lasted as long as it had to", True, "")


# Only some, at most so many


def estate(*locked_out: str, unknown: tuple[str, ...] = ()) -> Run:
    history = sealed()
    for name in ("billing", "orders", "reports"):
        history.up(name, 0, 5)
        if name not in unknown:
            (history.down if name in locked_out else history.up)(name, 5, 11)
        history.up(name, 11, 20)
    return history.end(20)


@pytest.mark.parametrize(
    ("history", "outcome", "summary"),
    [
        (estate("orders"), PASS, "orders was locked out"),
        (estate(), PASS, "nobody was locked out"),
        (estate("orders", "reports"), FAIL, "reports was locked out, not only billing and orders"),
        (estate("orders", unknown=("billing",)), PASS, "orders was locked out"),
        (estate("orders", unknown=("reports",)), INCONCLUSIVE, "reports: cannot be told: "),
    ],
)
def test_only(history: Run, outcome: object, summary: str) -> None:
    finding = history.check("", "blast_radius", only=("billing", "orders"))
    assert finding.outcome is outcome
    assert finding.summary.startswith(summary)


@pytest.mark.parametrize(
    ("history", "outcome", "summary"),
    [
        (estate(), PASS, "nobody was locked out"),
        (estate("orders"), PASS, "orders was locked out"),
        (estate("billing", "orders"), FAIL, "billing and orders were locked out: 2, and at most 1 may be"),
        (estate("billing", "orders", "reports"), FAIL, "billing, orders and reports were locked out: 3"),
        (estate("billing", unknown=("orders",)), INCONCLUSIVE, "orders: cannot be told: "),
        (estate("billing", "reports", unknown=("orders",)), FAIL, "billing and reports were locked out: 2"),
        (estate(unknown=("orders",)), PASS, "nobody was locked out"),
    ],
)
def test_at_most(history: Run, outcome: object, summary: str) -> None:
    finding = history.check("", "blast_radius", at_most=1)
    assert finding.outcome is outcome
    assert finding.summary.startswith(summary)


# As a claim of a scenario


def test_a_claim_about_the_run_has_no_workload_and_may_be_an_accepted_risk() -> None:
    def judged(until: date | None) -> tuple[Status, object]:
        history = sealed(safe("reports")).up("reports", 0, 5).down("reports", 5, 11).up("reports", 11, 20)
        found = history.steady_after(19).end(20).judge(claim("", "blast_radius", accepted_until=until, **AS_PREDICTED))
        assert found.workloads == (), "it is no workload"
        assert found.results[0].limit == "as predicted"
        return found.results[0].status, found.outcome

    assert judged(None) == (Status.FAIL, FAIL)
    assert judged(DAY) == (Status.ACCEPTED, PASS)


def test_an_accepted_radius_does_not_excuse_who_is_down_at_the_end() -> None:
    history = sealed(safe("reports")).up("reports", 0, 5).down("reports", 5, 20).steady_after(19, "reports").end(20)
    judged = history.judge(claim("", "blast_radius", accepted_until=DAY, **AS_PREDICTED))
    assert run_result(judged, "steady_after").status is Status.FAIL


def test_claims_stay_in_the_order_of_the_scenario() -> None:
    history = sealed(safe("orders")).up("orders", 0, 20).end(20)
    judged = history.judge(claim("", "blast_radius", at_most=0), claim("orders", "stays_available"))
    assert [result.expectation for result in judged.results] == ["blast_radius", "stays_available"]
    assert [row.predicted for row in judged.radius] == [Fate.SAFE]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"as": "predicted"}, "as predicted"),
        ({"only": ("billing", "orders")}, "only billing, orders"),
        ({"at_most": 2}, "at most 2"),
        ({"at_most": 2, "max_outage": "5s"}, "at most 2, not counting outages of 5s"),
    ],
)
def test_the_claim_in_words(args: dict[str, object], words: str) -> None:
    assert Args.model_validate(args).in_words() == words


def test_predicted_alone_is_short() -> None:
    assert Args.model_validate("predicted") == Args.model_validate({"as": "predicted"})


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("foretold", "expected 'predicted', or a mapping with 'only' or 'at_most', not 'foretold'"),
        ({}, "needs exactly one of 'as', 'only' and 'at_most', but there is none of them"),
        ({"max_outage": "3s"}, "but there is none of them"),
        ({"only": ("orders",), "at_most": 1}, "but there is 'only' and 'at_most'"),
        ({"as": "predicted", "at_most": 1}, "but there is 'as' and 'at_most'"),
        ({"at_most": -1}, "greater than or equal to 0"),
        ({"at_most": True}, "valid integer"),
        ({"as": "planned"}, "Input should be 'predicted'"),
        ({"typo": 1}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_arguments_are_refused(args: object, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Args.model_validate(args)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("args", "workloads", "unpredicted", "expected"),
    [
        ({"at_most": 1}, ("a", "b"), "", []),
        ({"at_most": 2}, ("a", "b"), "", [("at_most", "can never fail: there are 2 workloads")]),
        ({"at_most": 1}, ("a",), "", [("at_most", "can never fail: there is 1 workload")]),
        ({"only": ("a",)}, ("a", "b"), "", []),
        (
            {"only": ("a", "b")},
            ("a", "b"),
            "",
            [("only", "can never fail: these are all the workloads that there are")],
        ),
        ({"as": "predicted"}, ("a",), "", []),
        ({"as": "predicted"}, ("a",), "it", [("", "can never be settled, for nothing is predicted; it")]),
        ({"at_most": 0}, ("a",), "it", []),
    ],
)
def test_a_claim_that_nothing_could_break_or_settle_is_told(
    args: dict[str, object], workloads: tuple[str, ...], unpredicted: str, expected: list[tuple[str, str]]
) -> None:
    assert list(Args.model_validate(args).pointless(Around(workloads, unpredicted))) == expected
