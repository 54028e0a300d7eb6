"""The running lab: who is who, where to reach it, and which secret opens it."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.faults.ports import FaultNotPossible, Lab
from harness.lab import diagnosis
from harness.lab.diagnosis import failed_services, not_ready, symptoms
from harness.lab.errors import EnvironmentUnusable
from harness.lab.setup.components import break_glass_label, client_secret_label
from harness.lab.setup.identities import deliver_identities
from harness.topology.compose_output import parse_config
from tests.unit.lab_core.support import FakeContainer
from tests.unit.lab_core.topologies import CONFIG, LITERAL, make_lab


def archive_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def pki() -> FakeContainer:
    return FakeContainer("pki", "exited", archives=[archive_of("ca.pem", b"CERTIFICATE")])


def test_it_is_a_lab_to_faults(tmp_path: Path) -> None:
    lab: Lab = make_lab(tmp_path)
    assert lab.workloads() == ("orders", "payments", "reports")


def test_where_a_component_is_reached(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    assert lab.url("vault", 8200, tls=True) == "https://127.0.0.1:20001"
    assert lab.url("vault", 8200, tls=False) == "http://127.0.0.1:20001"
    with pytest.raises(EnvironmentUnusable, match="port 8201 of 'vault' is not published for lockout"):
        lab.url("vault", 8201, tls=True)


@pytest.mark.parametrize(
    ("ask", "name", "said"),
    [
        ("vault", "idp", "'idp' is no vault of this topology"),
        ("vault", "nobody", "'nobody' is no vault of this topology"),
        ("idp", "vault", "'vault' is no idp of this topology"),
        ("ledger", "orders", "'orders' is no resource of this topology"),
        ("database", "helper", "'helper' is no database of this topology"),
        ("proxy", "vault", "'vault' is no proxy of this topology"),
    ],
)
def test_a_component_of_the_wrong_kind(tmp_path: Path, ask: str, name: str, said: str) -> None:
    with pytest.raises(EnvironmentUnusable, match=said):
        getattr(make_lab(tmp_path), ask)(name)


def test_a_component_without_an_admin_port_cannot_be_driven(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, ports={("bare-idp", 8080): 20001})
    with pytest.raises(FaultNotPossible, match="'bare-idp' declares no admin_port in x-lockout"):
        lab.idp("bare-idp").active_key()


def test_the_ca_is_fetched_once(tmp_path: Path) -> None:
    certificate = pki()
    lab = make_lab(tmp_path, certificate)
    lab.vault("vault")
    lab.forget_vault("vault")
    vault = lab.vault("vault")
    assert len(certificate.calls) == 1
    path = Path(str(vault._session.verify))
    assert path.read_bytes() == b"CERTIFICATE"
    assert tmp_path in path.parents


def test_a_vault_that_lockout_initialises(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, pki())
    before = lab.vault("vault")
    assert not before.holds_keys
    assert lab.vault("vault") is before
    for number in (1, 2, 3):
        lab.secrets.keep(f"vault-unseal-key-{number}", f"share-number-{number}")
    lab.secrets.keep("vault-root-token", "hvs.initial-root")
    lab.forget_vault("vault")
    after = lab.vault("vault")
    assert after.holds_keys
    assert (after._keys, after._threshold) == (("share-number-1", "share-number-2", "share-number-3"), 2)
    assert after.client.token == "hvs.initial-root"


def test_a_vault_whose_token_is_written_down(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, ports={("dev-vault", 8300): 20009})
    vault = lab.vault("dev-vault")
    assert (vault.client.token, vault.client.url) == (LITERAL, "http://127.0.0.1:20009")
    assert not vault.holds_keys
    assert lab.secrets.get("dev-vault-root-token") == LITERAL, "where 'lockout heal' finds it"


def test_a_vault_whose_token_is_in_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = make_lab(tmp_path)
    source = lab.spec.topology.services["dev-vault"].block.admin_token  # type: ignore[union-attr]
    by_env = source.model_copy(update={"literal": None, "env": "THEIR_TOKEN"})
    monkeypatch.delenv("THEIR_TOKEN", raising=False)
    with pytest.raises(EnvironmentUnusable, match="dev-vault: the variable THEIR_TOKEN, which holds its admin token"):
        lab._find_token("dev-vault", by_env)
    monkeypatch.setenv("THEIR_TOKEN", "hvs.theirs")
    assert lab._find_token("dev-vault", by_env) == "hvs.theirs"


def test_a_vault_whose_token_is_in_a_file(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, FakeContainer("dev-vault", archives=[archive_of("token", b"hvs.in-a-file\n")]))
    source = lab.spec.topology.services["dev-vault"].block.admin_token  # type: ignore[union-attr]
    by_file = source.model_copy(update={"literal": None, "file_in_container": "/home/vault/token"})
    assert lab._find_token("dev-vault", by_file) == "hvs.in-a-file"


def test_an_admin_token_is_read_once_and_known_to_the_redactor(tmp_path: Path) -> None:
    container = FakeContainer("idp", archives=[archive_of("admin-token", b"the-admin-token\n")])
    lab = make_lab(tmp_path, container)
    assert lab.idp("idp") is lab.idp("idp")
    assert len(container.calls) == 1
    assert lab.secrets.get("idp-admin-token") == "the-admin-token"
    assert "the-admin-token" not in lab.secrets.redact("Bearer the-admin-token")


def test_which_proxy_stands_before_what(tmp_path: Path) -> None:
    container = FakeContainer("proxy", archives=[archive_of("admin-token", b"the-proxys-token")])
    lab = make_lab(tmp_path, container, ports={("proxy", 9443): 20004})
    assert lab.proxy_before("vault") is lab.proxy("proxy")
    with pytest.raises(FaultNotPossible, match="no fault proxy of this topology has a route to 'idp'"):
        lab.proxy_before("idp")


@pytest.mark.parametrize(
    ("vault", "workloads", "roles"),
    [
        ("vault", (), {"orders"}),
        ("dev-vault", (), {"dev-orders"}),
        ("vault", ("orders", "payments"), {"orders"}),
        ("vault", ("payments",), set()),
    ],
)
def test_under_which_roles_workloads_are_known(
    tmp_path: Path, vault: str, workloads: tuple[str, ...], roles: set[str]
) -> None:
    assert make_lab(tmp_path).vault_roles(vault, workloads) == roles


@pytest.mark.parametrize(
    ("idp", "workloads", "clients"),
    [("idp", (), {"pay"}), ("idp", ("payments",), {"pay"}), ("idp", ("orders",), set()), ("other", (), set())],
)
def test_clients_of_workloads(tmp_path: Path, idp: str, workloads: tuple[str, ...], clients: set[str]) -> None:
    assert make_lab(tmp_path).idp_clients(idp, workloads) == clients
    with pytest.raises(FaultNotPossible, match="no workload 'nobody' here"):
        make_lab(tmp_path).idp_clients(idp, ("nobody",))


def test_roles_of_somebody_unknown(tmp_path: Path) -> None:
    with pytest.raises(FaultNotPossible, match="no workload 'vault' here; there are orders, payments, reports"):
        make_lab(tmp_path).vault_roles("vault", ("orders", "vault"))


def test_passwords_are_minted_one_after_the_other(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    first, second = lab.mint_password(), lab.mint_password()
    assert first != second
    assert lab.secrets.redact(f"{first} {second}") == "[redacted:rotated-password-1] [redacted:rotated-password-2]"


# Handing out identities


def delivered(container: FakeContainer) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(container.archives[-1])) as archive:
        return {
            entry.name: archive.extractfile(entry).read().decode()  # type: ignore[union-attr]
            for entry in archive.getmembers()
            if entry.isfile()
        }


def test_client_and_emergency_credentials_are_delivered(tmp_path: Path) -> None:
    container = FakeContainer("payments", inspected={"Config": {"User": "65532"}})
    lab = make_lab(tmp_path, container)
    secret = lab.secrets.mint(client_secret_label("idp", "pay"))
    credential = lab.secrets.mint(break_glass_label("ledger", "payments"))
    deliver_identities(lab, "payments")
    assert delivered(container) == {
        "run/identity/idp/client_id": "pay",
        "run/identity/idp/client_secret": secret,
        "run/identity/break-glass/credential": credential,
    }


class SignsIn:
    """The part of the identity provider's operator that delivery uses."""

    def __init__(self) -> None:
        self.given = 0

    def sign_in(self, client: str) -> str:
        assert client == "pay"
        self.given += 1
        return f"first-refresh-token-{self.given}"


