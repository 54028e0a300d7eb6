"""Tokens that somebody else obtained and handed over: several replicas share one, or one stands in an environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.tokens import handed_token
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import Duration, StrictModel, Texts

AUDITED = 2000  # lines of the audit log that are looked at
GRACE = 1.0  # seconds


class Handed(StrictModel):
    """Who was handed which token, by its accessor."""

    workload: str
    role: str
    path: str
    accessor: str


def _token_in(handed: Handed, lab: Lab) -> str:
    return (lab.containers.read(handed.workload, handed.path) or "").strip()


def _accessor_now(vault: VaultAdmin, handed: Handed, lab: Lab) -> str | None:
    """The accessor of the token in the file; None when there is no file, or no such token."""
    token = _token_in(handed, lab)
    return vault.accessor_of(token) if token else None


def _hand_new(vault: VaultAdmin, handed: Handed, lab: Lab) -> None:
    """Hand *handed* a fresh token of its own. When that fails, no token is left that nobody has."""
    auth = vault.api_write(f"auth/token/create/{handed.role}", {"meta": {"role": handed.role}})["auth"]
    try:
        lab.keep(f"token-{auth['accessor']}", auth["client_token"])
        lab.containers.write_files(handed.workload, {handed.path: auth["client_token"]})
    except Exception:
        with suppress(EnvironmentUnusable):
            vault.revoke(auth["accessor"])
        raise


class SharedArgs(StrictModel):
    workloads: Texts = Field(min_length=2, description="Who gets the same token.")
    max_ttl: Duration = Field(6.0, ge=1, description="The end of the shared token, which no renewal puts off.")


class SharedRecord(StrictModel):
    service: str
    handed: tuple[Handed, ...] = Field(strict=False)

    @property
    def mark(self) -> str:
        """The role in the shared token's metadata, by which it is found again in Vault and in its audit log."""
        return f"lockout-shared-instead-of-{self.handed[0].accessor}"


