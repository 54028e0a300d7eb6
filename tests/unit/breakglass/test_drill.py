"""Whole drills: all is well with each method, and what each planted flaw comes to on the card."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.breakglass.drill import carry_out, without_each
from harness.breakglass.operator import Operator
from harness.breakglass.ports import WorkloadKey
from harness.history import break_glass as b
from harness.history.event import Event
from harness.lab.errors import EnvironmentUnusable
from tests.unit.breakglass.conducted import Conducted
from tests.unit.faults.fakes import FakeLab, Token

PROCEDURES = ("ledger-envelope", "postgres-role", "vault-quorum")


def conducted(procedure: str, *edits: tuple[str, str]) -> Conducted:
    return Conducted(procedure, *edits)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_all_is_well(procedure: str) -> None:
    drill = conducted(procedure).drill()
    assert drill.not_passed() == {}
    assert drill.verdicts()["works-in-outage"] == "degraded"


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_nothing_is_left_of_a_drill(procedure: str) -> None:
    drill = conducted(procedure)
    vault, before = drill.lab.the_vault, drill.lab.snapshot()
    living, paths = set(vault.tokens), set(vault.tree)
    drill.drill()
    after = drill.lab.snapshot()
    assert after["database"] == before["database"]
    assert after["ledger"] == before["ledger"]
    assert {accessor for accessor, token in vault.tokens.items() if token.left > 0} == living
    assert {path for path in vault.tree if not path.startswith("auth/token/accessors/")} == paths


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_no_secret_gets_into_the_evidence(procedure: str) -> None:
    drill = conducted(procedure).drill()
    told = repr(drill.emergency.told)
    secrets = {**drill.lab.secrets, "share": drill.emergency.vault.shares[0]}
    assert [label for label, secret in secrets.items() if secret in told] == []


# Planted flaws


def test_a_credential_that_stands_in_vault() -> None:
    drill = conducted("ledger-envelope")
    drill.lab.the_vault.tree["sys/mounts"] = {
        "kv/": {"type": "kv", "options": {"version": "2"}},
        "sys/": {"type": "system"},
    }
    drill.lab.the_vault.tree["kv/metadata/ops/emergency"] = {"versions": {"1": {}}}

    def stored() -> None:
        secret = drill.lab.secrets["break-glass/ledger-envelope/holder/alice"]
        drill.lab.the_vault.kv["kv/ops/emergency"] = [{"key": secret}]

    drill.last = stored
    assert drill.drill().not_passed() == {"stored-apart": "fail"}
    assert "kv of vault" in drill.rows()["stored-apart"].finding.summary


def test_a_credential_in_the_environment_of_a_workload() -> None:
    drill = conducted("ledger-envelope")

    def leaked() -> None:
        secret = drill.lab.secrets["break-glass/ledger-envelope/holder/bob"]
        drill.lab.containers.environments["orders"] = {"EMERGENCY": secret}

    drill.last = leaked
    assert drill.drill().not_passed() == {"stored-apart": "fail"}


def test_a_credential_in_a_shell_history() -> None:
    drill = conducted("ledger-envelope")

    def typed() -> None:
        secret = drill.lab.secrets["break-glass/ledger-envelope/holder/bob"]
        drill.lab.containers.files["desk", "/root/.bash_history"] = f"curl -H 'Authorization: Break-Glass {secret}'"

    drill.last = typed
    assert drill.drill().not_passed() == {"no-leak": "fail"}


def test_a_place_that_cannot_be_searched_is_told() -> None:
    drill = conducted("ledger-envelope")

    def gone(path: str) -> None:
        raise EnvironmentUnusable("no answer")

    drill.lab.the_vault.api_read = gone  # type: ignore[method-assign]
    assert drill.drill().not_passed() == {"stored-apart": "inconclusive"}


def test_a_workload_that_holds_an_emergency_credential() -> None:
    drill = conducted("ledger-envelope")
    own = "the-emergency-credential-of-orders"
    drill.emergency.ledger.register("orders", own, ("entries:write",), 3600.0)
    key = WorkloadKey("resource", "ledger", "its own emergency credential of ledger", "orders", own)
    drill.emergency.keys["orders"] = (*drill.emergency.keys["orders"], key)
    assert drill.drill().not_passed() == {"closed-to-workloads": "fail"}


def test_a_workload_that_is_declared_to_hold_one() -> None:
    drill = conducted("ledger-envelope", ("      last_drill", "      also_for: [orders]\n      last_drill"))
    own = "the-emergency-credential-of-orders"
    drill.emergency.ledger.register("orders", own, ("entries:write",), 3600.0)
    drill.emergency.keys["orders"] = (WorkloadKey("resource", "ledger", "its own", "orders", own),)
    assert drill.drill().not_passed() == {}


def test_a_workload_of_which_nothing_is_known() -> None:
    drill = conducted("postgres-role")
    drill.emergency.keys["billing"] = ()
    assert drill.drill().not_passed() == {"closed-to-workloads": "inconclusive"}


def test_a_role_that_may_too_much() -> None:
    drill = conducted("postgres-role")
    drill.emergency.database.may.add("ALTER SYSTEM")
    assert drill.drill().not_passed() == {"scoped": "fail"}


def test_a_root_token_that_is_used_as_it_is() -> None:
    drill = conducted("vault-quorum", ("      policy: path", "      uses: root-token\n      policy: path"))
    assert drill.drill().not_passed() == {"scoped": "fail", "time-boxed": "fail"}


def test_a_vault_that_refuses_the_ceremony() -> None:
    drill = conducted("vault-quorum")
    drill.emergency.vault.closed = 403
    rows = drill.drill().rows()
    assert rows["works-in-outage"].status.value == "fail"
    assert "enable_unauthenticated_access" in rows["works-in-outage"].finding.summary
    assert rows["two-holders"].status.value == "fail"
    assert "pass" not in {row.status.value for name, row in rows.items() if name not in PASSES_UNOPENED}


PASSES_UNOPENED = {"stored-apart", "closed-to-workloads", "fresh"}


def test_a_vault_whose_quorum_cannot_lose_anybody() -> None:
    drill = conducted("vault-quorum", ("threshold: 2", "threshold: 3"))
    drill.emergency.vault.needed = 3
    assert drill.drill().not_passed() == {"two-holders": "fail"}


def test_a_credential_that_has_expired_on_the_shelf() -> None:
    drill = conducted("ledger-envelope")
    kept = drill.emergency.ledger.register

    def lapsed(holder: str, credential: str, scopes: tuple[str, ...], lifetime: float) -> None:
        kept(holder, credential, scopes, 0.0 if holder == "bob" else lifetime)

    drill.emergency.ledger.register = lapsed  # type: ignore[method-assign]
    assert drill.drill().not_passed() == {"two-holders": "fail", "fresh": "fail"}


def test_a_use_that_nobody_logs_and_one_that_raises_no_alarm() -> None:
    drill = conducted("postgres-role")
    drill.forgets_log = True
    assert drill.drill().not_passed() == {"logged": "fail", "no-everyday-use": "inconclusive"}
    late = conducted("postgres-role")
    late.alarm_after = 5.1
    assert late.drill().not_passed() == {"alarmed": "fail"}


def test_a_window_that_does_not_end_by_itself() -> None:
    drill = conducted("ledger-envelope")
    drill.emergency.ledger.keeps_open = True
    assert drill.drill().not_passed() == {"time-boxed": "fail"}


def test_a_role_without_an_end() -> None:
    drill = conducted("postgres-role")
    made = drill.emergency.database._open

    def for_ever(job: object) -> object:
        reply = made(job)  # type: ignore[arg-type]
        drill.emergency.database.ends.clear()
        return reply

    drill.emergency.database._open = for_ever  # type: ignore[method-assign, assignment]
    assert drill.drill().not_passed() == {"time-boxed": "fail"}


def test_what_is_left_open() -> None:
    drill = conducted("postgres-role")
    kept = drill.lab.the_database.drop_roles

    def forgotten() -> None:
        if drill.attempt == "without-idp":
            drill.lab.the_database.drop_roles = lambda roles: None  # type: ignore[method-assign]

    drill.before = forgotten
    drill.last = lambda: setattr(drill.lab.the_database, "drop_roles", kept)
    row = drill.drill().rows()["revoked-after"]
    assert (row.status.value, "the role is still there" in row.finding.summary) == ("fail", True)


def test_what_nobody_closes() -> None:
    drill = conducted("ledger-envelope")
    drill.closes = False
    assert drill.drill().verdicts()["revoked-after"] == "inconclusive"


def test_a_stray_root_token_is_told() -> None:
    drill = conducted("vault-quorum")
    drill.lab.the_vault.revoke = lambda accessor: None  # type: ignore[method-assign]
    drill.lab.the_vault.tokens["accessor-stray"] = Token("root", data={"policies": ["root"]})
    drill.lab.the_vault.tree["auth/token/accessors/accessor-stray"] = {}
    assert drill.drill().verdicts()["revoked-after"] == "fail"


def test_the_normal_path_as_part_of_the_emergency() -> None:
    """A desk that asks Vault before it opens the ledger."""
    drill = conducted("ledger-envelope")

    def asks_vault() -> None:
        op = Operator(drill.lab, "ledger-envelope", drill.attempt)
        op.note(b.HostTouched, host="vault", by="address", ok=False)

    drill.before = asks_vault
    assert drill.drill().verdicts()["isolated"] == "fail"


def test_finding_by_name_is_no_way_when_there_are_no_names() -> None:
    drill = conducted("ledger-envelope", ("      may: [entries", "      by: name\n      may: [entries"))
    assert drill.drill().not_passed() == {"isolated": "fail"}


def test_everyday_use() -> None:
    drill = conducted("postgres-role")
    drill.drill()
    drill._add(b.Witnessed, 1.0, witness="logbook", event="used", text="carol")
    assert drill.not_passed() == {"no-everyday-use": "fail"}


# Parts


def test_an_attempt_before_anything_was_prepared_ends_in_words() -> None:
    lab = FakeLab()
    carry_out(Operator(lab, "ledger-envelope", "without-vault"), "middle", "a drill")
    (opening,) = lab.emergency.of(b.BreakGlassOpened)
    assert (opening.opened, opening.words) == (False, "alice has nothing lying ready")
    assert isinstance(lab.emergency.told[-1], b.BreakGlassCarriedOut)


def test_what_is_declared_is_what_the_topology_has() -> None:
    lab = FakeLab()
    carry_out(Operator(lab, "vault-quorum", "calm"), "first", "a drill")
    (declared,) = lab.emergency.of(b.BreakGlassDeclared)
    assert (declared.holders, declared.threshold) == (("alice", "bob", "carol"), 2)
    assert (declared.isolated_from, declared.desk, declared.log) == (("idp",), "desk", "vault")
    assert declared.stores == ("kv of vault", "environment of billing", "environment of desk", "environment of orders")
    assert declared.secrets[0] == "break-glass/vault-quorum/"
    assert "vault-unseal-key-3" in declared.secrets


def test_evidence_names_its_procedure_and_attempt() -> None:
    lab = FakeLab()
    carry_out(Operator(lab, "postgres-role", "calm"), "first", "a drill")
    evidence: list[Event] = lab.emergency.told
    assert {one.procedure for one in evidence if isinstance(one, b.BreakGlassEvent)} == {"postgres-role"}
    assert {one.attempt for one in evidence if isinstance(one, b.BreakGlassEvent)} >= {"calm", "trial-1"}


@given(st.integers(1, 7), st.integers(1, 7))
def test_each_holder_is_missing_from_one_of_few_groups(count: int, threshold: int) -> None:
    holders = tuple("abcdefg"[:count])
    groups = without_each(holders, threshold)
    if threshold >= count:
        assert groups == []
        return
    assert all(len(group) == threshold and set(group) <= set(holders) for group in groups)
    assert all(any(one not in group for group in groups) for one in holders)
    fewest = next(
        size
        for size in range(1, count + 1)
        if size * (count - threshold) >= count
        and any(not set.intersection(*map(set, some)) for some in combinations(combinations(holders, threshold), size))
    )
    assert len(groups) == fewest
