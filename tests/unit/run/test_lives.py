"""How long tokens and leases live: what audit logs tell, what Vault says, and what counts when it cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.awaited.args import Kind
from harness.awaited.view import Over
from harness.history.clock import RunClock
from harness.history.events import VaultRequest
from harness.run import lives
from harness.run.lives import ASK_EVERY, SILENT, Lives
from tests.unit.faults.fakes import FakeLab
from tests.unit.faults.fakes.vault import Token

EPOCH = 1_795_000_000.0
SAID = "vault knows of none any more"
LAST_WORD = "by what was last known, as vault cannot be asked"
LEASE = "database/creds/orders/G9eNo9"


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> RunClock:
        return RunClock(monotonic=lambda: self.now, wall=lambda: EPOCH + self.now)


def wall(t: float) -> str:
    return datetime.fromtimestamp(EPOCH + t, UTC).isoformat()


class Stand:
    """Lives of one kind, a lab with one Vault, and a time that goes on when it is told to."""

    def __init__(self, kind: Kind = "token") -> None:
        self.time = Time()
        self.lab = FakeLab()
        self.lives = Lives(kind, self.time.clock())
        self.asked: list[str] = []
        vault = self.lab.the_vault
        vault.tokens = {"one": Token("orders"), "two": Token("orders"), "other": Token("billing")}
        look_up = vault.look_up

        def counted(accessor: str) -> Mapping[str, Any] | None:
            self.asked.append(accessor)
            return look_up(accessor)

        vault.look_up = counted  # type: ignore[method-assign]
        self.leases: dict[str, dict[str, Any]] = {}
        vault.on_ask["sys/leases/lookup"] = lambda values: self.leases.get(values["lease_id"])

    def hear(self, t: float, accessor: str = "", workload: str = "orders", **more: Any) -> None:
        request = {"path": "p", "operation": "read", "ok": True, "vault": "vault", **more}
        self.lives.hear(VaultRequest(t=t, wall="", source="", workload=workload, accessor=accessor, **request))

    def login(self, t: float, accessor: str = "one", ttl: float = 25.0, workload: str = "orders") -> None:
        self.hear(t, accessor, workload, login=True, ttl=ttl)

    def ask(self, t: float, *down: str, workloads: frozenset[str] | None = None) -> None:
        self.time.now = t
        self.lives.ask(self.lab, workloads, down)

    def over(self, t: float, *down: str, workload: str | None = "orders") -> Over | None:
        self.time.now = t
        return self.lives.over(workload, down)


# Tokens


def test_nothing_is_over_that_never_was() -> None:
    stand = Stand()
    assert stand.over(100.0) is None
    assert stand.over(100.0, "vault", workload=None) is None


def test_while_vault_is_down_the_end_that_the_audit_log_told_counts() -> None:
    stand = Stand()
    stand.login(2.0)
    assert stand.over(26.999, "vault") is None
    assert stand.over(27.0, "vault") == Over(27.0, LAST_WORD)


def test_a_renewal_puts_the_end_off() -> None:
    stand = Stand()
    stand.login(2.0)
    stand.hear(12.0, "one", renewal=True, ttl=25.0)
    assert stand.over(30.0, "vault") is None
    assert stand.over(37.0, "vault") == Over(37.0, LAST_WORD)


def test_what_an_audit_log_tells_late_does_not_undo_what_is_known() -> None:
    stand = Stand()
    stand.hear(12.0, "one", renewal=True, ttl=25.0)
    stand.login(2.0)
    assert stand.over(30.0, "vault") is None


@pytest.mark.parametrize(
    "more", [{"ok": False, "login": True, "ttl": 25.0}, {"workload": "", "login": True, "ttl": 25.0}, {"login": False}]
)
def test_what_tells_of_no_token_is_passed_over(more: dict[str, Any]) -> None:
    stand = Stand()
    stand.hear(2.0, **more)
    assert stand.over(100.0, "vault") is None
    stand.login(3.0)
    assert stand.over(28.0, "vault") == Over(28.0, LAST_WORD)


def test_a_vault_that_can_be_asked_has_to_say_so() -> None:
    stand = Stand()
    stand.login(2.0)
    assert stand.over(100.0) is None, "it may have been renewed by somebody unseen"
    stand.lab.the_vault.tokens["one"].left = 7.0
    stand.ask(100.0)
    assert stand.over(106.999, "vault") is None
    assert stand.over(107.0, "vault") == Over(107.0, LAST_WORD)
    stand.lab.the_vault.tokens["one"].left = 0.0
    stand.ask(108.0)
    assert stand.over(108.0) == Over(107.0, SAID), "it ended when it was to, and not when that was asked"


def test_one_that_is_revoked_is_over_before_its_time() -> None:
    stand = Stand()
    stand.login(2.0)
    stand.ask(3.0)
    assert stand.over(3.0) is None
    del stand.lab.the_vault.tokens["one"]
    stand.ask(5.0)
    assert stand.over(5.0) == Over(5.0, SAID)
    assert stand.over(5.0, "vault") == Over(5.0, SAID), "what was said stays said"


def test_all_tokens_of_a_workload_count_and_those_of_others_do_not() -> None:
    stand = Stand()
    stand.login(2.0, "one")
    stand.login(12.0, "two")
    stand.login(20.0, "other", workload="billing")
    assert stand.over(30.0, "vault") is None
    assert stand.over(37.0, "vault") == Over(37.0, LAST_WORD)
    assert stand.over(37.0, "vault", workload=None) is None
    assert stand.over(45.0, "vault", workload=None) == Over(45.0, LAST_WORD)


def test_one_of_which_only_the_use_was_seen_has_to_be_asked_about() -> None:
    """A token that a workload was handed, and never renews."""
    stand = Stand()
    stand.hear(2.0, "one")
    assert stand.over(1000.0, "vault") is None
    stand.lab.the_vault.tokens["one"].left = 10.0
    stand.ask(4.0)
    assert stand.over(14.0, "vault") == Over(14.0, LAST_WORD)


def test_vaults_own_words_for_the_end_are_more_exact_than_what_is_left() -> None:
    stand = Stand()
    stand.hear(2.0, "one")
    stand.lab.the_vault.tokens["one"].data = {"expire_time": wall(13.25)}
    stand.ask(4.0)
    assert stand.over(13.249, "vault") is None
    assert stand.over(13.25, "vault") == Over(13.25, LAST_WORD)


def test_one_without_an_end_is_never_over() -> None:
    stand = Stand()
    stand.hear(2.0, "one")
    stand.lab.the_vault.tokens["one"].data = {"expire_time": None, "ttl": 0}
    stand.ask(4.0)
    assert stand.over(1e9, "vault") is None


def test_a_token_without_an_accessor_ends_as_it_was_told() -> None:
    """Of a batch token nobody can ask."""
    stand = Stand()
    stand.login(2.0, accessor="")
    stand.ask(3.0)
    assert stand.asked == []
    assert stand.over(26.9) is None
    assert stand.over(27.0) == Over(27.0, LAST_WORD)


# Asking


def test_each_is_asked_about_only_so_often() -> None:
    stand = Stand()
    stand.login(2.0)
    stand.ask(3.0)
    stand.ask(3.0 + ASK_EVERY - 0.001)
    assert stand.asked == ["one"]
    stand.ask(3.0 + ASK_EVERY)
    assert stand.asked == ["one", "one"]


def test_what_is_new_or_ought_to_have_ended_is_asked_about_first() -> None:
    stand = Stand()
    stand.login(2.0, "one")
    stand.login(2.0, "two", ttl=1.0)
    stand.ask(4.0)
    assert stand.asked == ["two", "one"]


def test_nobody_asks_a_vault_that_is_down_nor_about_whom_nothing_is_awaited() -> None:
    stand = Stand()
    stand.login(2.0)
    stand.login(2.0, "other", workload="billing")
    stand.ask(3.0, "vault")
    assert stand.asked == []
    stand.ask(3.0, workloads=frozenset({"billing"}))
    assert stand.asked == ["other"]


def test_a_vault_that_does_not_answer_is_left_alone_and_its_last_word_counts() -> None:
    stand = Stand()
    stand.login(2.0)
    stand.login(2.0, "two")
    stand.lab.the_vault.sealed = True
    stand.ask(30.0)
    assert len(stand.asked) == 1, "the second would be kept waiting, too"
    assert stand.over(30.0) == Over(27.0, LAST_WORD)
    stand.ask(30.0 + SILENT - 0.001)
    assert len(stand.asked) == 1
    stand.lab.the_vault.sealed = False
    stand.ask(30.0 + SILENT)
    assert len(stand.asked) == 3
    assert stand.over(30.0 + SILENT) is None, "it says that they live"


def test_a_round_of_questions_takes_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "ASK_FOR", -1.0)
    stand = Stand()
    stand.login(2.0)
    stand.ask(3.0)
    assert stand.asked == []


def test_what_has_ended_is_forgotten_but_for_the_last() -> None:
    stand = Stand()
    for number in range(50):
        stand.login(2.0 + number, f"gone-{number}", ttl=1.0)
        stand.ask(2.5 + number)
    assert len(stand.lives._known) == 1
    assert stand.over(60.0) == Over(51.5, SAID)
    for number in range(50):
        stand.login(60.0 + number, "", ttl=0.5)
        stand.ask(61.0 + number)
    assert len(stand.lives._known) == 1
    assert stand.over(120.0) == Over(109.5, LAST_WORD)


# Leases


def test_a_lease_is_asked_about_as_the_audit_log_does_not_tell_its_life() -> None:
    stand = Stand("lease")
    stand.hear(2.0, "one", lease=LEASE)
    assert stand.over(1000.0, "vault") is None
    stand.leases[LEASE] = {"issue_time": wall(2.0), "last_renewal": None, "expire_time": wall(27.0), "ttl": 24}
    stand.ask(3.0)
    assert stand.over(26.9, "vault") is None
    assert stand.over(27.0, "vault") == Over(27.0, LAST_WORD)
    del stand.leases[LEASE]
    stand.ask(28.0)
    assert stand.over(28.0) == Over(27.0, SAID)


def test_how_long_one_lives_tells_of_its_renewal_and_of_its_like() -> None:
    """Vault may go down before anybody has asked about the newest."""
    stand = Stand("lease")
    stand.hear(2.0, "one", lease=LEASE)
    stand.leases[LEASE] = {"issue_time": wall(0.0), "last_renewal": wall(2.0), "expire_time": wall(27.0), "ttl": 24}
    stand.ask(3.0)
    stand.hear(12.0, "one", lease=LEASE, renewal=True)
    assert stand.over(36.9, "vault") is None
    assert stand.over(37.0, "vault") == Over(37.0, LAST_WORD)
    stand.hear(13.0, "one", lease="database/creds/orders/another")
    assert stand.over(37.9, "vault") is None
    assert stand.over(38.0, "vault") == Over(38.0, LAST_WORD)
    stand.hear(14.0, "one", lease="database/creds/reports/third")
    assert stand.over(1000.0, "vault") is None


def test_what_has_no_lease_tells_nothing_of_leases() -> None:
    stand = Stand("lease")
    stand.login(2.0)
    assert stand.over(1000.0, "vault") is None
