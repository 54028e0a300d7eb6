"""Vault's own certificate authorities, and logging in by what they issue."""

from __future__ import annotations

from typing import Any

import hvac

from harness.topology.provision import CertAuth, PkiSecrets

ROOT_TTL = "24h"  # no lab lives that long
BACKDATE = "30s"  # the lab's containers share one clock
CURVE = {"key_type": "ec", "key_bits": 256}  # an RSA key takes a quarter of a second


def provision_pki(client: hvac.Client, mount: str, engine: PkiSecrets) -> None:
    """A root of its own, and the roles that issue from it. A root that is there already stays."""
    if client.list(f"{mount}/issuers") is None:
        client.write_data(
            f"{mount}/root/generate/internal", data={"common_name": engine.common_name, "ttl": ROOT_TTL, **CURVE}
        )
    if engine.crl_expiry is not None:
        client.write_data(f"{mount}/config/crl", data={"expiry": f"{round(engine.crl_expiry)}s"})
        client.read(f"{mount}/crl/rotate")  # which builds it anew
    for name, role in engine.roles.items():
        client.write_data(
            f"{mount}/roles/{name}",
            data={
                "allowed_domains": list(role.names),
                "allow_bare_domains": True,
                "ttl": f"{round(role.ttl)}s",
                "max_ttl": f"{round(role.max_ttl)}s",
                "not_before_duration": BACKDATE,
                **CURVE,
            },
        )


def provision_cert(client: hvac.Client, mount: str, method: CertAuth, settings: dict[str, dict[str, Any]]) -> None:
    """Trust the root of each role's secrets engine. *settings* are those of the roles' tokens."""
    # Bound to its certificate, a token could not be renewed once the certificate is replaced.
    client.write_data(f"auth/{mount}/config", data={"disable_binding": True})
    for name, role in method.roles.items():
        root = client.read(f"{role.pki}/cert/ca")["data"]["certificate"]
        client.write_data(
            f"auth/{mount}/certs/{name}",
            data={"certificate": root, "allowed_common_names": [name], **settings[name]},
        )
