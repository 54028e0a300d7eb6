from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.faults.leases import BROKEN
from harness.faults.ports import Lease
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab

ROLE = "database/roles/orders"
PREFIX = "database/creds/orders"
DROP = 'DROP ROLE IF EXISTS "{{name}}"'
OWN, OTHER = (f"v-{who}-orders-{20 * letter}-1795577469" for who, letter in (("root", "a"), ("approle", "b")))


def in_seconds(seconds: float) -> dict[str, Any]:
    return {"expire_time": (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()}


def with_leases(lab: FakeLab) -> None:
    vault, users = lab.the_vault, lab.the_database.passwords
    vault.tree[ROLE] = {"revocation_statements": [DROP], "default_ttl": 25}
    vault.tree[f"sys/leases/lookup/{PREFIX}/other"] = in_seconds(20)
    users[OTHER] = STORED_PASSWORD

    def obtain() -> Lease:
        vault.tree[f"sys/leases/lookup/{PREFIX}/own"] = in_seconds(20)
        users[OWN] = STORED_PASSWORD
        return Lease(f"{PREFIX}/own", OWN, STORED_PASSWORD)

    def revoke(values: Mapping[str, Any]) -> Mapping[str, Any]:
        lease = f"sys/leases/lookup/{values['lease_id']}"
        if vault.tree[ROLE]["revocation_statements"] == [BROKEN]:
            vault.tree[lease] = in_seconds(-2)  # it is over, and the user is still there
        else:
            vault.tree.pop(lease, None)
            users.pop(OWN if lease.endswith("own") else OTHER, None)
        return {}

    def revoke_all(values: Mapping[str, Any]) -> Mapping[str, Any]:
        return revoke({"lease_id": f"{PREFIX}/other"})

    vault.on_obtain[PREFIX] = obtain
    vault.on_ask["sys/leases/lookup"] = lambda values: vault.tree.get(f"sys/leases/lookup/{values['lease_id']}")
    vault.on_write["sys/leases/revoke"] = revoke
    vault.on_write[f"sys/leases/revoke-prefix/{PREFIX}"] = revoke_all


def nothing_stuck(lab: FakeLab) -> bool:
    return lab.the_vault.tree[ROLE]["revocation_statements"] == [DROP] and OWN not in lab.the_database.passwords


CASES = {
    "lease-revoke-stuck": Case(
        "vault", {"role": "orders"}, evidence="still accepts", ready=with_leases, restored=nothing_stuck
    ),
    "lease-revoked-early": Case("vault", {"role": "orders"}, evidence="no longer has the 1 user", ready=with_leases),
}
