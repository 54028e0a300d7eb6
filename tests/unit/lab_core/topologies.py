"""One topology with something of everything, and a lab made of it without an engine."""

from __future__ import annotations

from pathlib import Path

from harness.history.redaction import Redactor
from harness.lab.lab import RunningLab
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.topology.compose_output import parse_config
from tests.unit.lab_core.support import FakeContainer, run_containers

SECRET = "sentinel-secret-of-the-user"
LITERAL = "sentinel-literal-token"

CONFIG = f"""\
name: user
services:
  pki:
    image: lockout/pki
    x-lockout: {{role: ca}}
  vault:
    image: hashicorp/vault:1.21.0
    environment: {{VAULT_LICENSE: {SECRET}}}
    networks: {{control: {{aliases: [vault.upstream]}}}}
    x-lockout:
      role: vault
      tls: {{ca_from: pki, ca_path: /pki/ca/ca.pem}}
      initialise: {{shares: 3, threshold: 2}}
      provision:
        policies: {{orders: 'path "$$x" {{}}'}}
        auth: {{approle: {{type: approle, roles: {{orders: {{policies: [orders]}}}}}}}}
        secrets: {{kv: {{type: kv-v2, entries: {{billing: {{password: {SECRET}}}}}}}}}
  dev-vault:
    image: hashicorp/vault:1.21.0
    command: [server, -dev, -dev-root-token-id={LITERAL}]
    x-lockout: {{role: vault, port: 8300, admin_token: {{literal: {LITERAL}}}}}
  idp:
    image: lockout/idp
    x-lockout: {{role: idp, port: 8443, admin_port: 9443, admin_token_path: /tls/admin-token}}
  bare-idp:
    image: somebody/keycloak:26
    x-lockout: {{role: idp, port: 8080}}
  postgres:
    image: postgres:15-bookworm
    environment: {{POSTGRES_PASSWORD: {SECRET}}}
    x-lockout: {{role: database, setup: ["CREATE ROLE x PASSWORD '{SECRET}'"]}}
  ledger:
    image: lockout/ledger:2
    x-lockout: {{role: resource, port: 8443, admin_port: 9443, admin_token_path: /tls/admin-token}}
  proxy:
    image: lockout/proxy
    x-lockout:
      role: proxy
      admin_port: 9443
      admin_token_path: /tls/admin-token
      routes: {{vault: "vault.upstream:8200"}}
  orders:
    image: lockout/orders
    depends_on: {{pki: {{condition: service_completed_successfully}}}}
    x-lockout:
      role: workload
      probe: {{http: {{port: 8080, path: /work?price=$$1, headers: {{Authorization: "Bearer {SECRET}"}}}}}}
      access: {{primary: {{needs: [vault, postgres]}}}}
      identity:
        - {{vault: vault, method: approle, role: orders, deliver: /run/identity/vault}}
        - {{vault: dev-vault, method: approle, role: dev-orders}}
  payments:
    image: my/payments
    x-lockout:
      role: workload
      probe: {{tcp: {{port: 7000}}}}
      identity:
        - {{idp: idp, client: pay, deliver: /run/identity/idp/}}
        - {{resource: ledger, break_glass: true, deliver: /run/identity/break-glass}}
  reports:
    image: my/reports
    x-lockout: {{role: workload, probe: {{command: [check, --password, {SECRET}]}}}}
  helper:
    image: redis:7
networks: {{control: {{name: user_control}}}}
volumes: {{data: {{name: user_data}}}}
"""
SERVICES = (
    "bare-idp",
    "dev-vault",
    "helper",
    "idp",
    "ledger",
    "orders",
    "payments",
    "pki",
    "postgres",
    "proxy",
    "reports",
    "vault",
)


def make_spec(folder: Path, ports: dict[tuple[str, int], int] | None = None) -> LabSpec:
    files = (Path("/user/compose.yaml"), Path("/user/more.yaml"))
    return LabSpec(
        run="r-1",
        project="lockout-r-1",
        folder=folder,
        files=files,
        environ={"TAG": "1"},
        config=CONFIG,
        topology=parse_config(CONFIG, files),
        ports=ports if ports is not None else {("vault", 8200): 20001, ("idp", 8443): 20002, ("idp", 9443): 20003},
    )


def make_lab(folder: Path, *containers: FakeContainer, ports: dict[tuple[str, int], int] | None = None) -> RunningLab:
    secrets = RunSecrets("r-1", Redactor(), folder / "secrets")
    return RunningLab(make_spec(folder, ports), run_containers(*containers), secrets)
