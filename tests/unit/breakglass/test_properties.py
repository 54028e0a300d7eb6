"""The thirteen properties without the evidence that they take, and the first six of them both ways."""

from __future__ import annotations

import pytest

from harness.breakglass.card import judge_card
from harness.breakglass.property import properties
from harness.checks.claims import RunClaims
from harness.checks.judge import judge
from harness.checks.judgement import Status
from harness.checks.verdict import Outcome
from harness.history import break_glass as b
from harness.history import events as e
from harness.history.index import History
from tests.unit.breakglass.histories import FAIL, INCONCLUSIVE, PASS, Written, good, names, of


def test_there_are_thirteen_in_the_order_of_the_catalogue() -> None:
    assert [one.number for one in properties()] == list(range(1, 14))
    assert len({one.name for one in properties()}) == 13
    assert all(one.summary for one in properties())


def test_a_drill_in_which_all_is_well() -> None:
    assert good().outcomes() == dict.fromkeys(names(), PASS)


@pytest.mark.parametrize("name", names())
def test_each_holds_with_evidence_or_reason(name: str) -> None:
    row = good().row(name)
    assert row.status is (Status.DEGRADED if name == "works-in-outage" else Status.PASS)
    assert row.finding.summary


@pytest.mark.parametrize("name", names())
def test_without_any_evidence_nothing_is_shown(name: str) -> None:
    bare = good()
    bare.events = [one for one in bare.events if not isinstance(one, b.BreakGlassEvent | b.Witnessed)]
    _declared = next(one for one in good().events if isinstance(one, b.BreakGlassDeclared))
    bare.events.append(_declared)
    assert bare.check(name).outcome is INCONCLUSIVE


@pytest.mark.parametrize("name", names())
def test_a_run_that_broke_off_at_once_shows_nothing(name: str) -> None:
    cut = good()
    cut.events = [one for one in cut.events if one.t <= 9]
    assert cut.check(name).outcome is INCONCLUSIVE


def test_no_single_kind_of_evidence_can_be_missing_unnoticed() -> None:
    """Without whichever kind, at least one property does not pass any more; the rest never fails for it."""
    telling = (
        b.ShelfLooked, b.HoldersTried, b.HostTouched, b.BreakGlassOpened, b.LifetimeRead, b.ActionTried,
        b.WorkloadTried, b.CredentialLooked, b.BreakGlassClosing, b.RemainderLooked, b.PlaceSearched, b.BreakGlassBegun,
    )  # fmt: skip
    for kind in telling:
        outcomes = good().drop(kind).outcomes()
        assert INCONCLUSIVE in outcomes.values(), kind.__name__
        assert FAIL not in outcomes.values(), kind.__name__


def test_a_history_of_no_drill_has_no_card() -> None:
    assert judge_card(History.from_events([])) is None


def test_a_check_that_crashes_has_shown_nothing() -> None:
    found = good().declared(kept=("only one place",)).check("stored-apart", crashes=True)
    assert found.outcome is INCONCLUSIVE


def test_the_card_is_part_of_the_judgement_and_its_worst_row_decides() -> None:
    claims = RunClaims((), ())
    healthy = [*good().events, e.SteadyState(t=0, moment="before", ok=True, wall="", source="")]
    healthy.append(e.SteadyState(t=119, moment="after", ok=True, wall="", source=""))
    assert judge(History.from_events(healthy), claims).outcome is PASS
    bad = [*healthy, b.Witnessed(t=115, wall="", source="", witness="logbook", event="used", text="by carol")]
    judgement = judge(History.from_events(bad), claims)
    assert judgement.outcome is FAIL
    assert judgement.card is not None
    assert [row.property for row in judgement.card.rows if row.status is Status.FAIL] == ["no-everyday-use"]


# 1: isolated


def test_isolated_touching_what_is_lost_fails_whether_or_not_it_answers() -> None:
    for ok in (True, False):
        found = good().seen(b.HostTouched, "without-vault", 32.5, host="vault", by="address", ok=ok)
        assert found.check("isolated").outcome is FAIL
        assert "vault, which was lost" in found.check("isolated").summary


@pytest.mark.parametrize(("t", "outcome"), [(30.05, PASS), (30.1, FAIL), (40.0, FAIL), (40.05, PASS)])
def test_isolated_only_while_it_is_lost(t: float, outcome: Outcome) -> None:
    found = good().seen(b.HostTouched, "without-vault", t, host="vault", by="address", ok=True)
    assert found.check("isolated").outcome is outcome