class SharedTokenReplicas(Fault[SharedArgs, SharedRecord]):
    """Several workloads are handed one token for all: they renew it together, and it ends for all of them at once.

    Their own tokens are revoked, and the shared one has a maximum TTL. A resilient client logs in itself, so that
    each replica has a token of its own. Fragile ones renew it more and more often, for less and less, until it is
    dead (spring-projects/spring-vault#663); revoking it for one of them ends it for all. Vault's audit log shows one
    accessor from many addresses. Source: failure catalogue, ``shared-token-replicas``.
    """

    name = "shared-token-replicas"
    group = "J"
    roles = frozenset({"vault"})
    Args = SharedArgs
    Record = SharedRecord

    def holds(self, target: str, args: SharedArgs) -> frozenset[str]:
        return frozenset(handed_token(target, workload) for workload in args.workloads)

    def prepare(self, target: str, args: SharedArgs, lab: Lab) -> SharedRecord:
        return SharedRecord(service=target, handed=tuple(_handed(target, name, lab) for name in sorted(args.workloads)))

    def inject(self, record: SharedRecord, args: SharedArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        role = vault.api_read(f"auth/token/roles/{record.handed[0].role}") or {}
        ttl = f"{round(args.max_ttl)}s"
        auth = vault.api_write(
            "auth/token/create-orphan",
            {
                "policies": list(role.get("allowed_policies") or ()),
                "meta": {"role": record.mark},
                "ttl": ttl,
                "explicit_max_ttl": ttl,
            },
        )["auth"]
        lab.keep(f"token-{auth['accessor']}", auth["client_token"])
        for handed in record.handed:
            lab.containers.write_files(handed.workload, {handed.path: auth["client_token"]})
        for handed in record.handed:
            if vault.is_alive(handed.accessor):
                vault.revoke(handed.accessor)

    def observe(self, record: SharedRecord, lab: Lab) -> str | None:
        if self.healed(record, lab):
            return None
        owners = {at: h.workload for h in record.handed for at in lab.containers.addresses(h.workload)}
        users: dict[str, set[str]] = {}
        for accessor, address in _requests_with(record.mark, lab.containers.logs(record.service, AUDITED)):
            if address in owners:
                users.setdefault(accessor, set()).add(owners[address])
        for accessor, workloads in users.items():
            if len(workloads) > 1:
                return f"{record.service}'s audit log shows accessor {accessor} used by {', '.join(sorted(workloads))}"
        return None

    def undo(self, record: SharedRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        shared = vault.accessors(frozenset({record.mark}))
        for accessor in shared:
            vault.revoke(accessor)
        for handed in record.handed:
            now = _accessor_now(vault, handed, lab)
            if now is None or now in shared:
                if vault.is_alive(handed.accessor):
                    vault.revoke(handed.accessor)  # inject broke off before it did
                _hand_new(vault, handed, lab)

    def healed(self, record: SharedRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        own = {_accessor_now(vault, handed, lab) for handed in record.handed}
        if None in own or len(own) < len(record.handed) or vault.accessors(frozenset({record.mark})):
            return None
        return f"{', '.join(handed.workload for handed in record.handed)} have a token each that {record.service} knows"


def _handed(vault: str, workload: str, lab: Lab) -> Handed:
    how = lab.handed_token(vault, workload)
    if how is None:
        raise FaultNotPossible(f"{workload} is not handed a token of {vault} by lockout (x-lockout: method: token)")
    token = (lab.containers.read(workload, how.path) or "").strip()
    accessor = lab.vault(vault).accessor_of(token) if token else None
    if accessor is None:
        raise FaultNotPossible(f"{vault} does not know the token that {workload} was handed: there is nothing to break")
    return Handed(workload=workload, role=how.role, path=how.path, accessor=accessor)


def _requests_with(mark: str, log: str) -> Iterator[tuple[str, str]]:
    """(accessor, address) of each request that the audit log shows to be made with a token of the role *mark*."""
    for line in log.splitlines():
        if mark not in line:
            continue
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            continue  # a line cut off where the log begins
        auth, request = entry.get("auth") or {}, entry.get("request") or {}
        if (auth.get("metadata") or {}).get("role") == mark:
            yield str(auth.get("accessor")), str(request.get("remote_address"))


class LegacyArgs(StrictModel):
    vault: str = Field("vault", description="The Vault whose token it is.")


class LegacyRecord(StrictModel):
    """``handed`` is None where somebody else put the token there, so that lockout cannot deploy another."""

    service: str
    vault: str
    accessor: str
    variable: str
    seen_by: str
    handed: Handed | None


class LegacyStaticToken(Fault[LegacyArgs, LegacyRecord]):
    """A long-lived token that stands in a workload's environment is revoked.

    Looked for as an intruder would: among the variables that ``docker inspect`` shows for the container, and those of
    its first process. There is no resilient way to hold one: nobody gets another token into a running process, so it is
    down until somebody deploys it anew. The undo does that where lockout had handed it the token; where that
    stands in your own files, the deployment is yours. Source: failure catalogue, ``legacy-static-token``.
    """

    name = "legacy-static-token"
    group = "J"
    roles = frozenset({"workload"})
    takes = frozenset({"container"})
    Args = LegacyArgs
    Record = LegacyRecord

    def holds(self, target: str, args: LegacyArgs) -> frozenset[str]:
        return super().holds(target, args) | {handed_token(args.vault, target)}

    def needs_up(self, target: str, args: LegacyArgs) -> frozenset[str]:
        return frozenset({target, args.vault})

    def prepare(self, target: str, args: LegacyArgs, lab: Lab) -> LegacyRecord:
        vault = lab.vault(args.vault)
        handed = _handed(args.vault, target, lab) if lab.handed_token(args.vault, target) else None
        own = (vault.api_read("auth/token/lookup-self") or {}).get("accessor")
        for variable in lab.containers.environment(target):
            accessor = vault.accessor_of(variable.value) if _could_be_token(variable.value) else None
            if accessor is None:
                continue
            if accessor == own:
                raise FaultNotPossible(
                    f"{variable.name} of {target} holds the very token with which lockout administers {args.vault}: "
                    "it cannot be revoked, and it should not be there"
                )
            known = handed if handed is not None and handed.accessor == accessor else None
            return LegacyRecord(
                service=target,
                vault=args.vault,
                accessor=accessor,
                variable=variable.name,
                seen_by=variable.seen_by,
                handed=known,
            )
        raise FaultNotPossible(f"no variable of {target} holds a token of {args.vault}: it is no legacy of this kind")

    def inject(self, record: LegacyRecord, args: LegacyArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.vault).revoke(record.accessor)

    def observe(self, record: LegacyRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.vault)
        token = self._token(record, lab)
        if not token or vault.accessor_of(token) is not None or vault.is_alive(record.accessor):
            return None
        return (
            f"{record.seen_by} shows a token in {record.variable} of {record.service} ({len(token)} characters, not "
            f"shown here), and {record.vault} does not know it any more"
        )

    def undo(self, record: LegacyRecord, lab: Lab) -> None:
        """Deploy it anew with another token, unless the one that it has works."""
        vault = lab.vault(record.vault)
        token = self._token(record, lab)
        if record.handed is None or (token and vault.accessor_of(token) is not None):
            return
        if _accessor_now(vault, record.handed, lab) is None:
            _hand_new(vault, record.handed, lab)
        lab.containers.stop(record.service, GRACE)
        lab.containers.start(record.service)

    def healed(self, record: LegacyRecord, lab: Lab) -> str | None:
        if record.handed is None:
            serving = lab.vault(record.vault).is_serving()
            return f"{record.vault} serves; {record.service} needs another deployment" if serving else None
        token = self._token(record, lab)
        if not token or lab.vault(record.vault).accessor_of(token) is None:
            return None
        return f"{record.service} runs with a token in {record.variable} that {record.vault} knows"

    @staticmethod
    def _token(record: LegacyRecord, lab: Lab) -> str:
        found = lab.containers.environment(record.service)
        return next((variable.value for variable in found if variable.name == record.variable), "")


def _could_be_token(value: str) -> bool:
    """Whether it is worth asking Vault about: long, and neither a path nor a sentence."""
    return len(value) >= 20 and not any(mark in value for mark in "/ :\t")
