"""A small estate with an emergency procedure of each method; services are those of ``FakeLab``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from harness.topology.compose_output import parse_config
from harness.topology.model import Topology

COMPOSE = """\
x-lockout:
  break_glass:
    ledger-envelope:
      method: offline-credential
      opens: ledger
      holders: {alice: safe at the head office, bob: safe at the second site}
      may: [entries:write]
      may_not: [entries:read, entries:admin]
      works_within: 2m
      lasts: 8s
      alarm: {on: pager, within: 5s}
      log: logbook
      last_drill: 2026-10-01
    vault-quorum:
      method: root-quorum
      opens: vault
      holders: {alice: safe one, bob: safe two, carol: safe three}
      policy: path "kv/data/billing" { capabilities = ["read"] }
      may: [read kv/data/billing]
      may_not: [read kv/data/payroll, update sys/policies/acl/admin]
      works_within: 2m
      lasts: 8s
      alarm: {on: pager, within: 5s}
      log: vault
      last_drill: 2026-10-01
    postgres-role:
      method: database-role
      opens: postgres
      member_of: [app_writer]
      holders: {alice: safe one, bob: safe two}
      may: [INSERT INTO work]
      may_not: [CREATE ROLE another, ALTER SYSTEM]
      works_within: 2m
      lasts: 8s
      alarm: {on: pager, within: 5s}
      log: logbook
      last_drill: 2026-10-01
services:
  vault: {x-lockout: {role: vault, initialise: {shares: 3, threshold: 2}}}
  idp: {x-lockout: {role: idp, port: 8443}}
  ledger:
    x-lockout: {role: resource, kind: ledger, port: 8443, admin_port: 9443, admin_token_path: /tls/admin-token}
  postgres: {x-lockout: {role: database}}
  desk: {image: python, x-lockout: {role: desk}}
  logbook: {image: python, x-lockout: {role: witness}}
  pager: {image: python, x-lockout: {role: witness}}
  orders: {x-lockout: {role: workload, probe: {tcp: {port: 1}}}}
  billing: {x-lockout: {role: workload, probe: {tcp: {port: 1}}}}
"""


def edited(*edits: tuple[str, str]) -> str:
    """The Compose file with each of *edits* made in it, once."""
    text = COMPOSE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@cache
def estate(text: str = COMPOSE) -> Topology:
    return parse_config(text, [Path("compose.yaml")])
