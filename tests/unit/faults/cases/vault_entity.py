from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

ENTITY = "identity/entity/id/e-1"


def with_entity(lab: FakeLab) -> None:
    vault = lab.the_vault
    vault.tree[ENTITY] = {"disabled": False}
    vault.tokens["accessor-orders"].data["entity_id"] = "e-1"

    def capabilities(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return None if vault.tree[ENTITY]["disabled"] else {"auth/token/lookup-self": ["read"]}

    vault.on_ask["sys/capabilities-accessor"] = capabilities


CASES = {
    "entity-disabled": Case(
        "vault",
        {"workloads": ["orders"]},
        evidence="calls a living token",
        ready=with_entity,
        restored=lambda lab: lab.the_vault.tree[ENTITY] == {"disabled": False},
    ),
}
