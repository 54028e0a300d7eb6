from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.faults.ports import HandedToken
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import MINTED, FakeLab, Token

PATH = "/run/identity/vault/token"
VARIABLE = "VAULT_TOKEN"


def handed(lab: FakeLab) -> None:
    """Both workloads are handed their tokens; that of ``orders`` gets into its environment when it starts."""
    vault = lab.the_vault
    for name in lab.workloads():
        token = f"{MINTED}-first-token-of-{name}"
        lab.handed[name] = HandedToken(name, PATH)
        lab.containers.files[name, PATH] = token
        vault.issued[token] = f"accessor-{name}"
        vault.tree[f"auth/token/roles/{name}"] = {"allowed_policies": ["app"]}
        vault.on_write[f"auth/token/create/{name}"] = lambda values: made(lab, values)
    vault.on_write["auth/token/create-orphan"] = lambda values: made(lab, values)
    lab.containers.came_up = lambda service: started(lab, service)
    started(lab, "orders")


def made(lab: FakeLab, values: Mapping[str, Any]) -> Mapping[str, Any]:
    vault = lab.the_vault
    number = len(vault.issued)
    token, accessor = f"{MINTED}-token-number-{number}", f"accessor-made-{number}"
    vault.issued[token] = accessor
    vault.tokens[accessor] = Token(values["meta"]["role"], mount="token")
    return {"auth": {"client_token": token, "accessor": accessor}}


def started(lab: FakeLab, service: str) -> None:
    token = lab.containers.files.get((service, PATH), "")
    lab.containers.environments[service] = {"PATH": "/usr/bin", VARIABLE: token, "NAME": "a-name-of-a-workload"}


def use(lab: FakeLab, *workloads: str) -> None:
    """*workloads* ask for something with the tokens in their files, which the audit log shows."""
    for name in workloads or lab.workloads():
        accessor = lab.the_vault.issued[lab.containers.files[name, PATH]]
        token = lab.the_vault.tokens.get(accessor)
        entry = {
            "type": "response",
            "auth": {"accessor": accessor, "metadata": {"role": token.role}} if token else {},
            "request": {"remote_address": lab.containers.at[name][0]},
        }
        lab.containers.log_lines.setdefault("vault", []).append(json.dumps(entry))


def own_tokens(lab: FakeLab) -> bool:
    now = {lab.the_vault.accessor_of(lab.containers.files[name, PATH]) for name in lab.workloads()}
    return None not in now and len(now) == 2 and set(lab.the_vault.tokens) == now


CASES = {
    "shared-token-replicas": Case(
        "vault",
        {"workloads": ["orders", "billing"]},
        ready=handed,
        bite=use,
        evidence="used by billing, orders",
        restored=own_tokens,
    ),
    "legacy-static-token": Case(
        "orders",
        ready=handed,
        evidence="its first process shows a token in VAULT_TOKEN of orders",
        restored=lambda lab: (
            lab.containers.states["orders"] == "running"
            and lab.the_vault.accessor_of(lab.containers.environments["orders"][VARIABLE]) is not None
        ),
    ),
}
