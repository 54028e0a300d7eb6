"""From a journal's line to an event: what it tells, and of whom."""

from __future__ import annotations

import json

import pytest

from harness.history.clock import Stamp
from harness.history.events import AnyEvent, IdpRequest, ProxyConnection, ResourceAccess, VaultRequest
from harness.observers.attribution import Attribution
from harness.observers.journal import journals, parse_line
from harness.topology.model import BLOCKS
from tests.unit.observers import lines

STAMP = Stamp(3.5, "2026-11-22T11:40:43.500000Z")


@pytest.fixture
def who() -> Attribution:
    who = Attribution()
    who.vault_roles = {("vault", "orders-never-relogs"): "orders-never-relogs", ("vault", "billing"): "billing"}
    who.idp_clients = {("idp", "payments"): "payments"}
    who.holders = {("ledger", "payments"): "payments"}
    who.moved("by-address", ["172.28.0.7", "172.28.0.5", "172.28.0.9", "192.168.96.4"])
    who.moved("proxy", ["192.168.0.2"])
    return who


def parsed(role: str, service: str, line: str, who: Attribution) -> AnyEvent | None:
    return parse_line(journals()[role], service, line, STAMP, who)


def vault(line: str, who: Attribution, service: str = "vault") -> VaultRequest:
    event = parsed("vault", service, line, who)
    assert isinstance(event, VaultRequest)
    return event


def test_there_is_a_journal_for_each_role_that_keeps_one() -> None:
    assert {role: entry.name for role, entry in journals().items()} == {
        "vault": "vault-audit",
        "idp": "idp-journal",
        "resource": "resource-journal",
        "proxy": "proxy-journal",
        "witness": "witness-journal",
    }
    assert set(journals()) <= set(BLOCKS)


# Vault's audit log


def test_a_login_by_certificate_is_known_by_its_name(who: Attribution) -> None:
    event = vault(lines.CERT_LOGIN, who)
    assert (event.workload, event.login, event.ok) == ("billing", True, True)


def test_a_login(who: Attribution) -> None:
    assert vault(lines.LOGIN, who) == VaultRequest(
        t=3.5,
        wall=STAMP.wall,
        source="vault-audit/vault",
        vault="vault",
        path="auth/approle/login",
        operation="update",
        ok=True,
        workload="orders-never-relogs",
        accessor="V6cuDhXYd6v6Yg3YIIktjDoU",
        login=True,
        remote="172.28.0.7",
        ttl=6.0,
    )


@pytest.mark.parametrize(
    ("line", "error"), [(lines.LOGIN_REFUSED, "invalid credentials"), (lines.JWT_LOGIN_REFUSED, "")]
)
def test_a_login_that_was_refused(line: str, error: str, who: Attribution) -> None:
    event = vault(line, who)
    assert (event.ok, event.login, event.error, event.accessor) == (False, True, error, "")
    assert event.workload == "by-address", "nobody is named, so the address tells"


def test_a_renewal(who: Attribution) -> None:
    event = vault(lines.RENEWAL, who)
    assert (event.ok, event.login, event.renewal, event.workload) == (True, False, True, "orders-never-relogs")
    assert (event.ttl, event.lease) == (6.0, "")


def test_a_renewal_of_a_lease_says_which_but_not_for_how_long(who: Attribution) -> None:
    event = vault(lines.LEASE_RENEWAL, who)
    assert (event.renewal, event.lease) == (True, "database/creds/orders/YypedsSALCizgMdjI0krZYLJ")
    assert event.ttl == 0.0, "that of its token says nothing of it"


def test_the_life_of_a_token_that_another_made_is_not_its_own(who: Attribution) -> None:
    entry = json.loads(lines.RENEWAL)
    entry["response"]["auth"] = {"accessor": "of-a-child", "token_ttl": 3600}
    assert vault(json.dumps(entry), who).ttl == 0.0


def test_a_read(who: Attribution) -> None:
    event = vault(lines.READ, who)
    assert (event.ok, event.login, event.renewal, event.path) == (True, False, False, "database/creds/orders")
    assert (event.ttl, event.lease) == (0.0, "database/creds/orders/G9eNo9")


def test_a_secret_with_a_key_named_error_is_no_refusal(who: Attribution) -> None:
    entry = json.loads(lines.READ)
    entry["response"]["data"] = {"error": "hmac-sha256:1", "username": "hmac-sha256:2"}
    assert vault(json.dumps(entry), who).ok


def test_a_dead_token(who: Attribution) -> None:
    event = vault(lines.DEAD_TOKEN, who)
    assert (event.ok, event.workload, event.accessor) == (False, "by-address", "")
    assert event.error.startswith("2 errors occurred")
    assert event.error.endswith("invalid token")


def test_a_role_is_known_to_its_own_vault_only(who: Attribution) -> None:
    assert vault(lines.LOGIN, who, "vault-secondary").workload == "by-address"


def test_an_alias_in_the_metadata(who: Attribution) -> None:
    entry = json.loads(lines.READ)
    entry["auth"]["metadata"] = {"role": "billing"}  # as the jwt method words it
    assert vault(json.dumps(entry), who).workload == "billing"


