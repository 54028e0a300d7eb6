from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.scenario.problems import TopologyError
from harness.topology.model import Attachment
from harness.topology.parse import parse_topology
from harness.topology.provision import DatabaseSecrets, Generated, JwtAuth, KvSecrets, TokenAuth, TokenRole
from harness.topology.services import DatabaseBlock, IdpBlock
from harness.topology.vault import VaultBlock
from harness.topology.workload import BreakGlassIdentity, DatabaseIdentity, IdpIdentity, VaultIdentity

from .conftest import COMPOSE, Parse, read_compose

ErrorsOf = Callable[..., list[str]]


def edited(*edits: tuple[str, str]) -> str:
    text = COMPOSE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_services_and_their_surroundings(parse: Parse, tmp_path: Path) -> None:
    topology = parse(COMPOSE)
    assert topology.sources == (tmp_path / "0.yaml",)
    assert topology.workloads == ("orders", "worker")
    assert [service.name for service in topology.by_role("vault")] == ["vault"]
    vault = topology.services["vault"]
    assert vault.image == "hashicorp/vault:1.21.0"
    assert vault.networks == (Attachment("control"), Attachment("upstream", ("vault.upstream",)))
    assert vault.depends_on == ("pki",)
    assert topology.services["orders"].published == (8080,)
    assert topology.services["sidecar"].role is None


def test_a_workload_block(parse: Parse) -> None:
    topology = parse(COMPOSE)
    orders = topology.workload("orders")
    assert orders.probe.timeout == 0.5
    assert orders.probe.http is not None
    assert (orders.probe.http.port, orders.probe.http.path, orders.probe.http.method) == (8080, "/work", "GET")
    assert {name: path.needs for name, path in topology.paths("orders").items()} == {
        "primary": ("vault", "postgres"),
        "cached": ("postgres",),
        "break-glass": ("ledger",),
    }
    at_vault, at_idp, emergency = orders.identity
    assert isinstance(at_vault, VaultIdentity)
    assert (at_vault.at, at_vault.role, at_vault.deliver) == ("approle", "orders", "/run/identity/vault")
    assert isinstance(at_idp, IdpIdentity)
    assert at_idp.client == "orders"
    assert isinstance(emergency, BreakGlassIdentity)
    assert topology.workload("worker").probe.command == ("pgrep", "worker")


def test_tokens_that_are_handed_over_and_fixed_database_roles(parse: Parse) -> None:
    topology = parse(
        edited(
            (
                "          jwt:\n",
                "          token:\n            type: token\n"
                "            roles: {handed: {policies: [orders], period: 1h}}\n          jwt:\n",
            ),
            ("{vault: vault, method: approle, role: orders,", "{vault: vault, method: token, role: handed,"),
            (
                "{resource: ledger, break_glass: true, deliver: /run/identity/break-glass}",
                "{database: postgres, role: app_default, member_of: [app_writer], deliver: /run/identity/fallback}",
            ),
        )
    )
    at_vault, _, fixed = topology.workload("orders").identity
    assert isinstance(at_vault, VaultIdentity)
    assert (at_vault.at, at_vault.role) == ("token", "handed")
    assert isinstance(fixed, DatabaseIdentity)
    assert (fixed.database, fixed.role, fixed.member_of) == ("postgres", "app_default", ("app_writer",))
    block = topology.services["vault"].block
    assert isinstance(block, VaultBlock)
    assert block.provision is not None
    assert block.provision.auth["token"] == TokenAuth(
        type="token", roles={"handed": TokenRole.model_validate({"policies": ["orders"], "period": "1h"})}
    )


