from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

CONFIG = "database/config/postgres"
ROLE = "database/roles/orders"
RENEWAL = ["SELECT 1"]


def login_works(lab: FakeLab) -> bool:
    return lab.the_database.passwords["vault_admin"] == lab.secrets["what vault knows"]


def logs_in(lab: FakeLab) -> None:
    """Vault has a login at the database, and tries it when its configuration is written."""
    lab.the_vault.tree[CONFIG] = {"connection_details": {"username": "vault_admin"}, "verify_connection": True}
    lab.secrets["what vault knows"] = lab.the_database.passwords["vault_admin"]

    def write(values: Mapping[str, Any]) -> Mapping[str, Any]:
        assert values == {}, "it changes the configuration"
        if not login_works(lab):
            raise EnvironmentUnusable('refused: password authentication failed for user "vault_admin" (28P01)')
        return {}

    lab.the_vault.on_write[CONFIG] = write


def has_users(lab: FakeLab) -> None:
    lab.the_vault.tree[ROLE] = {"renew_statements": list(RENEWAL), "default_ttl": 25}
    lab.the_database.passwords["v-approle-orders-aaaaaaaaaaaaaaaaaaaa-1"] = "x"
    lab.the_database.passwords["v-approle-reports-aaaaaaaaaaaaaaaaaaaa-1"] = "x"


def run_away(lab: FakeLab) -> None:
    """A client that answers a failed renewal with new credentials; the last of them it uses."""
    if lab.the_vault.tree[ROLE]["renew_statements"] != RENEWAL:
        for number in range(10, 17):
            lab.the_database.passwords[f"v-approle-orders-bbbbbbbbbbbbbbbbbbbb-{number}"] = "x"
        lab.the_database.busy = {"v-approle-orders-bbbbbbbbbbbbbbbbbbbb-16"}


def as_before(lab: FakeLab) -> bool:
    left = {name for name in lab.the_database.passwords if name.startswith("v-")}
    known = {f"v-approle-{role}-{20 * 'a'}-1" for role in ("orders", "reports")}
    return (
        lab.the_vault.tree[ROLE] == {"renew_statements": RENEWAL, "default_ttl": 25}
        and left == known | lab.the_database.busy
    )


CASES = {
    "db-root-out-of-band": Case("vault", evidence="vault_admin", ready=logs_in, restored=login_works),
    "dynamic-cred-runaway": Case(
        "vault", {"role": "orders"}, bite=run_away, evidence="7 users more", ready=has_users, restored=as_before
    ),
}