def test_a_client_that_lives_on_refresh_tokens_is_signed_in_anew_at_each_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, idp = FakeContainer("payments", inspected={"Config": {"User": "65532"}}), SignsIn()
    lab = make_lab(tmp_path, container)
    clients = "role: idp, clients: {pay: {grants: [refresh_token]}}, port: 8443"
    config = lab.spec.config.replace("role: idp, port: 8443", clients)
    lab.spec = replace(lab.spec, topology=parse_config(config, lab.spec.files))
    lab.secrets.mint(client_secret_label("idp", "pay"))
    lab.secrets.mint(break_glass_label("ledger", "payments"))
    monkeypatch.setattr(lab, "idp", lambda service: idp)
    for number in (1, 2):
        deliver_identities(lab, "payments")
        token = delivered(container)["run/identity/idp/refresh_token"]
        assert token == f"first-refresh-token-{number}"
        assert lab.secrets.redact(token) != token


def test_what_was_never_issued_cannot_be_delivered(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, FakeContainer("payments"))
    with pytest.raises(EnvironmentUnusable, match="nothing was issued as 'idp-client-pay'"):
        deliver_identities(lab, "payments")


def test_a_workload_without_identities_is_left_alone(tmp_path: Path) -> None:
    container = FakeContainer("reports")
    deliver_identities(make_lab(tmp_path, container), "reports")
    assert container.calls == []