@pytest.mark.parametrize("line", [lines.OWN_REQUEST, lines.LOGIN_ASKED, lines.SERVER_LOG])
def test_what_is_left_out_of_the_audit_log(line: str, who: Attribution) -> None:
    assert parsed("vault", "vault", line, who) is None


@pytest.mark.parametrize("path", ["auth/team-a/approle/login", "auth/jwt/login", "auth/userpass/login/orders"])
def test_a_login_at_any_mount(path: str, who: Attribution) -> None:
    entry = json.loads(lines.LOGIN)
    entry["request"]["path"] = path
    assert vault(json.dumps(entry), who).login


@pytest.mark.parametrize("path", ["kv/data/login", "auth/approle/login-as/x", "auth/token/lookup-self"])
def test_a_path_with_login_in_it_is_no_login(path: str, who: Attribution) -> None:
    entry = json.loads(lines.LOGIN)
    entry["request"]["path"] = path
    assert not vault(json.dumps(entry), who).login


# Identity provider


def test_a_token_that_was_issued(who: Attribution) -> None:
    assert parsed("idp", "idp", lines.IDP_TOKEN, who) == IdpRequest(
        t=3.5,
        wall=STAMP.wall,
        source="idp-journal/idp",
        idp="idp",
        endpoint="token",
        client="payments",
        ok=True,
        status=200,
        workload="payments",  # and not the proxy, from whose address it came
        grant="client_credentials",
        key="lab-ffe9acdda3fe",
    )


def test_an_unknown_client_is_told_by_its_address(who: Attribution) -> None:
    event = parsed("idp", "idp", lines.IDP_REFUSED, who)
    assert isinstance(event, IdpRequest)
    assert (event.ok, event.status, event.workload) == (False, 401, "by-address")


def test_a_request_from_nowhere_known(who: Attribution) -> None:
    event = parsed("idp", "idp", lines.IDP_JWKS, who)
    assert isinstance(event, IdpRequest)
    assert (event.endpoint, event.client, event.workload) == ("jwks", "", "")


# Resource


def test_an_access_that_was_allowed(who: Attribution) -> None:
    assert parsed("resource", "ledger", lines.LEDGER_ALLOWED, who) == ResourceAccess(
        t=3.5,
        wall=STAMP.wall,
        source="resource-journal/ledger",
        resource="ledger",
        identity="payments",
        via="jwt",
        allowed=True,
        workload="payments",
        credential="sha256:c044e8c6ed9da58d",
    )


def test_an_access_that_was_refused(who: Attribution) -> None:
    event = parsed("resource", "ledger", lines.LEDGER_REFUSED, who)
    assert isinstance(event, ResourceAccess)
    assert (event.allowed, event.reason, event.identity, event.workload) == (False, "unknown_key", "", "by-address")


def test_opening_break_glass_is_no_access(who: Attribution) -> None:
    assert parsed("resource", "ledger", lines.LEDGER_OPENED, who) is None


# Proxy


@pytest.mark.parametrize(
    ("line", "outcome", "client", "rule"),
    [
        (lines.PROXY_RELAYED, "relayed", "172.28.0.7", ""),
        (lines.PROXY_CUT, "cut", "172.28.0.9", "network-partition-vault"),
        (lines.PROXY_HIT, "hit", "172.28.0.9", "vault-slow-vault"),
    ],
)
def test_a_connection(line: str, outcome: str, client: str, rule: str, who: Attribution) -> None:
    assert parsed("proxy", "proxy", line, who) == ProxyConnection(
        t=3.5,
        wall=STAMP.wall,
        source="proxy-journal/proxy",
        proxy="proxy",
        route="vault",
        outcome=outcome,
        client=client,
        workload="by-address",
        rule=rule,
    )


def test_a_proxy_event_without_an_outcome_is_no_connection(who: Attribution) -> None:
    assert parsed("proxy", "proxy", '{"journal":"proxy","event":"rule.applied","rule":"x"}', who) is None


# Any of them


@pytest.mark.parametrize("role", sorted(journals()))
@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "listening on 8443",
        "{",
        "[1]",
        "null",
        "{}",
        '{"journal":"other","outcome":"relayed","allowed":true}',
        "{not an entry} but words",
        '{"type":"request"}',
    ],
)
def test_other_lines_are_no_entries(role: str, line: str, who: Attribution) -> None:
    assert parsed(role, "service", line, who) is None


@pytest.mark.parametrize("role", sorted(journals()))
@pytest.mark.parametrize("line", ['{"journal":"idp","endpoint":"tok', '{"a":' * 100_000])
def test_an_entry_that_cannot_be_read_is_not_passed_over(role: str, line: str, who: Attribution) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parsed(role, "service", line, who)


@pytest.mark.parametrize("role", ["idp", "resource", "proxy"])
@pytest.mark.parametrize("line", [lines.IDP_TOKEN, lines.LEDGER_ALLOWED, lines.PROXY_CUT])
def test_a_journal_reads_its_own_entries_only(role: str, line: str, who: Attribution) -> None:
    own = {"idp": lines.IDP_TOKEN, "resource": lines.LEDGER_ALLOWED, "proxy": lines.PROXY_CUT}
    assert (parsed(role, "service", line, who) is not None) is (own[role] is line)