def test_a_vault_block(parse: Parse) -> None:
    block = parse(COMPOSE).services["vault"].block
    assert isinstance(block, VaultBlock)
    assert (block.port, block.admin_token) == (8200, None)
    assert block.initialise is not None
    assert (block.initialise.shares, block.initialise.threshold) == (5, 3)
    assert block.provision is not None
    jwt = block.provision.auth["jwt"]
    assert isinstance(jwt, JwtAuth)
    assert jwt.roles["orders"].user_claim == "sub"
    approle = block.provision.auth["approle"].roles["orders"]
    assert (approle.token_ttl, approle.token_max_ttl, approle.token_num_uses) == (20.0, 600.0, None)
    kv = block.provision.secrets["kv"]
    assert isinstance(kv, KvSecrets)
    assert kv.entries["billing"] == {
        "username": "billing_app",
        "password": Generated(generate="database-role", on="postgres", role="billing_app"),
    }
    database = block.provision.secrets["database"]
    assert isinstance(database, DatabaseSecrets)
    assert database.static_roles["reports"].rotation_period == 86400.0
    assert database.roles["orders"].creation == ('CREATE ROLE "{{name}}"',)


def test_the_other_blocks(parse: Parse) -> None:
    topology = parse(COMPOSE)
    idp, database = topology.services["idp"].block, topology.services["postgres"].block
    assert isinstance(idp, IdpBlock)
    assert idp.clients["orders"].grants == ("client_credentials",)
    assert isinstance(database, DatabaseBlock)
    assert (database.user, database.database, database.setup) == (
        "postgres",
        "app",
        ("CREATE ROLE app_writer NOLOGIN",),
    )


def test_what_is_started_with_a_service(parse: Parse) -> None:
    topology = parse(COMPOSE)
    assert topology.started_with(["orders"]) == {"orders", "vault", "postgres", "pki"}
    assert topology.started_with(None) == set(topology.services)
    assert topology.started_with([]) == frozenset()