class AppRole:
    """The part of hvac's client that delivery uses."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def read(self, path: str) -> Any:
        assert path == "auth/approle/role/orders/role-id"
        return self._answer and {"data": {"role_id": "role-1"}}

    def write_data(self, path: str, data: object) -> Any:
        assert path == "auth/approle/role/orders/secret-id"
        return {"data": {"secret_id": "secret-id-of-orders"}}


def test_an_approle_is_delivered_with_a_secret_id_of_its_own(tmp_path: Path) -> None:
    container = FakeContainer("orders", inspected={"Config": {"User": "65532"}})
    lab = make_lab(tmp_path, pki(), container)
    lab.vault("vault").client = AppRole(answer=True)
    deliver_identities(lab, "orders")
    assert delivered(container) == {
        "run/identity/vault/role_id": "role-1",
        "run/identity/vault/secret_id": "secret-id-of-orders",
    }
    assert lab.secrets.redact("secret-id-of-orders") == "[redacted:vault-secret-id-orders]"


def test_a_role_that_vault_does_not_know(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, pki(), FakeContainer("orders"))
    lab.vault("vault").client = AppRole(answer=None)
    with pytest.raises(EnvironmentUnusable, match="orders: no SecretID for role 'orders' of vault") as raised:
        deliver_identities(lab, "orders")
    assert raised.value.hints == ("is the role in x-lockout: provision: auth: approle: roles of vault?",)


# What is said when something does not come up


@pytest.mark.parametrize("in_container", [False, True])
def test_symptoms_of_a_container_that_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_container: bool
) -> None:
    monkeypatch.setattr(diagnosis, "IN_CONTAINER", tmp_path if in_container else tmp_path / "none")
    lab = make_lab(
        tmp_path,
        FakeContainer(
            "orders",
            "exited",
            inspected={"State": {"Running": False, "ExitCode": 1}},
            output=[b"starting\n", b"cannot log in with hunter2-hunter2\n"],
        ),
    )
    lab.secrets.keep("db-password", "hunter2-hunter2")
    error = not_ready(lab, "orders", "did not answer")
    assert error.message == "orders did not answer"
    assert error.hints[:4] == (
        "its container is exited (exit code 1)",
        "its last log lines:",
        "    starting",
        "    cannot log in with [redacted:db-password]",
    )
    assert ["mounted socket" in hint for hint in error.hints[4:]] == [True] * in_container


def test_symptoms_of_a_container_that_runs_and_says_nothing(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, FakeContainer("orders", inspected={"State": {"Running": True, "ExitCode": 0}}))
    assert symptoms(lab, "orders") == ["its container is running", "it has logged nothing"]


def test_without_a_container_there_is_not_much_to_say(tmp_path: Path) -> None:
    assert symptoms(make_lab(tmp_path), "orders") == []


def test_services_that_failed_are_told_and_those_that_did_their_job_are_not(tmp_path: Path) -> None:
    def ended(service: str, code: int, status: str = "exited") -> FakeContainer:
        return FakeContainer(service, status, inspected={"State": {"Running": False, "ExitCode": code}})

    running = FakeContainer("vault", inspected={"State": {"Running": True, "ExitCode": 0}})
    lab = make_lab(tmp_path, ended("pki", 0), ended("idp", 2), ended("orders", 0, "restarting"), running)
    lines = failed_services(lab)
    assert [line for line in lines if line.endswith(":")] == ["idp:", "orders:"]
    assert "its container is exited (exit code 2)" in lines


def test_only_a_resource_of_a_known_kind_is_asked_what_it_thinks_of_tokens(tmp_path: Path) -> None:
    ledger = FakeContainer("ledger")
    lab = make_lab(tmp_path, ledger, ports={("ledger", 8443): 20005})
    assert lab.judges() == ()
    services = dict(lab.spec.topology.services)
    config = CONFIG.replace("role: resource,", "role: resource, kind: ledger,")
    services["ledger"] = parse_config(config, lab.spec.files).services["ledger"]
    lab.spec = replace(lab.spec, topology=replace(lab.spec.topology, services=services))
    assert lab.judges() == ("ledger",)
    ledger.status = "exited"
    assert lab.judges() == ()


@pytest.mark.parametrize(("set_up", "fixed"), [(None, False), ({}, False), ({"IPv4Address": "10.1.0.9"}, True)])
def test_an_address_from_the_users_own_files_is_known_as_such(
    tmp_path: Path, set_up: dict[str, str] | None, fixed: bool
) -> None:
    at = {"Aliases": ["vault"], "IPAddress": "10.1.0.9", "IPAMConfig": set_up}
    container = FakeContainer("vault", inspected={"NetworkSettings": {"Networks": {"auth": at}}})
    (end,) = make_lab(tmp_path, container).networks.endpoints("vault")
    assert (end.address, end.fixed) == ("10.1.0.9", fixed)
