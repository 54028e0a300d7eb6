"""A topology with a hundred more secrets than it needs, planted where systems keep theirs."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.labs import WHOLE
from tests.integration.support import COMPOSE

IN_KV, CLIENTS, DATABASE_ROLES = 60, 20, 20
COUNT = IN_KV + CLIENTS + DATABASE_ROLES
MOUNT = "canaries"


def labels() -> frozenset[str]:
    """The labels under which lockout keeps them."""
    return frozenset(
        [f"{MOUNT}/random-{number}#value" for number in range(IN_KV)]
        + [f"{MOUNT}/role-{number}#password" for number in range(DATABASE_ROLES)]
        + [f"idp-client-canary-{number}" for number in range(CLIENTS)]
    )


def with_canaries(folder: Path) -> Path:
    """The Compose file of the whole system with canaries in it, written to *folder*."""
    entries: dict[str, object] = {f"random-{number}": {"value": {"generate": "random"}} for number in range(IN_KV)}
    for number in range(DATABASE_ROLES):
        password = {"generate": "database-role", "on": "postgres", "role": f"canary_{number}"}
        entries[f"role-{number}"] = {"username": f"canary_{number}", "password": password}
    clients = {f"canary-{number}": {"audiences": ["ledger"], "scopes": []} for number in range(CLIENTS)}
    more = {
        "services": {
            "vault": {"x-lockout": {"provision": {"secrets": {MOUNT: {"type": "kv-v2", "entries": entries}}}}},
            "idp": {"x-lockout": {"clients": clients}},
        }
    }
    # JSON is YAML.
    added = folder / "more.compose.yaml"
    added.write_text(json.dumps(more), encoding="utf-8")
    text = WHOLE.read_text(encoding="utf-8")
    include = "include: [{path: [../../compose/core.yaml, "
    assert include in text
    text = text.replace(include, f"{include}{added}, ")
    whole = folder / "canaries.compose.yaml"
    whole.write_text(text.replace("../../compose/", f"{COMPOSE}/"), encoding="utf-8")
    return whole
