from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultLogin
from harness.faults.proxied import plural
from harness.faults.tokens import TokenArgs, handed_token
from harness.lab.labels import parent_label
from harness.scenario.base import StrictModel


class TreeRecord(StrictModel):
    """Accessors may stand in a ledger: they name a token and cannot be used as one. ``roles`` by workload."""

    service: str
    parents: tuple[str, ...] = Field(strict=False)
    children: tuple[str, ...] = Field(strict=False)
    roles: dict[str, str]


class ParentTokenRevoked(Fault[TokenArgs, TreeRecord]):
    """A parent token is revoked: all tokens issued with it die, with all their leases, and the log names none of them.

    Orphan tokens, as logins give them, and periodic ones of their own live through it. One revocation took down
    thousands of Nomad's children (hashicorp/vault#4462, hashicorp/vault#1526), and a cloud's keys went with VSO's
    (hashicorp/vault-secrets-operator#436). Undo hands out new ones. Source: failure catalogue,
    ``parent-token-revoked``.
    """

    name = "parent-token-revoked"
    group = "C"
    roles = frozenset({"vault"})
    Args = TokenArgs
    Record = TreeRecord

    def holds(self, target: str, args: TokenArgs) -> frozenset[str]:
        return frozenset(handed_token(target, workload) for workload in args.workloads)

    def prepare(self, target: str, args: TokenArgs, lab: Lab) -> TreeRecord:
        vault = lab.vault(target)
        parents: dict[str, str] = {}
        for login in lab.vault_logins(target, args.workloads):
            accessor = _parent(lab, target, login)
            if accessor:
                parents[login.workload] = accessor
            elif args.workloads:
                raise FaultNotPossible(
                    f"the token of {login.workload} at {target} has no living parent: it is an orphan"
                )
        roles = {login.workload: login.role for login in lab.vault_logins(target, tuple(parents))} if parents else {}
        children = vault.accessors(frozenset(roles.values()))
        if not children:
            raise FaultNotPossible(f"{target} knows no living token of a workload that has a living parent")
        return TreeRecord(service=target, parents=tuple(sorted(set(parents.values()))), children=children, roles=roles)

    def inject(self, record: TreeRecord, args: TokenArgs, lab: Lab, rng: Random) -> None:
        for parent in record.parents:
            lab.vault(record.service).revoke(parent)

    def observe(self, record: TreeRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if any(vault.is_alive(accessor) for accessor in (*record.parents, *record.children)):
            return None
        parents, children = plural(len(record.parents), "parent token"), plural(len(record.children), "token")
        return f"{children} issued with {parents} died with it (looked up by accessor)"

    def undo(self, record: TreeRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        # Looked at before the first is handed a new one, for two may have the same role.
        empty = [workload for workload, role in record.roles.items() if not vault.accessors(frozenset({role}))]
        for workload in empty:
            lab.deliver(workload)

    def healed(self, record: TreeRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if all(vault.accessors(frozenset({role})) for role in record.roles.values()):
            return f"{', '.join(sorted(record.roles))} have been handed living tokens"
        return None


def _parent(lab: Lab, vault: str, login: VaultLogin) -> str | None:
    kept = lab.kept(parent_label(vault, login.role)) if login.method == "token" else None
    return lab.vault(vault).accessor_of(kept) if kept else None
