"""Certificate authorities of a Vault, and who logs in by what they issue."""

from __future__ import annotations

import pytest

from harness.scenario.problems import TopologyError
from harness.topology.provision import CertAuth, PkiSecrets
from harness.topology.vault import VaultBlock
from tests.unit.topology.conftest import COMPOSE, Parse

PKI = """\
services:
  vault:
    x-lockout:
      provision:
        auth:
          cert: {type: cert, roles: {orders: {policies: [orders], token_ttl: 4s, pki: machines}}}
        secrets:
          machines:
            type: pki
            common_name: machines
            crl_expiry: 1h
            roles: {orders: {names: [orders], ttl: 60s, max_ttl: 1h}}
  orders:
    x-lockout:
      identity:
        - {vault: vault, method: cert, role: orders, pki: machines, deliver: /run/identity/vault}
"""


def test_a_ca_and_a_login_by_its_certificates(parse: Parse) -> None:
    topology = parse(COMPOSE, PKI)
    block = topology.services["vault"].block
    assert isinstance(block, VaultBlock)
    assert block.provision
    ca, method = block.provision.secrets["machines"], block.provision.auth["cert"]
    assert isinstance(ca, PkiSecrets)
    assert (ca.common_name, ca.crl_expiry, ca.roles["orders"].ttl) == ("machines", 3600.0, 60.0)
    assert isinstance(method, CertAuth)
    assert method.roles["orders"].pki == "machines"
    (identity,) = topology.workload("orders").identity
    assert identity.model_dump(exclude_defaults=True) == {
        "vault": "vault",
        "method": "cert",
        "role": "orders",
        "pki": "machines",
        "deliver": "/run/identity/vault",
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pki: machines}}}", "pki: machine}}}", "unknown pki secrets engine 'machine'"),
        ("roles: {orders: {names", "roles: {order: {names", "unknown role of machines 'orders'"),
        ("names: [orders]", "names: []", "names"),
        ("ttl: 60s", "ttl: 60", "60"),
        ("method: cert, role: orders", "method: cert, role: order", "unknown auth role 'order'"),
        ("type: pki", "type: ca", "expected 'type' to be one of kv-v2, database, transit, pki"),
    ],
)
def test_what_does_not_fit_is_said(parse: Parse, old: str, new: str, said: str) -> None:
    assert old in PKI
    with pytest.raises(TopologyError, match=said):
        parse(COMPOSE, PKI.replace(old, new))
