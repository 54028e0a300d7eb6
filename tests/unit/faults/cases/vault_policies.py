from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.faults.ports import VaultLogin
from harness.faults.vault_policies import first_path
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

RULES = 'path "database/creds/orders" { capabilities = ["read"] }\n'
ROLE = "auth/approle/role/orders"


def with_policies(lab: FakeLab) -> None:
    """One role with one policy; a token may do what the policies that it bears grant at this moment."""
    vault = lab.the_vault
    vault.tree["sys/policies/acl/default"] = {"policy": 'path "auth/token/renew-self" { capabilities = ["update"] }'}
    vault.tree["sys/policies/acl/orders"] = {"policy": RULES}
    vault.tree[ROLE] = {"token_policies": ["orders"], "token_ttl": 25}
    vault.tokens["accessor-orders"].data["policies"] = ["default", "orders"]
    lab.logins = [VaultLogin("orders", "approle", "approle", "orders", "/run/identity/vault")]

    def capabilities(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        token = vault.look_up(values["accessor"])
        if token is None:
            return None
        bears = [vault.tree.get(f"sys/policies/acl/{one}", {}).get("policy", "") for one in token.get("policies", ())]
        (path,) = values["paths"]
        granted = path in [first_path(rules) for rules in bears]
        return {path: ["read"] if granted else ["deny"]}

    vault.on_ask["sys/capabilities-accessor"] = capabilities


def grants_as_before(lab: FakeLab) -> bool:
    tree = lab.the_vault.tree
    return (
        tree["sys/policies/acl/orders"] == {"policy": RULES}
        and tree[ROLE]["token_policies"] == ["orders"]
        and "sys/policies/acl/orders-moved" not in tree
    )


CASES = {
    "policy-added-token-stale": Case(
        "vault", {"policy": "orders"}, evidence="orders-moved", ready=with_policies, restored=grants_as_before
    ),
    "policy-deleted": Case(
        "vault", {"policy": "orders"}, evidence="lists no policy", ready=with_policies, restored=grants_as_before
    ),
}