def test_isolated_a_name_is_no_way_while_there_are_none() -> None:
    found = good().change(b.HostTouched, of("without-names"), by="name")
    assert found.check("isolated").outcome is FAIL
    assert good().change(b.HostTouched, of("without-idp"), by="name").check("isolated").outcome is PASS


@pytest.mark.parametrize("attempt", ["without-vault", "without-idp", "without-names", "without-all"])
def test_isolated_takes_an_attempt_under_each_loss(attempt: str) -> None:
    found = good()
    found.events = [one for one in found.events if getattr(one, "attempt", "") != attempt]
    assert found.check("isolated").outcome is INCONCLUSIVE
    assert found.check("works-in-outage").outcome is INCONCLUSIVE


def test_isolated_a_fault_that_was_not_seen_to_bite_shows_nothing() -> None:
    found = good().drop(e.FaultObserved, lambda event: event.fault_id == "timeline.0").check("isolated")
    assert (found.outcome, "with vault lost" in found.summary) == (INCONCLUSIVE, True)


@pytest.mark.parametrize(("undoing", "outcome"), [(34.0, PASS), (33.9, INCONCLUSIVE)])
def test_isolated_the_loss_has_to_last_to_the_end_of_the_attempt(undoing: float, outcome: Outcome) -> None:
    found = good().change(e.FaultUndoing, lambda event: event.fault_id == "timeline.0", t=undoing)
    assert found.check("isolated").outcome is outcome


@pytest.mark.parametrize(("observed", "outcome"), [(32.0, PASS), (32.1, INCONCLUSIVE)])
def test_isolated_the_loss_has_to_be_seen_before_the_attempt(observed: float, outcome: Outcome) -> None:
    found = good().change(e.FaultObserved, lambda event: event.fault_id == "timeline.0", t=observed)
    assert found.check("isolated").outcome is outcome


@pytest.mark.parametrize(("last", "outcome"), [(39.9, PASS), (40.1, INCONCLUSIVE)])
def test_isolated_an_attempt_that_broke_off_lasted_as_long_as_anything_was_seen_of_it(
    last: float, outcome: Outcome
) -> None:
    cut = good().drop(b.BreakGlassCarriedOut, of("without-vault")).drop(b.BreakGlassClosing, of("without-vault"))
    cut.drop(b.RemainderLooked, of("without-vault"))
    cut.seen(b.HostTouched, "without-vault", last, host="ledger", by="address", ok=True)
    assert cut.check("isolated").outcome is outcome


def foreseen(*losses: e.PlannedLoss) -> Written:
    return good().add(e.RadiusPredicted, 0.1, faults=losses, workloads=())


def test_isolated_what_a_fault_takes_away_is_what_was_foreseen() -> None:
    elsewhere = e.PlannedLoss(fault_id="timeline.9", lost=("idp",))
    assert foreseen(elsewhere).check("isolated").outcome is PASS
    nothing = e.PlannedLoss(fault_id="timeline.0", unforeseen="nobody can tell")
    assert foreseen(nothing).check("isolated").outcome is INCONCLUSIVE
    workloads_only = e.PlannedLoss(fault_id="timeline.0", lost=("vault",), of=("*",))
    assert foreseen(workloads_only).check("isolated").outcome is INCONCLUSIVE
    just_that = e.PlannedLoss(fault_id="timeline.0", lost=("vault",))
    assert foreseen(just_that).check("isolated").outcome is PASS


def test_isolated_says_nothing_of_what_was_not_opened() -> None:
    found = good().change(b.BreakGlassOpened, of("without-vault"), opened=False, words="503")
    assert found.check("isolated").outcome is INCONCLUSIVE


def test_isolated_from_one_component_it_is_lost_alone_without_names_and_together() -> None:
    found = good().declared(isolated_from=("idp",)).check("isolated")
    assert (found.outcome, "idp and names lost" in found.summary) == (INCONCLUSIVE, True)


def test_isolated_names_of_others_are_not_those_of_the_desk() -> None:
    found = good().change(e.FaultInjecting, lambda one: one.fault == "dns-resolver-gone", target="orders")
    assert found.check("isolated").outcome is INCONCLUSIVE


# 2: stored apart


def test_stored_apart_what_is_found_fails() -> None:
    held = ("break-glass/envelope/holder/alice",)
    found = good().change(b.PlaceSearched, lambda one: one.place == "kv of vault", found=held).check("stored-apart")
    assert (found.outcome, "is in the kv of vault" in found.summary) == (FAIL, True)


@pytest.mark.parametrize("label", ["orders-secret-id", "break-glass/envelope-two/holder/alice", "jwt"])
def test_stored_apart_other_secrets_do_not_count(label: str) -> None:
    assert good().change(b.PlaceSearched, found=(label,)).check("stored-apart").outcome is PASS


