from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab

METADATA = "kv/metadata/billing"


def with_versions(lab: FakeLab) -> None:
    vault = lab.the_vault
    vault.tree[METADATA] = {"current_version": 1, "versions": {"1": {}}}
    versions = vault.tree[METADATA]["versions"]

    def marks(**how: object) -> Any:
        def mark(values: Mapping[str, Any]) -> Mapping[str, Any]:
            for version in values["versions"]:
                versions[str(version)] |= how
            return {}

        return mark

    vault.on_delete["kv/data/billing"] = lambda: versions["1"].update(deletion_time="2026-11-22T10:00:00Z")
    vault.on_write["kv/undelete/billing"] = marks(deletion_time="")
    vault.on_write["kv/destroy/billing"] = marks(destroyed=True)


def can_be_read(lab: FakeLab) -> bool:
    metadata = lab.the_vault.tree[METADATA]
    current = metadata["versions"][str(metadata["current_version"])]
    stored = lab.the_vault.kv["kv/billing"][-1]["password"] == STORED_PASSWORD
    return stored and not current.get("deletion_time") and not current.get("destroyed")


CASES = {
    "kv-deleted-404": Case(
        "vault", {"secret": "kv/billing"}, evidence="is deleted", ready=with_versions, restored=can_be_read
    ),
    "kv-empty-value": Case(
        "vault", {"secret": "kv/billing"}, evidence="an empty password", ready=with_versions, restored=can_be_read
    ),
}
