"""The methods, each through all it does, against components of plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness.breakglass.drill import close, closed, method_of
from harness.breakglass.methods import methods
from harness.breakglass.operator import Operator
from harness.breakglass.ports import HttpJob, WorkloadKey
from harness.breakglass.root_token import unmask
from harness.lab.errors import EnvironmentUnusable
from harness.topology.break_glass import METHODS
from tests.unit.breakglass.estate import edited, estate
from tests.unit.faults.fakes import FakeLab, Token

PROCEDURES = ("ledger-envelope", "postgres-role", "vault-quorum")


@dataclass
class Bench:
    """One procedure, laid ready."""

    lab: FakeLab
    op: Operator

    @property
    def method(self) -> Any:
        return method_of(self.op)

    def call(self, what: str, *args: Any, **kwargs: Any) -> Any:
        found = getattr(self.method, what)(self.op, self.op.procedure, *args, **kwargs)
        return list(found) if what in ("ready", "remainders") else found


def bench(name: str, *edits: tuple[str, str], prepared: bool = True) -> Bench:
    lab = FakeLab()
    lab.emergency.topology = estate(edited(*edits))
    made = Bench(lab, Operator(lab, name, "calm"))
    if prepared:
        made.call("prepare")
    return made


@pytest.fixture(params=PROCEDURES)
def any_of_them(request: pytest.FixtureRequest) -> Bench:
    return bench(request.param)


def test_each_method_of_the_grammar_is_there_and_no_other() -> None:
    assert set(methods()) == set(METHODS)


def test_one_holder_or_quorum_opens_it_and_it_does_what_it_may(any_of_them: Bench) -> None:
    enough = ("alice", "carol") if any_of_them.op.name == "vault-quorum" else ("bob",)
    opening = any_of_them.call("open", enough)
    assert opening.opened, opening.words
    assert opening.marks
    for action in any_of_them.op.procedure.may:
        assert any_of_them.call("use", action, wanted=True).done
    for action in any_of_them.op.procedure.may_not:
        assert not any_of_them.call("use", action, wanted=False).done
    assert any_of_them.call("is_open")


def test_nobody_opens_it_with_nothing(any_of_them: Bench) -> None:
    opening = any_of_them.call("open", ())
    assert not opening.opened
    assert opening.words


def test_a_holder_without_anything_lying_ready_cannot_open_it() -> None:
    for name in ("ledger-envelope", "postgres-role"):
        opening = bench(name, prepared=False).call("open", ("alice",))
        assert (opening.opened, opening.words) == (False, "alice has nothing lying ready")


def test_it_is_good_for_as_long_as_declared_and_not_longer(any_of_them: Bench) -> None:
    any_of_them.call("open", ("alice", "bob"))
    lifetime = any_of_them.call("lifetime")
    assert (lifetime.seconds, lifetime.renewable) == (8.0, False)
    assert any_of_them.call("alive").done
    any_of_them.lab.emergency.pass_time(8.0)
    assert not any_of_them.call("alive").done


def test_no_answer_shows_nothing(any_of_them: Bench) -> None:
    any_of_them.call("open", ("alice", "bob"))
    any_of_them.lab.emergency.down.add(any_of_them.op.procedure.opens)
    (key,) = any_of_them.lab.emergency.keys_of("orders")
    assert any_of_them.call("alive") is None
    assert any_of_them.call("lifetime") is None
    assert any_of_them.call("knock", key) is None
    assert any_of_them.call("use", any_of_them.op.procedure.may_not[0], wanted=False) is None
    tried = any_of_them.call("use", any_of_them.op.procedure.may[0], wanted=True)
    assert (tried.done, "no answer" in tried.words) == (False, True)


def test_opening_what_does_not_answer_is_a_result_and_no_error(any_of_them: Bench) -> None:
    any_of_them.lab.emergency.down.add(any_of_them.op.procedure.opens)
    opening = any_of_them.call("open", ("alice", "bob"))
    assert (opening.opened, "no answer" in opening.words) == (False, True)


def test_a_desk_that_cannot_be_used_is_an_error(any_of_them: Bench) -> None:
    any_of_them.lab.world.silent = True
    with pytest.raises(EnvironmentUnusable):
        any_of_them.call("open", ("alice", "bob"))


def test_closing_leaves_nothing_and_can_be_done_twice(any_of_them: Bench) -> None:
    any_of_them.call("open", ("alice", "bob"))
    assert closed(any_of_them.op) is None, "it is still open"
    close(any_of_them.op, "middle")
    once = any_of_them.lab.snapshot()
    close(any_of_them.op, "middle")
    assert any_of_them.lab.snapshot() == once
    found = any_of_them.call("remainders")
    assert {one.what for one in found} == set(any_of_them.method.remains(any_of_them.op.procedure))
    assert all(one.gone for one in found)
    assert closed(any_of_them.op)


def test_another_process_can_close_it(any_of_them: Bench) -> None:
    any_of_them.call("open", ("alice", "bob"))
    again = Operator(any_of_them.lab, any_of_them.op.name, "calm")
    close(again, "middle")
    assert closed(again)


def test_what_lies_ready_is_looked_at_without_using_it_up(any_of_them: Bench) -> None:
    before = any_of_them.lab.snapshot()
    ready = any_of_them.call("ready")
    assert [one.holder for one in ready] == list(any_of_them.op.procedure.holders)
    assert all(one.usable for one in ready)
    assert any_of_them.lab.snapshot() == before
    assert any_of_them.call("is_open") is None


def test_workloads_are_refused(any_of_them: Bench) -> None:
    (key,) = any_of_them.lab.emergency.keys_of("orders")
    assert not any_of_them.call("knock", key).done
    any_of_them.call("open", ("alice", "bob"))
    assert not any_of_them.call("knock", key).done


def test_no_secret_is_in_what_is_told(any_of_them: Bench) -> None:
    any_of_them.call("open", ("alice", "bob"))
    any_of_them.call("lifetime")
    close(any_of_them.op, "last")
    told = repr(any_of_them.lab.emergency.told)
    assert any_of_them.lab.secrets
    assert not [label for label, secret in any_of_them.lab.secrets.items() if secret in told]


def test_nothing_secret_shows_in_a_job() -> None:
    job = HttpJob("ledger", 1, "POST", "/", {"Authorization": "Bearer sentinel"}, {"key": "sentinel"})
    assert "sentinel" not in repr(job)


# A prepared offline credential


def test_the_ledger_is_told_what_the_credential_is_for() -> None:
    made = bench("ledger-envelope")
    assert {one.scopes for one in made.lab.emergency.ledger.credentials.values()} == {("entries:write",)}


@pytest.mark.parametrize(("wanted", "words"), [("expired", "has expired"), ("unknown", "does not know")])
def test_what_went_bad_on_the_shelf_is_said(wanted: str, words: str) -> None:
    made = bench("ledger-envelope")
    if wanted == "expired":
        made.lab.emergency.pass_time(3600.0)
    else:
        made.lab.emergency.ledger.credentials.clear()
    ready = made.call("ready")
    assert [(one.usable, words in one.words) for one in ready] == [(False, True)] * 2


def test_a_window_that_is_open_already_is_not_taken_for_ours() -> None:
    made = bench("ledger-envelope")
    made.call("open", ("alice",))
    opening = made.call("open", ("bob",))
    assert (opening.opened, "409" in opening.words) == (False, True)


def test_a_workload_with_an_emergency_credential_gets_in() -> None:
    made = bench("ledger-envelope")
    made.call("open", ("alice",))
    secret = made.op.envelope("bob") or ""
    key = WorkloadKey("resource", "ledger", "its own emergency credential of ledger", "orders", secret)
    assert made.call("knock", key).done


def test_after_the_last_attempt_what_lies_ready_is_no_good_any_more() -> None:
    made = bench("ledger-envelope")
    close(made.op, "last")
    made.lab.emergency.pass_time(1.0)
    assert not any(one.usable for one in made.call("ready"))


# A database role


def test_a_role_that_never_ends_is_told_as_that() -> None:
    made = bench("postgres-role")
    made.call("open", ("alice",))
    made.lab.emergency.database.ends["break_glass_postgres_role"] = None
    made.lab.emergency.database.renewable = True
    lifetime = made.call("lifetime")
    assert (lifetime.seconds, lifetime.renewable) == (None, True)


def test_an_error_of_another_kind_does_not_show_that_it_may_not() -> None:
    made = bench("postgres-role")
    made.call("open", ("alice",))
    assert made.call("use", "nonsense", wanted=False) is None
    assert made.call("use", "nonsense", wanted=True).words == "syntax error"


def test_a_role_that_is_there_is_not_made_again() -> None:
    made = bench("postgres-role")
    made.call("open", ("alice",))
    assert made.call("open", ("bob",)).words == "it is open already"


def test_sessions_that_are_left_are_told() -> None:
    made = bench("postgres-role")
    made.call("open", ("alice",))
    made.lab.the_database.busy.add("break_glass_postgres_role")
    found = {one.what: one.gone for one in made.call("remainders")}
    assert found == {"role": False, "sessions": False}


def test_the_function_and_the_logins_go_after_the_last_attempt() -> None:
    made = bench("postgres-role")
    assert {"break_glass_postgres_role_alice", "break_glass_postgres_role_bob"} < made.lab.the_database.login_roles()
    close(made.op, "last")
    assert not [role for role in made.lab.the_database.login_roles() if role.startswith("break_glass")]


def test_a_workload_that_knows_the_database_cannot_call_the_function() -> None:
    made = bench("postgres-role")
    secret = made.lab.the_database.passwords["billing_app"]
    key = WorkloadKey("database", "postgres", "its password of postgres", "billing_app", secret)
    tried = made.call("knock", key)
    assert (tried.done, tried.words) == (False, "permission denied for function")


# The root quorum


def test_the_root_token_is_gone_as_soon_as_it_has_made_the_other() -> None:
    made = bench("vault-quorum")
    opening = made.call("open", ("alice", "bob"))
    assert "is revoked" in opening.words
    policies = [token.data.get("policies") for token in made.lab.the_vault.tokens.values() if token.data]
    assert policies == [["break-glass-vault-quorum"]]


@pytest.mark.parametrize(("holders", "opened"), [(("alice",), False), (("alice", "bob"), True)])
def test_it_takes_the_threshold(holders: tuple[str, ...], opened: bool) -> None:
    made = bench("vault-quorum")
    assert made.call("open", holders).opened is opened
    assert made.lab.emergency.vault.given is None, "a ceremony that lacks shares is called off"


def test_a_ceremony_that_somebody_left_is_called_off_first() -> None:
    made = bench("vault-quorum")
    made.lab.emergency.vault.given = ["share"]
    assert made.call("open", ("alice", "bob")).opened


def test_a_share_of_another_vault_is_told() -> None:
    made = bench("vault-quorum")
    made.lab.emergency.shares = lambda vault: ("wrong", "share-two-of-three", "share-three-of-three")  # type: ignore[method-assign]
    opening = made.call("open", ("alice", "bob"))
    assert (opening.opened, "a share is not one of this Vault" in opening.words) == (False, True)


PREPARED = ("      policy: path", "      prepared_token: true\n      policy: path")


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_vault_that_refuses_whoever_has_no_token_is_told_with_the_way_round(status: int) -> None:
    made = bench("vault-quorum")
    made.lab.emergency.vault.closed = status
    opening = made.call("open", ("alice", "bob"))
    assert not opening.opened
    for words in ("refuse it by default", "enable_unauthenticated_access", "prepared_token: true"):
        assert words in opening.words


def test_a_sealed_vault_is_no_reason_to_speak_of_defaults() -> None:
    made = bench("vault-quorum")
    made.lab.the_vault.sealed = True
    opening = made.call("open", ("alice", "bob"))
    assert (opening.opened, opening.words) == (False, "the ceremony was refused: 503 Vault is sealed")


def with_prepared(closed: int = 403, *, bao: bool = False) -> Bench:
    made = bench("vault-quorum", PREPARED, prepared=False)
    vault, sim = made.lab.the_vault, made.lab.emergency.vault
    sim.closed, sim.only_bao = closed, bao
    vault.on_write["auth/token/create"] = lambda values: {"auth": sim._issue("begins", values["policies"], 3600.0)}
    made.call("prepare")
    return made


@pytest.mark.parametrize("bao", [False, True])
def test_a_prepared_token_begins_it_where_vault_and_openbao_have_it(bao: bool) -> None:
    made = with_prepared(bao=bao)
    assert made.call("open", ("alice", "bob")).opened
    paths = [job.path for job in made.lab.emergency.asked if "generate-root" in job.path]
    assert paths[-1].startswith(f"/v1/sys/generate-root{'-token' if bao else ''}/")


def test_with_a_prepared_token_the_ceremony_has_to_be_refused_without_it() -> None:
    made = with_prepared()
    made.call("open", ("alice", "bob"))
    close(made.op, "middle")
    assert {one.what: one.gone for one in made.call("remainders")}["ceremony without a token"]
    made.lab.emergency.vault.closed = 0
    assert not {one.what: one.gone for one in made.call("remainders")}["ceremony without a token"]
    assert "sys/generate-root/attempt" not in made.lab.the_vault.tree, "it is called off again"


def test_a_prepared_token_that_lapsed_on_the_shelf_is_told() -> None:
    made = with_prepared()
    assert [one.usable for one in made.call("ready")] == [True] * 4
    made.lab.emergency.pass_time(3600.0)
    *_, token = made.call("ready")
    assert (token.holder, token.usable) == ("prepared-token", False)


def test_the_root_token_itself_has_no_end_and_may_everything() -> None:
    made = bench("vault-quorum", ("      policy: path", "      uses: root-token\n      policy: path"))
    assert made.call("open", ("alice", "bob")).opened
    assert made.call("lifetime").seconds is None
    assert all(made.call("use", action, wanted=False).done for action in made.op.procedure.may_not)
    close(made.op, "middle")
    assert closed(made.op)


def test_root_tokens_of_a_ceremony_that_broke_off_are_found_and_revoked() -> None:
    made = bench("vault-quorum")
    vault = made.lab.the_vault
    made.lab.secrets["vault-root-token"] = "lockouts-own"
    for accessor in ("accessor-own", "accessor-strange"):
        vault.tokens[accessor] = Token("root", data={"policies": ["root"]})
        vault.tree[f"auth/token/accessors/{accessor}"] = {}
    vault.issued["lockouts-own"] = "accessor-own"
    assert closed(made.op) is None
    close(made.op, "middle")
    assert "accessor-own" in vault.tokens
    assert "accessor-strange" not in vault.tokens


def test_shares_of_too_few_holders_are_not_ready() -> None:
    made = bench("vault-quorum")
    made.lab.emergency.shares = lambda vault: ("one", "two")  # type: ignore[method-assign]
    assert not any(one.usable for one in made.call("ready"))


def test_a_login_by_secret_id_leads_to_a_token_that_cannot_make_another() -> None:
    made = bench("vault-quorum")
    key = WorkloadKey("vault", "vault", "its SecretID of vault", "orders", "secret-id", "approle", "role-id")
    tried = made.call("knock", key)
    assert (tried.done, tried.words) == (False, "403 permission denied")


def masked(token: str, otp: str) -> str:
    import base64

    return base64.b64encode(bytes(a ^ b for a, b in zip(token.encode(), otp.encode(), strict=True))).decode()


@pytest.mark.parametrize("token", ["hvs.abc", "s.0123456789abcdef", "x"])
@pytest.mark.parametrize("padding", [str, lambda text: text.rstrip("=")])
def test_what_a_ceremony_hands_out_is_unmasked(token: str, padding: Callable[[str], str]) -> None:
    otp = "Z" * len(token)
    assert unmask(padding(masked(token, otp)), otp) == token


@pytest.mark.parametrize(("encoded", "otp"), [("not base64!", "abc"), ("YWJj", "ab"), ("YWJj", "abcd")])
def test_what_does_not_belong_together_is_refused(encoded: str, otp: str) -> None:
    with pytest.raises(ValueError, match="what the ceremony handed out"):
        unmask(encoded, otp)
