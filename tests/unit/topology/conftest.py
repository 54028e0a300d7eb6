"""A small topology: what ``docker compose config --format json`` would say of it, and its source file."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from yaml.resolver import Resolver

from harness.scenario.problems import TopologyError
from harness.topology.model import Topology
from harness.topology.parse import parse_topology

COMPOSE = """\
services:
  pki:
    image: lockout/pki
    x-lockout: {role: ca}
  vault:
    image: hashicorp/vault:1.21.0
    depends_on: {pki: {condition: service_completed_successfully}}
    networks:
      control: {}
      upstream: {aliases: [vault.upstream]}
    x-lockout:
      role: vault
      tls: {ca_from: pki, ca_path: /pki/ca/ca.pem}
      initialise: {shares: 5, threshold: 3}
      provision:
        policies: {orders: 'path "kv/*" { capabilities = ["read"] }'}
        auth:
          approle:
            type: approle
            roles: {orders: {policies: [orders], token_ttl: 20s, token_max_ttl: 10m}}
          jwt:
            type: jwt
            discovery_url: https://idp:8443
            roles: {orders: {policies: [default], bound_audiences: [vault]}}
        secrets:
          kv:
            type: kv-v2
            entries:
              billing: {username: billing_app, password: {generate: database-role, on: postgres, role: billing_app}}
          database:
            type: database
            connection: {service: postgres, database: app}
            roles:
              orders: {creation: ['CREATE ROLE "{{name}}"'], default_ttl: 20s, max_ttl: 10m}
            static_roles: {reports: {username: reports_app, rotation_period: 24h}}
          transit: {type: transit, keys: [orders]}
  idp:
    image: lockout/idp
    x-lockout:
      role: idp
      port: 8443
      admin_port: 9443
      admin_token_path: /tls/admin-token
      clients: {orders: {audiences: [ledger, vault], scopes: [entries:write]}}
  postgres:
    image: postgres:15
    x-lockout: {role: database, setup: [CREATE ROLE app_writer NOLOGIN]}
  ledger:
    image: lockout/ledger
    x-lockout: {role: resource, kind: ledger, port: 8443}
  proxy:
    image: lockout/proxy
    x-lockout: {role: proxy, routes: {vault: 'vault:8200', idp: 'idp:8443'}}
  orders:
    image: lockout/orders
    depends_on: {vault: {}, postgres: {}}
    ports: [{mode: ingress, target: 8080, published: '18080', protocol: tcp}]
    x-lockout:
      role: workload
      probe: {http: {port: 8080, path: /work}, timeout: 500ms}
      access:
        primary: {needs: [vault, postgres]}
        cached: {needs: [postgres]}
        break-glass: {needs: [ledger]}
      identity:
        - {vault: vault, method: approle, role: orders, deliver: /run/identity/vault}
        - {idp: idp, client: orders, deliver: /run/identity/idp}
        - {resource: ledger, break_glass: true, deliver: /run/identity/break-glass}
  worker:
    image: lockout/worker
    x-lockout:
      role: workload
      probe: {command: [pgrep, worker]}
  sidecar:
    image: busybox
"""

Parse = Callable[..., Topology]


class ComposeLoader(yaml.SafeLoader):
    """Reads ``on`` as text, as Compose does."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in entries if not tag.endswith(":bool") or first in "tTfF"]
        for first, entries in Resolver.yaml_implicit_resolvers.items()
    }


def read_compose(text: str) -> Any:
    return yaml.load(text, Loader=ComposeLoader)


def config_of(*texts: str) -> dict[str, Any]:
    """What Compose makes of *texts*, as far as these tests need it: mappings are merged, the rest replaced."""
    merged: dict[str, Any] = {}
    for text in texts:
        merged = _merge(merged, read_compose(text))
    return merged


def _merge(base: Any, over: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return copy.deepcopy(over)
    return {**base, **{key: _merge(base.get(key), value) for key, value in over.items()}}


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    """Parses Compose texts, merged in order; they stand in ``0.yaml``, ``1.yaml``, …"""

    def _parse(*texts: str) -> Topology:
        sources = []
        for index, text in enumerate(texts):
            sources.append(tmp_path / f"{index}.yaml")
            sources[-1].write_text(text)
        return parse_topology(config_of(*texts), sources)

    return _parse


@pytest.fixture
def errors_of(parse: Parse) -> Callable[..., list[str]]:
    def _errors_of(*texts: str) -> list[str]:
        with pytest.raises(TopologyError) as caught:
            parse(*texts)
        return str(caught.value).splitlines()

    return _errors_of
