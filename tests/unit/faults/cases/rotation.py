from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

BILLING = {"secret": "kv/billing", "database": "postgres"}


def stored_password_works(lab: FakeLab) -> bool:
    values = lab.the_vault.kv["kv/billing"][-1]
    return lab.the_database.passwords[values["username"]] == values["password"]


def checks_and_sets(lab: FakeLab) -> None:
    """Writes with ``cas`` as KV version 2 takes or refuses them."""

    def write(values: Mapping[str, Any]) -> Mapping[str, Any]:
        versions = lab.the_vault.kv["kv/billing"]
        if values["options"]["cas"] != len(versions):
            raise EnvironmentUnusable("refused: check-and-set parameter did not match the current version, on post x")
        versions.append(dict(values["data"]))
        return {}

    lab.the_vault.on_write["kv/data/billing"] = write


CASES = {
    "rotation-cas-conflict": Case(
        "vault", BILLING, evidence="check-and-set", ready=checks_and_sets, restored=stored_password_works
    ),
    "rotation-half-done": Case("vault", BILLING, evidence="stored", restored=stored_password_works),
    "rotation-no-overlap": Case("vault", BILLING, evidence="refuses the old", restored=stored_password_works),
    "static-role-rotated": Case("vault", {"role": "reports"}, evidence="10:00:02"),
}
