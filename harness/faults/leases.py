"""Faults of leases: credentials that Vault takes back too early, or cannot take back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.dynamic_roles import DynamicRoleArgs, users_of
from harness.faults.existing import existing
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.proxied import plural
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel


class EarlyRecord(StrictModel):
    """``users`` are the names that Vault had made for this role, and no secret."""

    service: str
    prefix: str
    database: str
    users: tuple[str, ...] = Field(strict=False)


class LeaseRevokedEarly(Fault[DynamicRoleArgs, EarlyRecord]):
    """The leases of a database role are revoked: users vanish with most of their time still to come.

    A resilient client obtains a new one when the database refuses it; a fragile one waits for the end that it was
    told (hashicorp/vault-secrets-operator#146, hashicorp/vault-secrets-operator#228, spring-cloud-vault#152). Source:
    failure catalogue, ``lease-revoked-early``.
    """

    name = "lease-revoked-early"
    group = "C"
    roles = frozenset({"vault"})
    instant = True
    Args = DynamicRoleArgs
    Record = EarlyRecord

    def prepare(self, target: str, args: DynamicRoleArgs, lab: Lab) -> EarlyRecord:
        prefix = f"{args.mount}/creds/{args.role}"
        users = tuple(sorted(users_of(lab.database(args.database), args.role)))
        if not users or not lab.vault(target).api_list(f"sys/leases/lookup/{prefix}"):
            raise FaultNotPossible(f"{target} knows no lease at {prefix}: there is nothing to revoke")
        return EarlyRecord(service=target, prefix=prefix, database=args.database, users=users)

    def inject(self, record: EarlyRecord, args: DynamicRoleArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).api_write(f"sys/leases/revoke-prefix/{record.prefix}", {"sync": True})

    def observe(self, record: EarlyRecord, lab: Lab) -> str | None:
        known = lab.database(record.database).login_roles()
        if not known or known & set(record.users):
            return None
        return f"{record.database} no longer has the {plural(len(record.users), 'user')} of {record.prefix}"

    def undo(self, record: EarlyRecord, lab: Lab) -> None:
        """A dropped user does not come back; the way out is a new lease."""

    def healed(self, record: EarlyRecord, lab: Lab) -> str | None:
        return f"{record.service} hands out new users" if lab.vault(record.service).is_serving() else None


class StuckRecord(StrictModel):
    service: str
    mount: str
    role: str
    database: str
    revocation_before: tuple[str, ...] = Field(strict=False)

    @property
    def path(self) -> str:
        return f"{self.mount}/roles/{self.role}"

    @property
    def prefix(self) -> str:
        return f"{self.mount}/creds/{self.role}"

    @property
    def label(self) -> str:
        return f"{self.service}-stuck-lease-of-{self.mount}-{self.role}"


BROKEN = 'DROP ROLE "{{name}}-of-the-old-scheme"'
"""A revocation statement that fails each time, as one does after names have changed."""
OVERDUE = 1.0  # seconds; a revocation that works takes far less


class LeaseRevokeStuck(Fault[DynamicRoleArgs, StuckRecord]):
    """Revoking leases fails at the database: Vault has ended them, and their credentials live on.

    Workloads notice nothing: it is an exposure on the server's side. Vault tries six times, over some ten minutes, and
    then calls a lease irrevocable. While this lasts every lease of the role that ends or is revoked is stuck, and one
    of lockout's own shows it. Undo repairs the role, and revokes what is overdue. Source: failure catalogue,
    ``lease-revoke-stuck``.
    """

    name = "lease-revoke-stuck"
    group = "C"
    roles = frozenset({"vault"})
    takes = frozenset({"database-roles"})
    Args = DynamicRoleArgs
    Record = StuckRecord

    def prepare(self, target: str, args: DynamicRoleArgs, lab: Lab) -> StuckRecord:
        role = existing(target, lab.vault(target), f"{args.mount}/roles", args.role, "dynamic role")
        lab.database(args.database)
        before = tuple(str(statement) for statement in role.get("revocation_statements") or ())
        return StuckRecord(
            service=target, mount=args.mount, role=args.role, database=args.database, revocation_before=before
        )

    def inject(self, record: StuckRecord, args: DynamicRoleArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        lease = vault.obtain(record.prefix)
        try:
            lab.keep(f"{record.label}-password", lease.password)  # by itself, so that it is found in any text
            lab.keep(record.label, json.dumps([lease.id, lease.username, lease.password]))
        except EnvironmentUnusable:
            vault.api_write("sys/leases/revoke", {"lease_id": lease.id, "sync": True})  # nobody would know of it
            raise
        vault.api_write(record.path, {"revocation_statements": [BROKEN]})
        vault.api_write("sys/leases/revoke", {"lease_id": lease.id, "sync": False})

    def observe(self, record: StuckRecord, lab: Lab) -> str | None:
        kept = lab.kept(record.label)
        if kept is None or _statements(record, lab) == record.revocation_before:
            return None
        lease, username, password = json.loads(kept)
        overdue = _overdue(lab.vault(record.service), lease)
        if overdue is None or overdue < OVERDUE or not lab.database(record.database).accepts(username, password):
            return None
        return (
            f"{overdue:.1f} s after {record.service} was told to revoke a lease at {record.prefix}, "
            f"{record.database} still accepts its user"
        )

    def undo(self, record: StuckRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        if _statements(record, lab) != record.revocation_before:
            vault.api_write(record.path, {"revocation_statements": list(record.revocation_before)})
        kept = lab.kept(record.label)
        own = [json.loads(kept)[0]] if kept is not None else []
        for lease in {*_stuck(record, lab), *(one for one in own if _overdue(vault, one) is not None)}:
            vault.api_write("sys/leases/revoke", {"lease_id": lease, "sync": True})

    def healed(self, record: StuckRecord, lab: Lab) -> str | None:
        if _statements(record, lab) != record.revocation_before or any(_stuck(record, lab)):
            return None
        kept = lab.kept(record.label)
        if kept is not None:
            lease, username, password = json.loads(kept)
            if _overdue(lab.vault(record.service), lease) is None and lab.database(record.database).accepts(
                username, password
            ):
                return None
        return f"{record.service} revokes leases at {record.prefix} as it did before, and none is overdue"


def _statements(record: StuckRecord, lab: Lab) -> tuple[str, ...]:
    role = lab.vault(record.service).api_read(record.path)
    if role is None:
        raise EnvironmentUnusable(f"{record.service} has no {record.path} any more")
    return tuple(str(statement) for statement in role.get("revocation_statements") or ())


def _stuck(record: StuckRecord, lab: Lab) -> Iterator[str]:
    """Leases of the role whose time is over, and which are still there."""
    vault = lab.vault(record.service)
    for name in vault.api_list(f"sys/leases/lookup/{record.prefix}"):
        overdue = _overdue(vault, f"{record.prefix}/{name}")
        if overdue is not None and overdue > 0:
            yield f"{record.prefix}/{name}"


def _overdue(vault: VaultAdmin, lease: str) -> float | None:
    """Seconds since it should have ended, negative before that; None when Vault knows no such lease."""
    known = vault.ask("sys/leases/lookup", {"lease_id": lease})
    if known is None or not known.get("expire_time"):
        return None
    return time.time() - datetime.fromisoformat(str(known["expire_time"])).timestamp()
