from __future__ import annotations

from harness.faults.ports import VaultLogin
from harness.lab.labels import parent_label
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab, Token

LABEL = parent_label("vault", "orders")


def with_parent(lab: FakeLab) -> None:
    vault = lab.the_vault
    lab.logins = [VaultLogin("orders", "token", "token", "orders", "/run/identity/vault")]

    def hand_out(workload: str, wrapped_for: float | None) -> None:
        number = len(vault.issued)
        lab.secrets[LABEL] = f"{STORED_PASSWORD}-{number}"
        vault.issued[lab.secrets[LABEL]] = f"accessor-parent-{number}"
        vault.tokens[f"accessor-parent-{number}"] = Token("platform", mount="token")
        vault.tokens[f"accessor-child-{number}"] = Token("orders", mount="token")

    def dies_with_it(accessor: str) -> None:
        vault.tokens.pop(accessor.replace("parent", "child"), None)

    del vault.tokens["accessor-orders"]
    hand_out("orders", None)
    lab.delivered, vault.on_revoke = hand_out, dies_with_it


CASES = {
    "parent-token-revoked": Case(
        "vault",
        {"workloads": ["orders"]},
        evidence="1 token issued with 1 parent token died",
        ready=with_parent,
        restored=lambda lab: any(token.role == "orders" for token in lab.the_vault.tokens.values()),
    ),
}