def test_asking_for_a_workload_that_is_none(parse: Parse) -> None:
    topology = parse(COMPOSE)
    with pytest.raises(KeyError, match="vault"):
        topology.workload("vault")
    with pytest.raises(KeyError, match="nobody"):
        topology.paths("nobody")


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            ("role: vault\n", "role: vualt\n"),
            "12:13: services.vault.x-lockout.role: unknown role 'vualt', did you mean 'vault'?",
            id="misspelt-role",
        ),
        pytest.param(
            ("{role: ca}", "{rolle: ca}"),
            "4:16: services.pki.x-lockout: required key 'role' is missing; "
            "known roles: workload, vault, idp, resource, database, proxy, ca, desk, witness",
            id="no-role",
        ),
        pytest.param(
            ("{role: ca}", "ca"),
            "4:16: services.pki.x-lockout: expected a mapping with 'role', not 'ca'",
            id="not-a-mapping",
        ),
        pytest.param(
            ("      probe: {command: [pgrep, worker]}\n", ""),
            "72:7: services.worker.x-lockout: required key 'probe' is missing",
            id="workload-without-probe",
        ),
        pytest.param(
            ("probe: {command: [pgrep, worker]}", "probe: {timeout: 1s}"),
            "73:14: services.worker.x-lockout.probe: a probe needs exactly one of "
            "'http', 'command', 'tcp', but there is none of them",
            id="empty-probe",
        ),
        pytest.param(
            ("probe: {command: [pgrep, worker]}", "probe: {command: [a], tcp: {port: 1}}"),
            "73:14: services.worker.x-lockout.probe: a probe needs exactly one of "
            "'http', 'command', 'tcp', but there is 'command' and 'tcp'",
            id="two-probes",
        ),
        pytest.param(
            ("probe: {command: [pgrep, worker]}", "probe: {comand: [a], tcp: {port: 1}}"),
            "73:15: services.worker.x-lockout.probe: unknown key 'comand', did you mean 'command'?",
            id="misspelt-probe",
        ),
        pytest.param(
            ("probe: {command: [pgrep, worker]}", "probe: {tcp: {port: 65536}}"),
            "73:27: services.worker.x-lockout.probe.tcp.port: must be at most 65535, not the number 65536",
            id="port-too-high",
        ),
        pytest.param(
            ("needs: [vault, postgres]", "needs: [vualt, postgres]"),
            "62:27: services.orders.x-lockout.access.primary.needs.0: unknown service 'vualt', did you mean 'vault'?",
            id="needs-unknown-service",
        ),
        pytest.param(
            ("needs: [vault, postgres]", "needs: [orders]"),
            "62:27: services.orders.x-lockout.access.primary.needs.0: a workload cannot need itself",
            id="needs-itself",
        ),
        pytest.param(
            ("{vault: vault, method", "{vault: postgres, method"),
            "66:19: services.orders.x-lockout.identity.0.vault: service 'postgres' is not a vault; "
            "its role is 'database'",
            id="identity-at-no-vault",
        ),
        pytest.param(
            ("{idp: idp, client", "{idp: sidecar, client"),
            "67:17: services.orders.x-lockout.identity.1.idp: service 'sidecar' is not an idp; "
            "it has no x-lockout block",
            id="identity-at-no-idp",
        ),
        pytest.param(
            ("{resource: ledger,", "{resource: leger,"),
            "68:22: services.orders.x-lockout.identity.2.resource: unknown service 'leger', did you mean 'ledger'?",
            id="identity-at-unknown-resource",
        ),
        pytest.param(
            ("{vault: vault, method: approle, role: orders,", "{method: approle, role: orders,"),
            "66:11: services.orders.x-lockout.identity.0: "
            "an identity needs exactly one of 'vault', 'idp', 'resource' and 'database'",
            id="identity-of-no-kind",
        ),
        pytest.param(
            ("role: orders, deliver", "role: order, deliver"),
            "66:49: services.orders.x-lockout.identity.0.role: unknown auth role 'order', did you mean 'orders'?",
            id="identity-role-not-provisioned",
        ),
        pytest.param(
            ("client: orders", "client: order"),
            "67:30: services.orders.x-lockout.identity.1.client: unknown client 'order', did you mean 'orders'?",
            id="client-not-registered",
        ),
        pytest.param(
            ("deliver: /run/identity/vault", "deliver: run/vault"),
            "66:66: services.orders.x-lockout.identity.0.deliver: "
            "'run/vault' is not a path inside a container: it must begin with /",
            id="relative-path",
        ),
        pytest.param(
            ("      initialise: {shares: 5, threshold: 3}\n", ""),
            "12:7: services.vault.x-lockout: a vault needs exactly one of 'initialise', 'admin_token', "
            "but there is none of them",
            id="no-way-into-vault",
        ),
        pytest.param(
            ("threshold: 3", "threshold: 6"),
            "14:19: services.vault.x-lockout.initialise: a threshold of 6 cannot be met by 5 shares",
            id="threshold-too-high",
        ),
        pytest.param(
            ("tls: {ca_from: pki", "tls: {ca_from: idp"),
            "13:22: services.vault.x-lockout.tls.ca_from: service 'idp' is not a ca; its role is 'idp'",
            id="no-ca",
        ),
        pytest.param(
            ("policies: [orders], token_ttl", "policies: [order], token_ttl"),
            "20:41: services.vault.x-lockout.provision.auth.approle.roles.orders.policies.0: "
            "unknown policy 'order', did you mean 'orders'?",
            id="unknown-policy",
        ),
        pytest.param(
            ("token_max_ttl: 10m", "token_maxttl: 10m"),
            "20:66: services.vault.x-lockout.provision.auth.approle.roles.orders: "
            "unknown key 'token_maxttl', did you mean 'token_max_ttl'?",
            id="misspelt-key-deep-down",
        ),
        pytest.param(
            ("type: jwt", "type: oidc"),
            "22:13: services.vault.x-lockout.provision.auth.jwt: "
            "expected 'type' to be one of approle, jwt, token, cert",
            id="unknown-auth-type",
        ),
        pytest.param(
            ("on: postgres, role", "on: ledger, role"),
            "29:88: services.vault.x-lockout.provision.secrets.kv.entries.billing.password.on: "
            "service 'ledger' is not a database; its role is 'resource'",
            id="generated-on-no-database",
        ),
        pytest.param(
            (", on: postgres, role: billing_app", ""),
            "29:58: services.vault.x-lockout.provision.secrets.kv.entries.billing.password: "
            "'generate: database-role' needs 'on: <database service>' and 'role: <database role>'",
            id="generated-nowhere",
        ),
        pytest.param(
            ("connection: {service: postgres", "connection: {service: postgers"),
            "32:35: services.vault.x-lockout.provision.secrets.database.connection.service: "
            "unknown service 'postgers', did you mean 'postgres'?",
            id="connection-to-unknown-service",
        ),
        pytest.param(
            ("      admin_token_path: /tls/admin-token\n", ""),
            "40:7: services.idp.x-lockout: 'admin_port' and 'admin_token_path' go together",
            id="half-an-admin-api",
        ),
        pytest.param(
            ("vault: 'vault:8200'", "vualt: 'vault:8200'"),
            "53:39: services.proxy.x-lockout.routes.vualt: unknown service 'vualt', did you mean 'vault'?",
            id="route-to-nowhere",
        ),
        pytest.param(
            ("vault: 'vault:8200'", "vault: vault"),
            "53:46: services.proxy.x-lockout.routes.vault: 'vault' does not match ^[A-Za-z0-9._-]+:\\d{1,5}$",
            id="route-without-port",
        ),
        pytest.param(
            ("        cached: {needs", "        casched: {needs"),
            "63:9: services.orders.x-lockout.access.casched: expected one of primary, secondary, cached, "
            "break-glass, not 'casched', did you mean 'cached'?",
            id="unknown-access-path",
        ),
        pytest.param(
            ("resource: ledger, break_glass: true", "database: ledger, role: app"),
            "68:22: services.orders.x-lockout.identity.2.database: service 'ledger' is not a database; "
            "its role is 'resource'",
            id="database-role-of-no-database",
        ),
        pytest.param(
            ("vault, method: approle", "vault, method: token"),
            "66:34: services.orders.x-lockout.identity.0.method: unknown auth method 'token'; known: approle, jwt",
            id="tokens-that-nobody-provisions",
        ),
        pytest.param(
            ("          jwt:\n", "          tokens: {type: token}\n          jwt:\n"),
            "21:26: services.vault.x-lockout.provision.auth.tokens.type: "
            "the method of type 'token' is mounted at 'token', and no other is",
            id="token-method-elsewhere",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(errors_of: ErrorsOf, edit: tuple[str, str], expected: str) -> None:
    assert errors_of(edited(edit)) == [f"0.yaml:{expected}"]


def test_all_problems_are_reported_at_once(errors_of: ErrorsOf) -> None:
    text = edited(
        ("threshold: 3", "threshold: three"),
        ("needs: [ledger]", "needs: [leger]"),
        ("{command: [pgrep, worker]}", "{}"),
    )
    places = [line.split(": ")[0] for line in errors_of(text)]
    assert places == ["0.yaml:14:42", "0.yaml:64:31", "0.yaml:73:14"]


def test_the_last_file_that_says_something_is_to_blame(errors_of: ErrorsOf) -> None:
    override = "services:\n  worker:\n    x-lockout:\n      probe: {timeout: soon}\n"
    assert errors_of(COMPOSE, override) == [
        "1.yaml:4:24: services.worker.x-lockout.probe.timeout: 'soon' is not a duration: "
        "write a number with a unit, such as 500ms, 20s, 2m or 1h"
    ]
    harmless = "services:\n  worker:\n    environment: {A: b}\n"
    broken = edited(("[pgrep, worker]", "[]"))
    assert errors_of(broken, harmless) == ["0.yaml:73:24: services.worker.x-lockout.probe.command: must not be empty"]


def test_problems_are_found_in_included_files(tmp_path: Path) -> None:
    broken = edited(("role: ca}", "role: cat}"))
    (tmp_path / "core.yaml").write_text(broken)
    (tmp_path / "main.yaml").write_text("include: [core.yaml, main.yaml]\nservices: {}\n")
    with pytest.raises(TopologyError) as caught:
        parse_topology(read_compose(broken), [tmp_path / "main.yaml"])
    assert str(caught.value).startswith("core.yaml:4:23: services.pki.x-lockout.role: unknown role 'cat'")


def test_problems_are_found_behind_anchors_and_merge_keys(errors_of: ErrorsOf) -> None:
    text = (
        "x-probe: &probe\n  timeout: 90s\n"
        "services:\n  a:\n    x-lockout: {role: workload, probe: {<<: *probe, tcp: {port: 1}}}\n"
    )
    assert errors_of(text) == [
        "0.yaml:2:12: services.a.x-lockout.probe.timeout: 90s is outside the limits, 10ms to 60s"
    ]


def test_without_its_source_a_problem_still_names_the_place(tmp_path: Path) -> None:
    config = {"services": {"a": {"x-lockout": {"role": "workload"}}}}
    with pytest.raises(TopologyError) as caught:
        parse_topology(config, [tmp_path / "gone.yaml"])
    assert str(caught.value) == "gone.yaml: services.a.x-lockout: required key 'probe' is missing"


@pytest.mark.parametrize("config", [{}, {"services": {}}, {"services": {"a": {"image": "x"}}}])
def test_a_topology_needs_a_workload(config: dict[str, object]) -> None:
    with pytest.raises(TopologyError) as caught:
        parse_topology(config, [Path("compose.yaml")])
    assert str(caught.value) == (
        "compose.yaml: no service has an x-lockout block with 'role: workload': nothing to watch"
    )


def test_interpolated_numbers_arrive_as_text(parse: Parse) -> None:
    text = edited(
        ("probe: {http: {port: 8080,", "probe: {http: {port: '9090',"),
        ("{shares: 5, threshold: 3}", "{shares: '3', threshold: '2'}"),
    )
    topology = parse(text)
    http, vault = topology.workload("orders").probe.http, topology.services["vault"].block
    assert http is not None
    assert http.port == 9090
    assert isinstance(vault, VaultBlock)
    assert vault.initialise is not None
    assert vault.initialise.shares == 3


@pytest.mark.parametrize("written", ["eighty", "80.5", "-1", ""])
def test_other_text_is_no_port(errors_of: ErrorsOf, written: str) -> None:
    (line,) = errors_of(edited(("probe: {http: {port: 8080,", f"probe: {{http: {{port: '{written}',")))
    assert line == (
        f"0.yaml:60:28: services.orders.x-lockout.probe.http.port: expected a whole number, not {written!r}"
    )


@pytest.mark.parametrize(
    ("expect_status", "status", "accepted"),
    [
        ("", 200, True),
        ("", 299, True),
        ("", 300, False),
        ("", 199, False),
        (", expect_status: 503", 503, True),
        (", expect_status: 503", 200, False),
        (", expect_status: [200, 404]", 404, True),
        (", expect_status: [200, 404]", 201, False),
    ],
)
def test_which_answers_of_a_probe_are_good(parse: Parse, expect_status: str, status: int, accepted: bool) -> None:
    probe = parse(edited(("path: /work", f"path: /work{expect_status}"))).workload("orders").probe.http
    assert probe is not None
    assert probe.accepts(status) is accepted


def test_an_administrative_token_is_not_shown(parse: Parse, errors_of: ErrorsOf) -> None:
    old = "initialise: {shares: 5, threshold: 3}"
    block = parse(edited((old, "admin_token: {literal: dev-root}"))).services["vault"].block
    assert isinstance(block, VaultBlock)
    assert block.admin_token is not None
    assert block.admin_token.literal is not None
    assert block.admin_token.literal.get_secret_value() == "dev-root"
    assert "dev-root" not in repr(block)
    (line,) = errors_of(edited((old, "admin_token: {literal: 4711}")))
    assert line.startswith("0.yaml:14:30: services.vault.x-lockout.admin_token.literal: expected text")
    assert "4711" not in line
