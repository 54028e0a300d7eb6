from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from harness.faults.ports import VaultLogin
from tests.unit.faults.cases.case import Case
from tests.unit.faults.certificates import HOUR, Root
from tests.unit.faults.fakes import MINTED, FakeLab

FOLDER = "/run/identity/vault"
ROOT = Root.made("machines")
GOOD, OVER = ROOT.leaf("orders", HOUR), ROOT.leaf("orders", timedelta(seconds=-1))
ISSUER = {"allowed_domains": ["orders"], "allow_any_name": False, "allow_bare_domains": True, "max_ttl": 3600}


def ready(lab: FakeLab) -> None:
    lab.logins = [VaultLogin("orders", "cert", "cert", "orders", FOLDER)]
    lab.the_vault.tree["pki/roles/orders"] = dict(ISSUER)

    def issue(values: Mapping[str, Any]) -> Mapping[str, Any]:
        # What is issued for a second is over when it is looked at.
        return {"certificate": OVER if values.get("ttl") == "1s" else GOOD, "private_key": MINTED}

    def put(certificate: str) -> None:
        files = {f"{FOLDER}/client.crt": certificate, f"{FOLDER}/client.key": MINTED}
        lab.containers.files.update({("orders", path): text for path, text in files.items()})

    put(GOOD)
    lab.the_vault.on_write["pki/issue/orders"] = issue
    lab.the_vault.refusal_of_certificate = lambda one: "x509: certificate has expired" if one == OVER else ""
    lab.delivered = lambda workload, wrapped_for: put(GOOD)


def restored(lab: FakeLab) -> bool:
    handed = lab.containers.files["orders", f"{FOLDER}/client.crt"]
    return handed == GOOD and lab.the_vault.tree["pki/roles/orders"] == ISSUER


CASES = {"client-cert-expired": Case("vault", {}, evidence="has expired", ready=ready, restored=restored)}
