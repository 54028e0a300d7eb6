"""The running lab as those see it who go through an emergency procedure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.breakglass.ports import HttpJob, SqlJob
from harness.faults.ports import Endpoint, FaultNotPossible
from harness.history.break_glass import BreakGlassBegun
from harness.history.redaction import Redactor
from harness.lab.admin.emergency import SCRIPT, LabEmergency
from harness.lab.errors import EnvironmentUnusable
from harness.lab.secrets import RunSecrets
from harness.topology.compose_output import parse_config
from tests.unit.breakglass.estate import edited

IDENTITIES = """\
  orders:
    x-lockout:
      role: workload
      probe: {tcp: {port: 1}}
      identity:
        - {vault: vault, method: approle, role: orders-role}
        - {idp: idp, client: orders-client}
        - {resource: ledger, break_glass: true}
        - {database: postgres, role: orders_app}
        - {vault: vault, method: jwt, role: orders-by-jwt}
"""
OK = json.dumps([{"status": 200, "body": {"a": 1}, "words": "", "touched": [], "at": 5.0}])


class StubLab:
    """What the emergency asks of a running lab."""

    def __init__(self, folder: Path) -> None:
        text = edited(("  orders: {x-lockout: {role: workload, probe: {tcp: {port: 1}}}}\n", IDENTITIES))
        self.spec = SimpleNamespace(topology=parse_config(text, [Path("compose.yaml")]), folder=folder)
        self.secrets = RunSecrets("r-1", Redactor(), folder / "secrets")
        self.ends = {"desk": [("emergency", "10.9.0.2")], "ledger": [("auth", "10.1.0.3"), ("emergency", "10.9.0.3")]}
        self.ran: list[tuple[str, Sequence[str], str]] = []
        self.says = OK
        self.role_id: dict[str, str] | None = {"role_id": "the-role-id"}
        self.containers = SimpleNamespace(execute=self._execute)
        self.networks = SimpleNamespace(endpoints=self._endpoints)

    def _execute(self, service: str, command: Sequence[str], stdin: str = "", user: str = "") -> str:
        self.ran.append((service, command, stdin))
        return self.says

    def _endpoints(self, service: str) -> tuple[Endpoint, ...]:
        return tuple(Endpoint(service, network, (), address) for network, address in self.ends.get(service, []))

    def ca_file(self, block: Any) -> Path | None:
        return None

    def vault(self, service: str) -> Any:
        def api_read(path: str) -> dict[str, str] | None:
            if self.role_id is None:
                raise EnvironmentUnusable("no answer")
            return self.role_id

        return SimpleNamespace(api_read=api_read)


@pytest.fixture
def lab(tmp_path: Path) -> StubLab:
    return StubLab(tmp_path)


@pytest.fixture
def emergency(lab: StubLab) -> LabEmergency:
    made: Any = lab
    return LabEmergency(made)


JOB = HttpJob("ledger", 8443, "POST", "/entries", {"Authorization": "Break-Glass sentinel"}, {"memo": "m"})


def order(lab: StubLab) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.ran[-1][2])
    return found


def test_jobs_go_to_the_desk_by_stdin_and_not_by_arguments(lab: StubLab, emergency: LabEmergency) -> None:
    (reply,) = emergency.carry_out("desk", "address", [JOB])
    ((service, command, stdin),) = lab.ran
    assert (service, list(command)) == ("desk", ["python3", "-c", SCRIPT])
    assert "sentinel" in stdin
    assert (reply.status, reply.get("a"), reply.at) == (200, 1, 5.0)


def test_the_address_is_that_of_a_network_in_which_the_desk_is(lab: StubLab, emergency: LabEmergency) -> None:
    emergency.carry_out("desk", "address", [JOB])
    assert order(lab)["jobs"][0]["host"] == "10.9.0.3"
    emergency.carry_out("desk", "name", [JOB])
    assert order(lab)["jobs"][0]["host"] == "ledger"


def test_of_a_service_that_is_down_the_last_address_is_used(lab: StubLab, emergency: LabEmergency) -> None:
    emergency.carry_out("desk", "address", [JOB])
    lab.ends["ledger"] = [("emergency", "")]
    emergency.carry_out("desk", "address", [JOB])
    assert order(lab)["jobs"][0]["host"] == "10.9.0.3"


def test_without_a_network_in_common_nothing_is_reached(lab: StubLab, emergency: LabEmergency) -> None:
    lab.ends["desk"] = [("elsewhere", "10.8.0.2")]
    with pytest.raises(EnvironmentUnusable, match="'desk' and 'ledger' have no network in common"):
        emergency.carry_out("desk", "address", [JOB])


def test_statements_are_written_out_with_their_parameters(lab: StubLab, emergency: LabEmergency) -> None:
    lab.ends["postgres"] = [("emergency", "10.9.0.4")]
    emergency.carry_out("desk", "address", [SqlJob("postgres", 5432, "app", "alice", "pw", "SELECT %s", ("x",))])
    (job,) = order(lab)["jobs"]
    assert (job["kind"], job["parameters"], job["commit"]) == ("sql", ["x"], False)


@pytest.mark.parametrize("says", ["", "Traceback", "{}", '[{"status": 200}]', "[1]"])
def test_what_the_desk_says_and_cannot_be_read_is_an_error(lab: StubLab, emergency: LabEmergency, says: str) -> None:
    lab.says = says
    if says == "{}":
        assert emergency.carry_out("desk", "name", [JOB]) == ()
        return
    with pytest.raises(EnvironmentUnusable, match="desk: what it did cannot be read"):
        emergency.carry_out("desk", "name", [JOB])


def test_evidence_goes_where_it_was_told_to_and_nowhere_before(emergency: LabEmergency) -> None:
    told: list[tuple[Any, dict[str, Any]]] = []
    emergency.note(BreakGlassBegun, procedure="p", attempt="calm", reason="drill")
    emergency.tell(lambda kind, **fields: told.append((kind, fields)))
    emergency.note(BreakGlassBegun, procedure="p", attempt="calm", reason="drill")
    assert told == [(BreakGlassBegun, {"procedure": "p", "attempt": "calm", "reason": "drill"})]


def test_an_unknown_procedure_is_said_with_what_may_be_meant(emergency: LabEmergency) -> None:
    assert emergency.procedure("vault-quorum").opens == "vault"
    with pytest.raises(FaultNotPossible, match="unknown emergency procedure 'vault-quorm', did you mean"):
        emergency.procedure("vault-quorm")


def test_a_workload_is_known_by_all_that_it_was_handed(lab: StubLab, emergency: LabEmergency) -> None:
    assert emergency.keys_of("orders") == ()
    for label in ("vault-secret-id-orders", "idp-client-orders-client", "ledger-break-glass-orders"):
        lab.secrets.keep(label, f"sentinel-{label}")
    lab.secrets.keep("postgres-role-orders_app", "sentinel-password")
    keys = emergency.keys_of("orders")
    assert [(key.kind, key.at, key.name) for key in keys] == [
        ("vault", "vault", "orders-role"),
        ("idp", "idp", "orders-client"),
        ("resource", "ledger", "orders"),
        ("database", "postgres", "orders_app"),
    ]
    assert (keys[0].mount, keys[0].role_id) == ("approle", "the-role-id")
    assert "sentinel" not in repr(keys)


def test_a_role_id_is_remembered_for_when_vault_is_lost(lab: StubLab, emergency: LabEmergency) -> None:
    lab.secrets.keep("vault-secret-id-orders", "sentinel-secret-id")
    known, lab.role_id = lab.role_id, None
    assert emergency.keys_of("orders")[0].role_id == ""
    lab.role_id = known
    assert emergency.keys_of("orders")[0].role_id == "the-role-id"
    lab.role_id = None
    assert emergency.keys_of("orders")[0].role_id == "the-role-id"


def test_what_lockout_has_written_is_read_as_it_is(lab: StubLab, emergency: LabEmergency) -> None:
    (lab.spec.folder / "logs").mkdir()
    (lab.spec.folder / "logs" / "desk.log").write_bytes(b"a sentinel \xff")
    assert dict(emergency.written())["logs/desk.log"].startswith("a sentinel")


def test_secrets_are_found_in_whatever_form(lab: StubLab, emergency: LabEmergency) -> None:
    label = "break-glass/ledger-envelope/holder/alice"
    secret = emergency.mint(label)
    assert emergency.secrets_in(f"curl -H {secret}") == (label,)
    assert emergency.secrets_in(secret.encode().hex()) == (label,)
    assert emergency.secrets_in("nothing") == ()
    assert lab.secrets.get(label) == secret
