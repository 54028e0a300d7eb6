"""The properties from the seventh on: what is seen of break-glass, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from harness.checks.verdict import Outcome
from harness.history import break_glass as b
from harness.history import events as e
from tests.unit.breakglass.histories import FAIL, INCONCLUSIVE, PASS, good, of

# 7: logged


def logged(attempt: str) -> Callable[[b.Witnessed], bool]:
    return lambda one: one.witness == "logbook" and f" {attempt}." in one.text


def test_logged_each_opening_needs_its_line() -> None:
    found = good().drop(b.Witnessed, logged("without-idp")).check("logged")
    assert (found.outcome, found.summary) == (FAIL, "without-idp: logbook has no line of it")


def test_logged_a_line_of_another_attempt_is_not_taken_for_it() -> None:
    made = good().drop(b.Witnessed, logged("without-idp"))
    made.add(b.Witnessed, 53.0, witness="logbook", event="opened", text="drill envelope without-all.")
    made.add(b.Witnessed, 73.0, witness="logbook", event="opened", text="drill envelope without-idp.")
    assert made.check("logged").outcome is FAIL


@pytest.mark.parametrize(("mark", "outcome"), [("drill", FAIL), ("drill ", PASS)])
def test_logged_a_mark_that_is_too_short_marks_nothing(mark: str, outcome: Outcome) -> None:
    assert good().change(b.BreakGlassOpened, marks=(mark,)).check("logged").outcome is outcome


def test_logged_a_log_that_was_never_seen_or_not_all_the_time_shows_nothing() -> None:
    assert good().drop(b.Witnessed, lambda one: one.witness == "logbook").check("logged").outcome is INCONCLUSIVE
    gap = good().drop(b.Witnessed, logged("without-idp"))
    gap.add(e.ObserverGap, 53.5, observer="witness-journal", service="logbook", reason="stream broke")
    assert gap.check("logged").outcome is INCONCLUSIVE


def test_logged_inside_what_is_lost_fails() -> None:
    made = good().declared(log="vault")
    made.add(e.VaultRequest, 33, vault="vault", path="sys/generate-root/attempt", operation="update", ok=True)
    found = made.check("logged")
    assert (found.outcome, "which was lost itself" in found.summary) == (FAIL, True)


def test_logged_by_what_it_opens_itself() -> None:
    made = good().declared(log="ledger").change(b.BreakGlassOpened, marks=("sha256:0123",))
    for t in (11, 33, 53, 73, 93):
        made.add(
            e.ResourceAccess, t, resource="ledger", identity="alice", via="break-glass", allowed=True,
            credential="sha256:0123",
        )  # fmt: skip
    assert made.check("logged").outcome is PASS
    assert made.check("no-everyday-use").outcome is PASS


# 8: alarmed


@pytest.mark.parametrize(("t", "outcome"), [(33.0, PASS), (35.0, PASS), (35.001, FAIL)])
def test_alarmed_exactly_at_the_limit_is_in_time(t: float, outcome: Outcome) -> None:
    where = lambda one: one.event == "alarm" and " without-vault." in one.text  # noqa: E731
    assert good().change(b.Witnessed, where, t=t).check("alarmed").outcome is outcome


def test_alarmed_an_alarm_before_the_opening_was_noted_is_in_time() -> None:
    where = lambda one: one.event == "alarm" and " without-vault." in one.text  # noqa: E731
    assert good().change(b.Witnessed, where, t=32.5).check("alarmed").outcome is PASS
    assert good().change(b.Witnessed, where, t=31.9).check("alarmed").outcome is FAIL, "it was about something else"


def test_alarmed_no_alarm_fails_and_a_channel_that_nobody_heard_shows_nothing() -> None:
    where = lambda one: one.event == "alarm" and " without-idp." in one.text  # noqa: E731
    found = good().drop(b.Witnessed, where).check("alarmed")
    assert (found.outcome, "pager had no alarm of it" in found.summary) == (FAIL, True)
    assert good().drop(b.Witnessed, lambda one: one.witness == "pager").check("alarmed").outcome is INCONCLUSIVE


def test_alarmed_a_line_that_is_no_alarm_does_not_count() -> None:
    assert good().change(b.Witnessed, lambda one: one.event == "alarm", event="opened").check("alarmed").outcome is FAIL


def test_alarmed_what_was_not_followed_or_cut_short_shows_nothing() -> None:
    where = lambda one: one.event == "alarm" and " without-all." in one.text  # noqa: E731
    gap = good().drop(b.Witnessed, where)
    gap.add(e.ObserverGap, 93.5, observer="witness-journal", service="pager", reason="stream broke")
    assert gap.check("alarmed").outcome is INCONCLUSIVE
    short = good().drop(b.Witnessed, where).change(e.PhaseEntered, t=94.9)
    assert short.check("alarmed").outcome is INCONCLUSIVE
    assert good().drop(b.Witnessed, where).change(e.PhaseEntered, t=95.0).check("alarmed").outcome is FAIL


def test_alarmed_by_what_is_lost_fails() -> None:
    assert good().declared(alarm="idp").check("alarmed").outcome is FAIL


# 9: time-boxed


@pytest.mark.parametrize(("seconds", "outcome"), [(8.0, PASS), (8.001, FAIL), (None, FAIL), (0.0, PASS)])
def test_time_boxed_good_for_exactly_as_long_as_declared(seconds: float | None, outcome: Outcome) -> None:
    assert good().change(b.LifetimeRead, of("without-vault"), seconds=seconds).check("time-boxed").outcome is outcome


def test_time_boxed_what_can_be_renewed_has_no_end() -> None:
    assert good().change(b.LifetimeRead, of("calm"), renewable=True).check("time-boxed").outcome is FAIL


@pytest.mark.parametrize(("t", "outcome"), [(19.0, INCONCLUSIVE), (19.001, FAIL)])
def test_time_boxed_what_is_alive_past_its_end_fails(t: float, outcome: Outcome) -> None:
    found = good().change(b.CredentialLooked, t=t, alive=True).check("time-boxed")
    assert found.outcome is outcome


@pytest.mark.parametrize(("t", "outcome"), [(19.0, PASS), (18.999, INCONCLUSIVE)])
def test_time_boxed_somebody_has_to_wait_for_its_end(t: float, outcome: Outcome) -> None:
    assert good().change(b.CredentialLooked, t=t).check("time-boxed").outcome is outcome


def test_time_boxed_what_was_closed_did_not_end_by_itself() -> None:
    assert good().change(b.BreakGlassClosing, of("calm"), t=18.0).check("time-boxed").outcome is INCONCLUSIVE
    alive = good().change(b.BreakGlassClosing, of("calm"), t=18.0).change(b.CredentialLooked, t=19.9, alive=True)
    assert alive.check("time-boxed").outcome is INCONCLUSIVE, "that is a matter of revocation"


def test_time_boxed_takes_a_reading_each_time() -> None:
    assert good().drop(b.LifetimeRead, of("without-all")).check("time-boxed").outcome is INCONCLUSIVE


# 10: revoked afterwards


def test_revoked_after_what_is_left_fails() -> None:
    where = lambda one: (one.attempt, one.what) == ("without-idp", "credential")  # noqa: E731
    found = good().change(b.RemainderLooked, where, gone=False, words="201").check("revoked-after")
    assert (found.outcome, found.summary) == (FAIL, "without-idp: the credential is still there: 201")


def test_revoked_after_the_last_look_counts() -> None:
    first = good().seen(b.RemainderLooked, "without-idp", 62.1, what="window", gone=False, words="still open")
    assert first.check("revoked-after").outcome is PASS
    last = good().seen(b.RemainderLooked, "without-idp", 63.0, what="window", gone=False, words="open again")
    assert last.check("revoked-after").outcome is FAIL


@pytest.mark.parametrize("what", ["window", "credential"])
def test_revoked_after_takes_a_look_at_each(what: str) -> None:
    where = lambda one: (one.attempt, one.what) == ("without-all", what)  # noqa: E731
    assert good().drop(b.RemainderLooked, where).check("revoked-after").outcome is INCONCLUSIVE
    early = good().change(b.RemainderLooked, where, t=101.9)
    assert early.check("revoked-after").outcome is INCONCLUSIVE, "before it was closed it proves nothing"


def test_revoked_after_what_was_never_closed_shows_nothing() -> None:
    assert good().drop(b.BreakGlassClosing, of("without-vault")).check("revoked-after").outcome is INCONCLUSIVE


# 11: fresh


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ("2026-08-24", PASS),
        ("2026-08-23", FAIL),
        ("2026-11-22", PASS),
        ("2026-11-23", INCONCLUSIVE),
        ("", INCONCLUSIVE),
    ],
)
def test_fresh_ninety_days_are_not_too_long(last: str, outcome: Outcome) -> None:
    assert (date(2026, 11, 22) - date(2026, 8, 24)).days == 90
    assert good().declared(last_drill=last).check("fresh").outcome is outcome


def test_fresh_what_lies_ready_has_to_be_usable() -> None:
    found = good().change(b.ShelfLooked, lambda one: one.holder == "bob", usable=False, words="expired")
    assert found.check("fresh").outcome is FAIL
    assert "bob: expired" in found.check("fresh").summary


def test_fresh_takes_a_look_for_each_holder_before_anything_is_lost() -> None:
    bob = lambda one: one.holder == "bob"  # noqa: E731
    missing = good().drop(b.ShelfLooked, bob).check("fresh")
    assert (missing.outcome, "what bob holds" in missing.summary) == (INCONCLUSIVE, True)
    assert good().change(b.ShelfLooked, bob, t=30.0).check("fresh").outcome is INCONCLUSIVE
    assert good().change(b.ShelfLooked, bob, t=29.9).check("fresh").outcome is PASS


def test_fresh_on_an_unknown_day_shows_nothing() -> None:
    assert good().change(e.RunStarted, wall="some day").check("fresh").outcome is INCONCLUSIVE


# 12: no leak


@pytest.mark.parametrize(("label", "outcome"), [("ledger-admin-token", FAIL), ("orders-secret-id", PASS)])
def test_no_leak_its_own_secret_in_a_log_fails(label: str, outcome: Outcome) -> None:
    found = good().add(e.LeakFound, 50, where="logs of desk", what=label)
    assert found.check("no-leak").outcome is outcome


@pytest.mark.parametrize("place", ["shell history of desk", "run folder"])
def test_no_leak_searches_what_was_typed_and_what_lockout_wrote(place: str) -> None:
    where = lambda one: one.place == place  # noqa: E731
    held = ("break-glass/envelope/calm/credential",)
    assert good().change(b.PlaceSearched, where, found=held).check("no-leak").outcome is FAIL
    assert good().drop(b.PlaceSearched, where).check("no-leak").outcome is INCONCLUSIVE


def test_no_leak_takes_logs_that_were_read_to_their_end() -> None:
    gap = good().add(e.ObserverGap, 50, observer="logs", service="desk", reason="stream broke")
    assert gap.check("no-leak").outcome is INCONCLUSIVE
    assert good().change(e.RunEnded, ending="crashed").check("no-leak").outcome is INCONCLUSIVE
    assert good().drop(e.RunEnded).check("no-leak").outcome is INCONCLUSIVE


# 13: not used day to day


@pytest.mark.parametrize(("t", "outcome"), [(8.999, FAIL), (9.0, PASS), (20.1, PASS), (20.2, FAIL), (119.0, FAIL)])
@pytest.mark.parametrize("event", ["used", "opened"])
def test_no_everyday_use_only_in_a_declared_incident(event: str, t: float, outcome: Outcome) -> None:
    found = good().add(b.Witnessed, t, witness="logbook", event=event, text="by carol")
    assert found.check("no-everyday-use").outcome is outcome


@pytest.mark.parametrize("event", ["refused", "closed", "started"])
def test_no_everyday_use_what_was_refused_is_no_use(event: str) -> None:
    found = good().add(b.Witnessed, 119.0, witness="logbook", event=event, text="by carol")
    assert found.check("no-everyday-use").outcome is PASS


def test_no_everyday_use_an_incident_of_something_else_is_no_excuse() -> None:
    made = good().incident(110, 118, 30, target="vault")
    assert (
        made.add(b.Witnessed, 112, witness="logbook", event="used", text="by carol").check("no-everyday-use").outcome
        is FAIL
    )


def test_no_everyday_use_counts_what_the_opened_service_itself_has_seen() -> None:
    made = good().add(e.ResourceAccess, 112, resource="ledger", identity="carol", via="break-glass", allowed=True)
    assert made.check("no-everyday-use").outcome is FAIL


def test_no_everyday_use_a_ceremony_outside_of_an_incident_fails() -> None:
    made = good().declared(opens="vault", log="vault")
    made.add(e.VaultRequest, 112, vault="vault", path="sys/generate-root/update", operation="update", ok=True)
    assert made.check("no-everyday-use").outcome is FAIL


def test_no_everyday_use_only_what_is_about_break_glass_counts() -> None:
    made = (
        good().declared(opens="vault", log="vault").change(e.FaultInjecting, lambda one: one.operator, target="vault")
    )
    common = {"vault": "vault", "ok": True}
    for t in (11, 33, 53, 73, 93):
        made.add(e.VaultRequest, t, path="sys/generate-root/update", operation="update", **common)
    assert made.check("no-everyday-use").outcome is PASS
    made.add(e.VaultRequest, 112, path="sys/generate-root/attempt", operation="read", **common)
    made.add(e.VaultRequest, 112, path="kv/data/billing", operation="read", accessor="of-orders", **common)
    made.add(e.VaultRequest, 112, path="kv/data/billing", operation="read", **common)
    assert made.check("no-everyday-use").outcome is PASS
    mark = "drill envelope calm."
    made.add(e.VaultRequest, 112, path="kv/data/billing", operation="read", accessor=mark, **common)
    assert made.check("no-everyday-use").outcome is FAIL


def test_no_everyday_use_the_normal_way_in_is_no_use() -> None:
    made = good().add(e.ResourceAccess, 112, resource="ledger", identity="orders", via="jwt", allowed=True)
    assert made.check("no-everyday-use").outcome is PASS


def test_no_everyday_use_takes_a_log_that_was_followed_and_shows_the_drill() -> None:
    gap = good().add(e.ObserverGap, 50, observer="witness-journal", service="logbook", reason="stream broke")
    assert gap.check("no-everyday-use").outcome is INCONCLUSIVE
    jump = good().add(e.ClockJumped, 50, delta=5.0)
    assert jump.check("no-everyday-use").outcome is INCONCLUSIVE
    silent = good().drop(b.Witnessed, lambda one: one.witness == "logbook" and one.event == "opened")
    assert silent.check("no-everyday-use").outcome is INCONCLUSIVE
