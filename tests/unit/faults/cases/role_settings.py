from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.unit.faults.cases.case import Case
from tests.unit.faults.cases.vault_policies import ROLE, with_policies
from tests.unit.faults.fakes import FakeLab, Token

BEFORE = {
    "token_type": "default",
    "token_ttl": 25,
    "token_num_uses": 0,
    "token_no_default_policy": False,
    "token_bound_cidrs": [],
    "token_policies": ["orders"],
}
LEASES = "sys/leases/lookup/database/creds/orders"


def log_in(lab: FakeLab, accessor: str) -> None:
    """The workload obtains a token of the kind that its role issues now, and a lease with it."""
    role, now = lab.the_vault.tree[ROLE], datetime.now(UTC)
    batch = role["token_type"] == "batch"
    lasts = role["token_ttl"] - 0.3 if batch else 25.0
    lab.the_vault.tree[f"{LEASES}/of-{accessor}"] = {
        "issue_time": now.isoformat(),
        "expire_time": (now + timedelta(seconds=lasts)).isoformat(),
        "last_renewal": None,
    }
    if batch:
        return  # nobody can name it
    cidrs = [str(cidr).removesuffix("/32") for cidr in role["token_bound_cidrs"]]
    data = {
        "policies": ["orders"] if role["token_no_default_policy"] else ["default", "orders"],
        "num_uses": role["token_num_uses"],
        "bound_cidrs": cidrs,
        "meta": {"role_name": "orders"},
        "creation_time": int(time.time()),
        "expire_time": (now + timedelta(seconds=role["token_ttl"])).isoformat(),
    }
    lab.the_vault.tokens[accessor] = Token("orders", data=data)


def with_role(lab: FakeLab) -> None:
    with_policies(lab)
    vault, numbers = lab.the_vault, count(1)
    vault.tree[ROLE] = dict(BEFORE)
    vault.tree["database/roles/orders"] = {"default_ttl": 25}
    vault.on_ask["sys/leases/lookup"] = lambda values: vault.tree.get(f"sys/leases/lookup/{values['lease_id']}")
    log_in(lab, "accessor-orders")
    vault.on_revoke = lambda accessor: log_in(lab, f"accessor-orders-{next(numbers)}")


def tokens(lab: FakeLab) -> list[dict[str, Any]]:
    return [token.data for token in lab.the_vault.tokens.values() if token.role == "orders"]


def use_once(lab: FakeLab) -> None:
    for data in tokens(lab):
        data["num_uses"] = max(0, data["num_uses"] - 1)


def renew(lab: FakeLab) -> None:
    for data in tokens(lab):
        now, ttl = time.time(), lab.the_vault.tree[ROLE]["token_ttl"]
        data |= {
            "last_renewal_time": int(now),
            "expire_time": datetime.fromtimestamp(now + ttl, UTC).isoformat(),
        }


def issues_as_before(lab: FakeLab) -> bool:
    role: Mapping[str, Any] = lab.the_vault.tree[ROLE]
    as_before = {key: list(value) if isinstance(value, tuple) else value for key, value in role.items()} == BEFORE
    right = [
        one for one in tokens(lab) if "default" in one["policies"] and not one["num_uses"] and not one["bound_cidrs"]
    ]
    return as_before and right == tokens(lab)


CASES = {
    "cidr-bound-moved": Case(
        "vault", {"workloads": ["orders"]}, evidence="198.51.100.7/32", ready=with_role, restored=issues_as_before
    ),
    "token-batch": Case(
        "vault", {"workloads": ["orders"]}, evidence="batch tokens", ready=with_role, restored=issues_as_before
    ),
    "token-renew-forbidden": Case(
        "vault", {"workloads": ["orders"]}, evidence="may not renew", ready=with_role, restored=issues_as_before
    ),
    "token-uses-exhausted": Case(
        "vault",
        {"workloads": ["orders"], "uses": 3},
        bite=use_once,
        evidence="2 of 3 uses",
        ready=with_role,
        restored=issues_as_before,
    ),
    "ttl-shrunk": Case(
        "vault",
        {"workloads": ["orders"]},
        bite=renew,
        evidence="by a renewal",
        ready=with_role,
        restored=issues_as_before,
    ),
}
