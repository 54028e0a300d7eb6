from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

BILLING = {"secret": "kv/billing", "database": "postgres"}


def stored_password_works(lab: FakeLab) -> bool:
    values = lab.the_vault.kv["kv/billing"][-1]
    return lab.the_database.passwords[values["username"]] == values["password"]


CASES = {
    "rotation-half-done": Case("vault", BILLING, evidence="stored", restored=stored_password_works),
    "rotation-no-overlap": Case("vault", BILLING, evidence="refuses the old", restored=stored_password_works),
    "static-role-rotated": Case("vault", {"role": "reports"}, evidence="10:00:02"),
}
