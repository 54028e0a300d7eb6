from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

KEY = "transit/keys/orders"


def has_key(lab: FakeLab) -> None:
    """A key of one version. What it has sealed names the version, as Vault's does."""
    tree, on_write = lab.the_vault.tree, lab.the_vault.on_write
    tree[KEY] = {"latest_version": 1, "min_decryption_version": 1, "supports_decryption": True, "type": "aes"}

    def rotate(values: Mapping[str, Any]) -> Mapping[str, Any]:
        tree[KEY] = {**tree[KEY], "latest_version": tree[KEY]["latest_version"] + 1}
        return {}

    def configure(values: Mapping[str, Any]) -> Mapping[str, Any]:
        tree[KEY] = {**tree[KEY], **values}
        return {}

    def encrypt(values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ciphertext": f"vault:v{values['key_version']}:{values['plaintext']}"}

    def decrypt(values: Mapping[str, Any]) -> Mapping[str, Any]:
        if int(values["ciphertext"].split(":")[1][1:]) < tree[KEY]["min_decryption_version"]:
            raise EnvironmentUnusable("refused: ciphertext or signature version is disallowed by policy (too old)")
        return {"plaintext": ""}

    on_write |= {
        f"{KEY}/rotate": rotate,
        f"{KEY}/config": configure,
        "transit/encrypt/orders": encrypt,
        "transit/decrypt/orders": decrypt,
    }


def all_open(lab: FakeLab) -> bool:
    return bool(lab.the_vault.tree[KEY]["min_decryption_version"] == 1)


CASES = {
    "transit-key-rotated": Case("vault", {"key": "orders"}, evidence="is now 2", ready=has_key, restored=all_open),
    "transit-min-version-raised": Case(
        "vault", {"key": "orders"}, evidence="refuses to decrypt", ready=has_key, restored=all_open
    ),
}
