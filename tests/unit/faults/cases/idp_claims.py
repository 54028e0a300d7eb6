from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

ROLE = "auth/jwt/role/orders"


def jwt_method(lab: FakeLab) -> None:
    """Vault's JWT method with a role of a workload, which refuses whom a role's audiences do not let in."""
    lab.the_vault.tree[ROLE] = {"bound_audiences": ["vault"], "role_type": "jwt"}

    def login(values: Mapping[str, Any]) -> Mapping[str, Any]:
        audience = str(values["jwt"]).rpartition("|")[2]
        if audience not in lab.the_vault.tree[ROLE]["bound_audiences"]:
            raise EnvironmentUnusable("writing auth/jwt/login was refused: invalid audience (aud) claim")
        return {}

    lab.the_vault.on_write["auth/jwt/login"] = login


CASES = {
    "audience-mismatch": Case(
        "vault",
        evidence="because of its audience",
        ready=jwt_method,
        restored=lambda lab: lab.the_vault.tree[ROLE]["bound_audiences"] == ["vault"],
    ),
    "issuer-changed": Case(
        "idp",
        evidence="ledger refuses it: bad_issuer",
        restored=lambda lab: lab.the_idp.flags["issuer"] == "",
    ),
}