def test_stored_apart_takes_a_whole_search() -> None:
    where = "environment of orders"
    assert good().drop(b.PlaceSearched, lambda one: one.place == where).check("stored-apart").outcome is INCONCLUSIVE
    broken = good().change(b.PlaceSearched, lambda one: one.place == where, error="no answer").check("stored-apart")
    assert (broken.outcome, "no answer" in broken.summary) == (INCONCLUSIVE, True)
    again = good().change(b.PlaceSearched, lambda one: one.place == where, error="no answer")
    assert again.seen(b.PlaceSearched, "without-all", 104, place=where).check("stored-apart").outcome is PASS


def test_stored_apart_a_find_in_a_broken_search_fails_all_the_same() -> None:
    found = good().change(b.PlaceSearched, found=("ledger-admin-token",), error="broke off")
    assert found.check("stored-apart").outcome is FAIL


def test_stored_apart_two_holders_in_one_place_fail() -> None:
    assert good().declared(kept=("The Safe", "the safe ")).check("stored-apart").outcome is FAIL


def test_stored_apart_nothing_to_search_or_to_search_for_shows_nothing() -> None:
    assert good().declared(stores=()).check("stored-apart").outcome is INCONCLUSIVE
    assert good().declared(secrets=()).check("stored-apart").outcome is INCONCLUSIVE


# 3: closed to workloads


@pytest.mark.parametrize("attempt", ["calm", "without-idp"])
def test_closed_to_workloads_one_that_gets_in_fails(attempt: str) -> None:
    got_in = lambda one: (one.attempt, one.workload) == (attempt, "orders")  # noqa: E731
    found = good().change(b.WorkloadTried, got_in, allowed=True).check("closed-to-workloads")
    assert (found.outcome, "orders got in with its secret" in found.summary) == (FAIL, True)


def test_closed_to_workloads_takes_every_workload_before_and_during() -> None:
    orders = lambda one: one.workload == "orders"  # noqa: E731
    missing = good().drop(b.WorkloadTried, orders).check("closed-to-workloads")
    assert (missing.outcome, "what orders is known by" in missing.summary) == (INCONCLUSIVE, True)
    calm = good().drop(b.WorkloadTried, lambda one: orders(one) and one.attempt == "calm")
    assert "before anything was lost" in calm.check("closed-to-workloads").summary
    during = good().drop(b.WorkloadTried, lambda one: orders(one) and one.attempt != "calm")
    assert "while something was lost" in during.check("closed-to-workloads").summary
    assert during.check("closed-to-workloads").outcome is INCONCLUSIVE


@pytest.mark.parametrize(("t", "outcome"), [(29.9, PASS), (30.0, INCONCLUSIVE)])
def test_closed_to_workloads_before_is_before_the_first_fault(t: float, outcome: Outcome) -> None:
    assert good().change(b.WorkloadTried, of("calm"), t=t).check("closed-to-workloads").outcome is outcome


def test_closed_to_workloads_a_declared_exception_is_told() -> None:
    got_in = good().change(b.WorkloadTried, lambda one: one.workload == "orders", allowed=True)
    found = got_in.declared(also_for=("orders",)).check("closed-to-workloads")
    assert (found.outcome, "orders may use it, as declared" in found.summary) == (PASS, True)


def test_closed_to_workloads_without_workloads_shows_nothing() -> None:
    assert good().declared(workloads=()).check("closed-to-workloads").outcome is INCONCLUSIVE


# 4: scoped


@pytest.mark.parametrize(("wanted", "allowed"), [(False, True), (True, False)])
def test_scoped_what_is_not_as_declared_fails(wanted: bool, allowed: bool) -> None:
    where = lambda one: one.attempt == "without-idp" and one.wanted is wanted  # noqa: E731
    assert good().change(b.ActionTried, where, allowed=allowed).check("scoped").outcome is FAIL


@pytest.mark.parametrize("action", ["write", "read", "wipe"])
def test_scoped_takes_each_action_each_time(action: str) -> None:
    where = lambda one: (one.attempt, one.act) == ("without-all", action)  # noqa: E731
    found = good().drop(b.ActionTried, where).check("scoped")
    assert (found.outcome, action in found.summary) == (INCONCLUSIVE, True)


def test_scoped_without_a_deny_list_shows_nothing() -> None:
    assert good().declared(may_not=()).check("scoped").outcome is INCONCLUSIVE


# 5: works in the outage


