from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab

AT_ONCE = 1e-9  # seconds; below what a wall clock tells apart


def short_lived(lab: FakeLab) -> None:
    """Tokens that end as soon as they are not renewed."""
    for name in lab.workloads():
        lab.the_vault.tree[f"auth/approle/role/{name}"] = {"token_ttl": AT_ONCE}
    for token in lab.the_vault.tokens.values():
        token.left = AT_ONCE
    lab.the_database.passwords["app_default"] = STORED_PASSWORD


CASES = {
    "cache-past-expiry": Case("vault", ready=short_lived, evidence="all 2 tokens are past their end"),
    "fallback-credential": Case(
        "vault", {"role": "app_default"}, ready=short_lived, evidence="postgres lets app_default in"
    ),
}
