from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.faults.ports import VaultLogin
from harness.lab.labels import secret_id_label, wrapped_label
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab, Token

ROLE = "auth/approle/role/orders"


def with_secret_id(wrapped: bool) -> Callable[[FakeLab], None]:
    """The workload has logged in with its SecretID; when it was wrapped, the wrapping is used up by that."""

    def ready(lab: FakeLab) -> None:
        vault = lab.the_vault
        label = (wrapped_label if wrapped else secret_id_label)("vault", "orders")
        good: set[str] = set()  # SecretIDs, or what gives one out
        lab.logins = [VaultLogin("orders", "approle", "approle", "orders", "/run/identity/vault", wrapped)]
        vault.tree[f"{ROLE}/role-id"] = {"role_id": "r-1"}

        def hand_out(workload: str, wrapped_for: float | None) -> None:
            number = len([path for path in vault.tree if "/secret-id/" in path]) + len(lab.secrets)
            lab.secrets[label] = f"{STORED_PASSWORD}-{number}"
            lab.secrets[f"earlier-{number}"] = ""
            vault.tree[f"{ROLE}/secret-id/acc-{number}"] = {}
            if wrapped_for is None:
                good.add(lab.secrets[label])  # else it is too late by the time that anybody looks

        def destroy(values: Mapping[str, Any]) -> Mapping[str, Any]:
            vault.tree.pop(f"{ROLE}/secret-id/{values['secret_id_accessor']}")
            if not wrapped:
                good.clear()
            return {}

        def unwrap(values: Mapping[str, Any]) -> Mapping[str, Any]:
            good.remove(values["token"])
            return {"secret_id": f"{STORED_PASSWORD}-stolen"}

        hand_out("orders", None)
        if wrapped:
            good.clear()
        vault.on_ask[f"{ROLE}/secret-id/lookup"] = lambda v: {"secret_id_ttl": 0} if v["secret_id"] in good else None
        vault.on_ask["sys/wrapping/lookup"] = lambda v: {"creation_ttl": 600} if v["token"] in good else None
        vault.on_write[f"{ROLE}/secret-id-accessor/destroy"] = destroy
        vault.on_write["sys/wrapping/unwrap"] = unwrap
        lab.delivered = hand_out

    return ready


def has_a_way_in(lab: FakeLab) -> bool:
    vault, secrets = lab.the_vault, lab.secrets
    ask = vault.on_ask
    kept, wrapping = (secrets.get(label("vault", "orders"), "") for label in (secret_id_label, wrapped_label))
    by_secret = ask[f"{ROLE}/secret-id/lookup"]({"secret_id": kept}) or ask["sys/wrapping/lookup"]({"token": wrapping})
    return lab.containers.states["orders"] == "running" and bool(by_secret or "accessor-orders" in vault.tokens)


def is_locked_out(lab: FakeLab) -> None:
    lab.the_vault.tree["sys/locked-users"] = {
        "by_namespace": [{"mount_accessors": [{"mount_accessor": "m-1", "alias_identifiers": ["r-1", "r-2"]}]}]
    }


def logged_in(lab: FakeLab) -> None:
    lab.the_vault.tokens["accessor-orders-again"] = Token("orders")


CASES = {
    name: Case(
        "vault",
        {"workloads": ["orders"]},
        evidence="started anew",
        ready=with_secret_id(wrapped),
        restored=has_a_way_in,
    )
    for name, wrapped in (
        ("secretid-gone-on-restart", False),
        ("wrapped-secretid-late", True),
        ("wrapped-secretid-stolen", True),
    )
}
