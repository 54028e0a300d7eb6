"""Requests to a Vault, as the desk makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.breakglass.operator import Operator
from harness.breakglass.ports import HttpJob, Reply
from harness.faults.ports import FaultNotPossible
from harness.topology.break_glass import RootQuorum
from harness.topology.vault import VaultBlock


def vault_job(
    op: Operator,
    procedure: RootQuorum,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    token: str = "",
) -> HttpJob:
    """A request to the API path *path* without ``v1/``, as the holder of *token* or of none."""
    block = op.emergency.services()[procedure.opens].block
    if not isinstance(block, VaultBlock):
        raise FaultNotPossible(f"'{procedure.opens}' is no Vault")
    headers = {"X-Vault-Token": token} if token else {}
    return HttpJob(procedure.opens, block.port, method, f"/v1/{path}", headers, body)


def said(reply: Reply) -> str:
    """The answer in Vault's own words."""
    if reply.status == 0:
        return f"no answer ({reply.words})"
    errors = reply.get("errors")
    words = "; ".join(" ".join(str(one).split()) for one in errors) if isinstance(errors, list) else ""
    return f"{reply.status} {words}".strip()
