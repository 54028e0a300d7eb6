"""Emergency procedures as declared: what is read, and what is wrong, where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from harness.topology.break_glass import DatabaseRole, OfflineCredential, RootQuorum
from harness.topology.model import Topology
from harness.topology.procedures import desk_of, isolated_from, threshold_of
from tests.unit.breakglass.estate import COMPOSE, edited

Parse = Callable[..., Topology]
ErrorsOf = Callable[..., list[str]]


def test_what_is_read(parse: Parse) -> None:
    topology = parse(COMPOSE)
    envelope, role, quorum = (
        topology.procedures[name] for name in ("ledger-envelope", "postgres-role", "vault-quorum")
    )
    assert isinstance(envelope, OfflineCredential)
    assert (envelope.opens, envelope.by, envelope.lasts, envelope.alarm.within) == ("ledger", "address", 8.0, 5.0)
    assert envelope.holders == {"alice": "safe at the head office", "bob": "safe at the second site"}
    assert (envelope.last_drill, envelope.drill_every_days) == (date(2026, 10, 1), 90)
    assert isinstance(role, DatabaseRole)
    assert role.member_of == ("app_writer",)
    assert isinstance(quorum, RootQuorum)
    assert (quorum.uses, quorum.prepared_token) == ("scoped-token", False)


def test_what_is_left_to_lockout_to_find_out(parse: Parse) -> None:
    topology = parse(COMPOSE)
    envelope, quorum = topology.procedures["ledger-envelope"], topology.procedures["vault-quorum"]
    assert isolated_from(envelope, topology.services) == ("idp", "vault")
    assert isolated_from(quorum, topology.services) == ("idp",)
    assert (threshold_of(envelope, topology.services), threshold_of(quorum, topology.services)) == (1, 2)
    assert desk_of(envelope, topology.services) == "desk"


@pytest.mark.parametrize("written", ["2026-10-01", "'2026-10-01'", "2026-10-01T00:00:00Z"])
def test_a_day_may_come_from_compose_as_a_moment(parse: Parse, written: str) -> None:
    topology = parse(edited(("2026-10-01", written)))
    assert topology.procedures["ledger-envelope"].last_drill == date(2026, 10, 1)


def test_a_topology_without_procedures_has_none(parse: Parse) -> None:
    text = COMPOSE[COMPOSE.index("services:") :]
    assert parse(text).procedures == {}


HOLDERS = "{alice: safe at the head office, bob: safe at the second site}"
SCOPES = ", ".join(("entries:write", "entries:read", "entries:admin"))


@pytest.mark.parametrize(
    ("edit", "where", "said"),
    [
        (("opens: ledger", "opens: ledgr"), "opens", "unknown service 'ledgr', did you mean 'ledger'?"),
        (
            ("opens: ledger", "opens: postgres"),
            "opens",
            "a service of role 'resource' is needed, and 'postgres' has the role 'database'; there are ledger",
        ),
        (
            (", admin_port: 9443, admin_token_path: /tls/admin-token", ""),
            "opens",
            "'ledger' needs 'kind: ledger' and an 'admin_port' to be opened so",
        ),
        (("on: pager", "on: idp"), "alarm.on", "a service of role 'witness' is needed, and 'idp' has the role 'idp'"),
        (("log: logbook", "log: idp"), "log", "a service of role 'witness' is needed, and 'idp' has the role 'idp'"),
        (
            (f"holders: {HOLDERS}", f"holders: {HOLDERS}\n      isolated_from: [ledger]"),
            "isolated_from.0",
            "'ledger' is what it opens, and cannot be done without",
        ),
        (
            (f"holders: {HOLDERS}", f"holders: {HOLDERS}\n      isolated_from: [postgres]"),
            "isolated_from.0",
            "a service of role 'vault' or 'idp' is needed, and 'postgres' has the role 'database'",
        ),
        (
            (f"holders: {HOLDERS}", f"holders: {HOLDERS}\n      also_for: [vault]"),
            "also_for.0",
            "a service of role 'workload' is needed, and 'vault' has the role 'vault'; there are billing, orders",
        ),
        (
            ("may: [entries:write]", "may: [entry]"),
            "may.0",
            f"'entry' is nothing that can be done at a ledger; there are {SCOPES}",
        ),
        (
            ("method: offline-credential", "method: envelope"),
            "",
            "expected 'method' to be one of offline-credential, root-quorum, database-role",
        ),
        (("may_not: [entries:read, entries:admin]", "may_not: []"), "may_not", "must not be empty"),
        (
            ("lasts: 8s", "lasts: 8"),
            "lasts",
            "8 is not a duration: write a number with a unit, such as 500ms, 20s, 2m or 1h",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place(errors_of: ErrorsOf, edit: tuple[str, str], where: str, said: str) -> None:
    found = errors_of(edited(edit))
    full = ".".join(filter(None, ("x-lockout.break_glass.ledger-envelope", where)))
    assert any(f": {full}: {said}" in line for line in found), found
    assert not any(line.startswith("0.yaml: ") for line in found), "each has its place in the file"


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (
            [("{shares: 3, threshold: 2}", "{shares: 5, threshold: 2}")],
            "'vault' has 5 key shares; name as many holders, not 3",
        ),
        ([("initialise: {shares: 3, threshold: 2}", "admin_token: {literal: some-token}")], "no key shares of 'vault'"),
        (
            [("may: [read kv/data/billing]", "may: [billing]")],
            "'billing' is not an action: write a capability and a path",
        ),
        ([("role: desk", "role: witness")], "required key 'from' is missing"),
        ([("    vault-quorum:", "    Vault_Quorum:")], "'Vault_Quorum' is not a name"),
        ([("role: idp, port: 8443", "role: ca")], "it is isolated from nothing"),
    ],
)
def test_what_does_not_fit_the_estate(errors_of: ErrorsOf, edits: list[tuple[str, str]], said: str) -> None:
    assert any(said in line for line in errors_of(edited(*edits)))
