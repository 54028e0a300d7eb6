"""Faults in which tokens stay valid and what they may do changes."""

from __future__ import annotations

import re
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.proxied import plural
from harness.scenario.base import StrictModel

_PATH = re.compile(r'^\s*path\s+"([^"*+{]+)"', re.MULTILINE)  # one without wildcards, so that it can be asked about


def first_path(rules: str) -> str | None:
    """A path that a policy speaks of by its full name."""
    found = _PATH.search(rules)
    return found[1] if found else None


def denied(vault: VaultAdmin, accessor: str, path: str) -> bool:
    """Whether Vault says that this token may do nothing at *path*; not so when it does not know the token."""
    answer = vault.ask("sys/capabilities-accessor", {"accessor": accessor, "paths": [path]}) or {}
    return list(answer.get(path, answer.get("capabilities", ()))) == ["deny"]


class PolicyArgs(StrictModel):
    policy: str = Field(description="The policy, by its name in Vault.")
    workloads: tuple[str, ...] = Field((), strict=False, description="Whose tokens are meant; everybody's when empty.")


class PolicyRecord(StrictModel):
    service: str
    policy: str
    rules_before: str
    path: str
    roles: tuple[str, ...] = Field(strict=False)


def _rules(vault: VaultAdmin, policy: str) -> str:
    return str((vault.api_read(f"sys/policies/acl/{policy}") or {}).get("policy") or "")


def _write(vault: VaultAdmin, policy: str, rules: str) -> None:
    vault.api_write(f"sys/policies/acl/{policy}", {"policy": rules})


class PolicyDeleted(Fault[PolicyArgs, PolicyRecord]):
    """A policy is deleted: tokens stay valid, can even be renewed, and may read nothing any more.

    A resilient client goes on with what it has, tries one new login at most, and raises an alarm. A fragile one exits,
    renews without a pause or logs in again and again (hashicorp/vault#26844, hashicorp/vault#20772). Source: failure
    catalogue, ``policy-deleted``.
    """

    name = "policy-deleted"
    group = "B"
    roles = frozenset({"vault"})
    takes = frozenset({"policies"})
    Args = PolicyArgs
    Record = PolicyRecord

    def prepare(self, target: str, args: PolicyArgs, lab: Lab) -> PolicyRecord:
        vault = lab.vault(target)
        rules = _rules(vault, args.policy)
        if not rules:
            there_are = ", ".join(vault.api_list("sys/policies/acl"))
            raise FaultNotPossible(f"{target} has no policy '{args.policy}'; there are {there_are}")
        path = first_path(rules)
        if path is None:
            raise FaultNotPossible(
                f"policy '{args.policy}' of {target} names no path in full, so it cannot be seen to be missed"
            )
        roles = tuple(sorted(lab.vault_roles(target, args.workloads)))
        record = PolicyRecord(service=target, policy=args.policy, rules_before=rules, path=path, roles=roles)
        if not _holders(record, vault):
            raise FaultNotPossible(f"{target} knows no living token with policy '{args.policy}': nobody would miss it")
        return record

    def inject(self, record: PolicyRecord, args: PolicyArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).api_delete(f"sys/policies/acl/{record.policy}")

    def observe(self, record: PolicyRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        known = vault.api_list("sys/policies/acl")
        if not known or record.policy in known:
            return None
        shut_out = [accessor for accessor in _holders(record, vault) if denied(vault, accessor, record.path)]
        if not shut_out:
            return None
        bearers = plural(len(shut_out), "living token")
        return f"{record.service} lists no policy {record.policy}: {bearers} with it may do nothing at {record.path}"

    def undo(self, record: PolicyRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        if _rules(vault, record.policy) != record.rules_before:
            _write(vault, record.policy, record.rules_before)

    def healed(self, record: PolicyRecord, lab: Lab) -> str | None:
        if _rules(lab.vault(record.service), record.policy) == record.rules_before:
            return f"policy {record.policy} grants again what it did"
        return None


def _holders(record: PolicyRecord, vault: VaultAdmin) -> tuple[str, ...]:
    """Accessors of living tokens that bear the policy."""
    found = vault.accessors(frozenset(record.roles))
    return tuple(one for one in found if record.policy in ((vault.look_up(one) or {}).get("policies") or ()))


class MovedRecord(PolicyRecord):
    """``role_policies`` by the API path of the role; ``accessors`` are the tokens from before."""

    moved_to: str
    role_policies: dict[str, list[str]]
    accessors: tuple[str, ...] = Field(strict=False)


class PolicyAddedTokenStale(Fault[PolicyArgs, MovedRecord]):
    """A grant moves into a new policy: the roles bear it, and tokens from before do not know it.

    What a token may do was settled when it was issued. A resilient client logs in again once when it is refused; a
    fragile one keeps its token to the end, because the token itself is valid (hashicorp/vault-secrets-operator#1185).
    Source: failure catalogue, ``policy-added-token-stale``.
    """

    name = "policy-added-token-stale"
    group = "B"
    roles = frozenset({"vault"})
    takes = frozenset({"policies", "auth-roles"})
    Args = PolicyArgs
    Record = MovedRecord

    def prepare(self, target: str, args: PolicyArgs, lab: Lab) -> MovedRecord:
        base = PolicyDeleted().prepare(target, args, lab)
        vault = lab.vault(target)
        moved_to = f"{args.policy}-moved"
        if _rules(vault, moved_to):
            raise FaultNotPossible(f"{target} has a policy '{moved_to}' already")
        logins = [one for one in lab.vault_logins(target, args.workloads) if one.method == "approle"]
        known = {one.path: list((vault.api_read(one.path) or {}).get("token_policies") or ()) for one in logins}
        bears = {path: policies for path, policies in known.items() if args.policy in policies}
        if not bears:
            raise FaultNotPossible(
                f"no AppRole role at {target} bears policy '{args.policy}', so a new login helps nobody"
            )
        return MovedRecord(
            **dict(base),
            moved_to=moved_to,
            role_policies=bears,
            accessors=_holders(base, vault),
        )

    def inject(self, record: MovedRecord, args: PolicyArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        _write(vault, record.moved_to, record.rules_before)
        for path, policies in record.role_policies.items():
            vault.api_write(path, {"token_policies": [*policies, record.moved_to]})
        _write(vault, record.policy, f"# What it granted is in {record.moved_to} now.\n")

    def observe(self, record: MovedRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if _rules(vault, record.moved_to) != record.rules_before:
            return None
        stale = [one for one in record.accessors if denied(vault, one, record.path)]
        if not stale:
            return None
        old = plural(len(stale), "living token")
        return f"{old} from before may do nothing at {record.path}, which their roles grant by {record.moved_to}"

    def undo(self, record: MovedRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        # First the old policy: tokens of either kind then have the grant throughout.
        if _rules(vault, record.policy) != record.rules_before:
            _write(vault, record.policy, record.rules_before)
        for path, policies in record.role_policies.items():
            if (vault.api_read(path) or {}).get("token_policies") != policies:
                vault.api_write(path, {"token_policies": policies})
        if _rules(vault, record.moved_to) == record.rules_before:  # another is somebody else's
            vault.api_delete(f"sys/policies/acl/{record.moved_to}")

    def healed(self, record: MovedRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        known = vault.api_list("sys/policies/acl")
        as_before = _rules(vault, record.policy) == record.rules_before and all(
            (vault.api_read(path) or {}).get("token_policies") == policies
            for path, policies in record.role_policies.items()
        )
        if as_before and known and record.moved_to not in known:
            return f"policy {record.policy} grants again what it did, and {record.moved_to} is gone"
        return None