@pytest.mark.parametrize(("t", "outcome"), [(37.0, PASS), (37.001, FAIL)])
def test_works_in_outage_exactly_at_the_limit_is_in_time(t: float, outcome: Outcome) -> None:
    where = lambda one: one.attempt == "without-vault" and one.wanted  # noqa: E731
    late = good().change(b.BreakGlassCarriedOut, of("without-vault"), t=38.0)
    assert late.change(b.ActionTried, where, t=t).check("works-in-outage").outcome is outcome


def test_works_in_outage_passes_as_degraded() -> None:
    assert good().check("works-in-outage").degraded


@pytest.mark.parametrize("attempt", ["without-vault", "without-all"])
def test_works_in_outage_what_does_not_open_fails(attempt: str) -> None:
    found = good().change(b.BreakGlassOpened, of(attempt), opened=False, words="503 Vault is sealed")
    assert found.check("works-in-outage").outcome is FAIL
    assert "503 Vault is sealed" in found.check("works-in-outage").summary


def test_works_in_outage_opening_is_not_yet_access() -> None:
    where = lambda one: one.attempt == "without-names" and one.wanted  # noqa: E731
    assert good().change(b.ActionTried, where, allowed=False).check("works-in-outage").outcome is INCONCLUSIVE


def test_works_in_outage_takes_a_clean_container() -> None:
    # Without a desk nobody lost the names either.
    assert good().declared(desk="").check("works-in-outage").outcome is INCONCLUSIVE


def test_works_in_outage_calm_weather_does_not_count() -> None:
    assert good().change(b.BreakGlassOpened, of("calm"), opened=False).check("works-in-outage").outcome is PASS


# 6: two holders


def test_two_holders_one_alone_fails() -> None:
    assert good().declared(holders=("alice",), kept=("safe",)).check("two-holders").outcome is FAIL


def test_two_holders_all_needed_fails() -> None:
    assert good().declared(threshold=2).drop(b.HoldersTried).check("two-holders").outcome is FAIL


@pytest.mark.parametrize(("missing", "there"), [("alice", "bob"), ("bob", "alice")])
def test_two_holders_either_may_be_missing(missing: str, there: str) -> None:
    where = lambda one: one.holders == (there,)  # noqa: E731
    broken = good().change(b.HoldersTried, where, opened=False, words="expired").check("two-holders")
    assert (broken.outcome, f"without {missing} it did not open" in broken.summary) == (FAIL, True)
    assert good().drop(b.HoldersTried, where).check("two-holders").outcome is INCONCLUSIVE


def test_two_holders_nobody_at_all_has_to_be_refused() -> None:
    nobody = lambda one: one.holders == ()  # noqa: E731
    assert good().change(b.HoldersTried, nobody, opened=True).check("two-holders").outcome is FAIL
    assert good().drop(b.HoldersTried, nobody).check("two-holders").outcome is INCONCLUSIVE


def quorum(threshold: int, *tried: tuple[tuple[str, ...], bool]) -> Written:
    made = (
        good().drop(b.HoldersTried).declared(holders=("a", "b", "c"), kept=("one", "two", "three"), threshold=threshold)
    )
    for holders, opened in tried:
        made.seen(b.HoldersTried, "calm", 9.4, holders=holders, opened=opened, words="tried")
    return made


ENOUGH = ((("a", "b"), True), (("b", "c"), True), (("a", "c"), True))


def test_a_quorum_is_tried_without_each_and_with_one_less() -> None:
    assert quorum(2, *ENOUGH, (("a",), False)).check("two-holders").outcome is PASS
    assert quorum(2, *ENOUGH, (("a",), True)).check("two-holders").outcome is FAIL
    assert quorum(2, *ENOUGH).check("two-holders").outcome is INCONCLUSIVE
    assert quorum(2, *ENOUGH, ((), False)).check("two-holders").outcome is INCONCLUSIVE, "that is two less"
    assert quorum(2, *ENOUGH[:1], (("a",), False)).check("two-holders").outcome is INCONCLUSIVE
    assert quorum(2, *ENOUGH[:2], (("a", "c"), False), (("a",), False)).check("two-holders").outcome is FAIL
    assert quorum(3, (("a", "b", "c"), True), (("a", "b"), False)).check("two-holders").outcome is FAIL


def test_two_holders_one_way_without_somebody_is_enough() -> None:
    broken = quorum(2, (("b", "c"), False), (("c", "b"), True), *ENOUGH[::2], (("a",), False)).check("two-holders")
    assert broken.outcome is PASS
    missing = quorum(2, (("a", "b"), True), (("a",), False)).check("two-holders")
    assert (missing.outcome, missing.summary) == (INCONCLUSIVE, "it was not tried without a")
