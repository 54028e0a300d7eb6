"""Rotation misfires: a credential changes, and not everybody is told, or not in time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel

_OUT_OF_STEP = "check-and-set parameter did not match the current version"  # Vault's words


class StaticRoleArgs(StrictModel):
    role: str = Field(description="The static role of Vault's database engine.")
    mount: str = Field("database", description="Where the database engine is mounted in Vault.")


class StaticRoleRecord(StrictModel):
    service: str
    mount: str
    role: str
    rotated_before: str


class StaticRoleRotated(Fault[StaticRoleArgs, StaticRoleRecord]):
    """Vault rotates a static database role: the password changes underneath everybody's connection pool.

    A resilient client re-reads it when the database refuses it, and evicts the pool softly. A fragile one retries
    the old password and floods the database log (brettwooldridge/HikariCP#2298, spring-cloud-vault#938). Source:
    failure catalogue, ``static-role-rotated``.
    """

    name = "static-role-rotated"
    group = "D"
    roles = frozenset({"vault"})
    instant = True
    Args = StaticRoleArgs
    Record = StaticRoleRecord

    def holds(self, target: str, args: StaticRoleArgs) -> frozenset[str]:
        return frozenset({f"{target}/static roles of {args.mount.strip('/')}"})

    def prepare(self, target: str, args: StaticRoleArgs, lab: Lab) -> StaticRoleRecord:
        return StaticRoleRecord(
            service=target,
            mount=args.mount,
            role=args.role,
            rotated_before=lab.vault(target).static_role_rotated_at(args.mount, args.role),
        )

    def inject(self, record: StaticRoleRecord, args: StaticRoleArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).rotate_static_role(record.mount, record.role)

    def observe(self, record: StaticRoleRecord, lab: Lab) -> str | None:
        now = lab.vault(record.service).static_role_rotated_at(record.mount, record.role)
        return f"last rotation of {record.role} is now {now}" if now != record.rotated_before else None

    def undo(self, record: StaticRoleRecord, lab: Lab) -> None:
        """The new password is valid and can be read: there is nothing to put back."""

    def healed(self, record: StaticRoleRecord, lab: Lab) -> str | None:
        return f"{record.service} hands out the new password" if lab.vault(record.service).is_serving() else None


class StoredPasswordArgs(StrictModel):
    secret: str = Field(description="Path of the KV v2 secret with keys username and password, such as kv/billing.")
    database: str = Field("postgres", description="The database service that knows the same user.")


class StoredPasswordRecord(StrictModel):
    """Versions, not values: a ledger holds no secret."""

    service: str
    secret: str
    database: str
    version_before: int


class _StoredPasswordFault(Fault[StoredPasswordArgs, StoredPasswordRecord]):
    """What rotations of a password that stands both in KV and in the database share."""

    group = "D"
    roles = frozenset({"vault"})
    Args = StoredPasswordArgs
    Record = StoredPasswordRecord

    def holds(self, target: str, args: StoredPasswordArgs) -> frozenset[str]:
        return frozenset({f"{target}/{args.secret}"})

    def prepare(self, target: str, args: StoredPasswordArgs, lab: Lab) -> StoredPasswordRecord:
        values = lab.vault(target).kv_read(args.secret)
        if not {"username", "password"} <= set(values):
            raise FaultNotPossible(
                f"secret {args.secret} of {target} has the keys {', '.join(sorted(values)) or '(none)'}; "
                "username and password are needed"
            )
        return StoredPasswordRecord(
            service=target,
            secret=args.secret,
            database=args.database,
            version_before=lab.vault(target).kv_version(args.secret),
        )

    def observe(self, record: StoredPasswordRecord, lab: Lab) -> str | None:
        if lab.vault(record.service).kv_version(record.secret) <= record.version_before:
            return None
        return self._seen(record.database, *self._old_and_new_accepted(record, lab))

    @abstractmethod
    def _seen(self, database: str, old: bool, new: bool) -> str | None:
        """What it proves that *database* accepts the *old* password, or the *new* one that is in the store."""

    def undo(self, record: StoredPasswordRecord, lab: Lab) -> None:
        """Bring the database to what the store says; right after any half of a rotation."""
        values = lab.vault(record.service).kv_read(record.secret)
        database = lab.database(record.database)
        if not database.accepts(values["username"], values["password"]):
            database.set_password(values["username"], values["password"])

    def healed(self, record: StoredPasswordRecord, lab: Lab) -> str | None:
        values = lab.vault(record.service).kv_read(record.secret)
        if lab.database(record.database).accepts(values["username"], values["password"]):
            return f"{record.database} accepts the password that {record.secret} holds"
        return None

    def _old_and_new_accepted(self, record: StoredPasswordRecord, lab: Lab) -> tuple[bool, bool]:
        vault, database = lab.vault(record.service), lab.database(record.database)
        old = vault.kv_read(record.secret, record.version_before)
        new = vault.kv_read(record.secret)
        return (
            database.accepts(old["username"], old["password"]),
            database.accepts(new["username"], new["password"]),
        )


class RotationNoOverlap(_StoredPasswordFault):
    """A stored password is rotated with no overlap: the old one dies in the second in which the new one appears.

    A resilient client reloads when it is refused; a fragile one is down until its timer rings the next time, or
    it is restarted (hashicorp/vault-secrets-operator#309). Source: failure catalogue, ``rotation-no-overlap``.
    """

    name = "rotation-no-overlap"
    instant = True

    def inject(self, record: StoredPasswordRecord, args: StoredPasswordArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        values = dict(vault.kv_read(record.secret)) | {"password": lab.mint_password()}
        vault.kv_write(record.secret, values)
        lab.database(record.database).set_password(values["username"], values["password"])

    def _seen(self, database: str, old: bool, new: bool) -> str | None:
        return f"{database} refuses the old password and accepts the new one" if new and not old else None


class RotationHalfDone(_StoredPasswordFault):
    """A rotation stops half-way: the new password is in the store, and the database never heard of it.

    Everybody who re-reads gets a password that does not work. A resilient client tries the previous version; a
    fragile one retries the failing one forever (hashicorp/vault#28989). Undo completes the rotation. Source:
    failure catalogue, ``rotation-half-done``.
    """

    name = "rotation-half-done"

    def inject(self, record: StoredPasswordRecord, args: StoredPasswordArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        vault.kv_write(record.secret, dict(vault.kv_read(record.secret)) | {"password": lab.mint_password()})

    def _seen(self, database: str, old: bool, new: bool) -> str | None:
        return f"{database} accepts the old password and refuses the stored one" if old and not new else None


class RotationCasConflict(_StoredPasswordFault):
    """Two rotators race: one is refused by check-and-set, and forces its password into the store all the same.

    Both have read the same version. The winner writes with ``cas`` and changes the database; the loser, refused with
    the same ``cas``, writes without it, and so the store holds a password that the database never heard of, while the
    one of before is dead. A resilient client tries the previous version; a fragile one takes whatever is newest. The
    rotator that does it right reads again when it is refused. Source: failure catalogue, ``rotation-cas-conflict``.
    """

    name = "rotation-cas-conflict"

    def inject(self, record: StoredPasswordRecord, args: StoredPasswordArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        values = dict(vault.kv_read(record.secret, record.version_before))
        winner, loser = ({**values, "password": lab.mint_password()} for _ in range(2))
        if self._refusal(record, winner, vault):
            raise EnvironmentUnusable(f"somebody else has just changed {record.secret} of {record.service}")
        lab.database(record.database).set_password(winner["username"], winner["password"])
        if not self._refusal(record, loser, vault):
            raise EnvironmentUnusable(f"{record.service} took two writes to {record.secret} with the same cas")
        vault.kv_write(record.secret, loser)

    def observe(self, record: StoredPasswordRecord, lab: Lab) -> str | None:
        vault, database = lab.vault(record.service), lab.database(record.database)
        if vault.kv_version(record.secret) < record.version_before + 2:
            return None
        winner = vault.kv_read(record.secret, record.version_before + 1)
        stored = vault.kv_read(record.secret)
        if not database.accepts(winner["username"], winner["password"]):
            return None
        if database.accepts(stored["username"], stored["password"]):
            return None
        if not self._refusal(record, stored, vault):
            return None
        return (
            f'{record.service} refuses a write with cas {record.version_before} ("{_OUT_OF_STEP}"); {record.database} '
            "accepts the winner's password and refuses the one that the loser forced into the store"
        )

    def _seen(self, database: str, old: bool, new: bool) -> str | None:
        raise NotImplementedError  # it has three passwords to compare

    @staticmethod
    def _refusal(record: StoredPasswordRecord, values: Mapping[str, str], vault: VaultAdmin) -> bool:
        """Whether Vault refuses to write *values* over the version of before; when it does not, they are written."""
        mount, _, name = record.secret.partition("/")
        try:
            vault.api_write(f"{mount}/data/{name}", {"data": values, "options": {"cas": record.version_before}})
        except EnvironmentUnusable as error:
            if _OUT_OF_STEP in str(error):
                return True
            raise
        return False
