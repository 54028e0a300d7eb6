"""Faults in which a mount is disabled: everything that it issued dies, and what was configured in it is gone.

What undo needs to set it up again is read from Vault and stands in the record; that holds no secret, because Vault
gives none away. The few secrets that belong to it, SecretIDs and the password of a database engine, are known to
lockout, which made them, and are set to what they were: so workloads go on with the files that they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.locked_out import unlock
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.proxied import plural
from harness.lab.labels import connection_label, secret_id_label
from harness.scenario.base import StrictModel

Settings = dict[str, Any]
"""As Vault words them, from one of its answers to one of its requests."""

_VOLATILE = frozenset({"last_vault_rotation", "ttl", "password", "rotation_window", "next_vault_rotation"})
_MOUNT = ("type", "description", "config", "options", "local", "seal_wrap", "external_entropy_access")


class MountRecord(StrictModel):
    """``settings``: with what the mount was made. ``parts``: what was configured in it, by API path, in that order."""

    service: str
    mount: str
    settings: Settings
    parts: dict[str, Settings]


def _mounted(vault: VaultAdmin, section: str, mount: str) -> Settings | None:
    """The settings of a mount, so that a new one can be made with them. None when there is none."""
    found = (vault.api_read(section) or {}).get(f"{mount}/")
    if not isinstance(found, Mapping):
        return None
    settings = {key: found[key] for key in _MOUNT if key in found}
    config = settings.get("config")
    if isinstance(config, Mapping):
        settings["config"] = {key: value for key, value in config.items() if value not in (None, "", [])}
    return settings


def _mount_again(vault: VaultAdmin, section: str, record: MountRecord) -> bool:
    """Whether it had to be mounted, and so has nothing in it."""
    path = f"{section}/{record.mount}"
    if _mounted(vault, section, record.mount) is not None:
        if any(vault.api_read(part) is not None for part in record.parts):
            return False
        # Empty, or cut off in the middle of being disabled: then it is listed, and answers nothing.
        vault.api_delete(path)
    vault.api_write(path, record.settings)
    return True


def _steady(settings: Mapping[str, Any] | None) -> Settings:
    return {key: value for key, value in (settings or {}).items() if key not in _VOLATILE and value is not None}


class AuthMountArgs(StrictModel):
    mount: str = Field("approle", description="The AppRole auth mount.")


class AuthMountRecord(MountRecord):
    """``role_ids`` by role: the half of an identity that is not secret.

    ``workloads`` by role have a SecretID that lockout knows; ``wrapped`` by role one that only they know.
    """

    role_ids: dict[str, str]
    workloads: dict[str, list[str]]
    wrapped: dict[str, str]
    accessors: tuple[str, ...] = Field(strict=False)


class AuthMountDisabled(Fault[AuthMountArgs, AuthMountRecord]):
    """An auth mount is disabled: all tokens that it gave are revoked, and logins are refused.

    A resilient client stops in good order or has a second way to log in, and is back by itself; a fragile one logs in
    in a tight loop. Undo sets the mount up again as it was, with the same RoleIDs and SecretIDs. Source: failure
    catalogue, ``auth-mount-disabled``.
    """

    name = "auth-mount-disabled"
    group = "B"
    roles = frozenset({"vault"})
    takes = frozenset({"auth-roles", "secret-ids"})
    Args = AuthMountArgs
    Record = AuthMountRecord

    def holds(self, target: str, args: AuthMountArgs) -> frozenset[str]:
        return super().holds(target, args) | {f"{target}/auth/{args.mount.strip('/')}"}

    def prepare(self, target: str, args: AuthMountArgs, lab: Lab) -> AuthMountRecord:
        vault, base = lab.vault(target), f"auth/{args.mount}"
        settings = _mounted(vault, "sys/auth", args.mount)
        if settings is None or settings["type"] != "approle":
            raise FaultNotPossible(
                f"{target} has no AppRole mount at {base}; others could not be set up again as before"
            )
        workloads: dict[str, list[str]] = {}
        logins = [login for login in lab.vault_logins(target, ()) if login.mount == args.mount]
        for login in logins:
            if not login.wrapped and lab.kept(secret_id_label(target, login.workload)) is not None:
                workloads.setdefault(login.role, []).append(login.workload)
        names = [name for name in vault.api_list(f"{base}/role") if not name.endswith("/")]
        for name in names:
            known = name in workloads or any(one.wrapped and one.role == name for one in logins)
            if not known and _has_secret_id(vault, f"{base}/role/{name}"):
                raise FaultNotPossible(
                    f"role {name} at {base} of {target} has a SecretID that lockout did not hand out, so it could not "
                    "be set up again as before"
                )
        role_ids = {name: str((vault.api_read(f"{base}/role/{name}/role-id") or {}).get("role_id")) for name in names}
        accessors = vault.accessors(frozenset(names), args.mount)
        if not accessors:
            raise FaultNotPossible(f"{target} knows no living token that {base} gave: nobody would miss it")
        return AuthMountRecord(
            service=target,
            mount=args.mount,
            settings=settings,
            parts={f"{base}/role/{name}": _steady(vault.api_read(f"{base}/role/{name}")) for name in names},
            role_ids=role_ids,
            workloads=workloads,
            wrapped={
                one.role: one.workload for one in logins if one.wrapped and vault.api_list(f"{one.path}/secret-id")
            },
            accessors=accessors,
        )

    def inject(self, record: AuthMountRecord, args: AuthMountArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).api_delete(f"sys/auth/{record.mount}")

    def observe(self, record: AuthMountRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        mounts = vault.api_read("sys/auth") or {}
        if "token/" not in mounts or f"{record.mount}/" in mounts:
            return None
        if any(vault.is_alive(accessor) for accessor in record.accessors):
            return None
        return (
            f"{record.service} lists no auth mount {record.mount}, and of the tokens that it gave "
            f"{plural(len(record.accessors), 'token')} died"
        )

    def undo(self, record: AuthMountRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        empty = _mount_again(vault, "sys/auth", record)
        for role, role_id in record.role_ids.items():
            path = f"auth/{record.mount}/role/{role}"
            if empty or not _same(vault, path, record.parts[path]) or not _has_id(vault, path, role_id):
                settings = record.parts[path] | {"role_id": role_id}
                if vault.api_read(path) is not None:
                    settings.pop("local_secret_ids", None)  # which Vault takes from a new role only
                vault.api_write(path, settings)
        for path, secret in self._not_taken(record, lab):
            vault.api_write(f"{path}/custom-secret-id", {"secret_id": secret})
        for role, workload in record.wrapped.items():
            if not _has_secret_id(vault, f"auth/{record.mount}/role/{role}"):
                lab.deliver(workload)  # nobody but the workload knows the one that it had
        unlock(vault, record.role_ids.values())  # who tried while only half of it was there

    def _not_taken(self, record: AuthMountRecord, lab: Lab) -> Iterator[tuple[str, str]]:
        """(path of the role, SecretID) of what workloads were handed and cannot log in with."""
        vault = lab.vault(record.service)
        for role, workloads in record.workloads.items():
            path = f"auth/{record.mount}/role/{role}"
            for workload in workloads:
                secret = lab.kept(secret_id_label(record.service, workload))
                if secret is not None and not vault.ask(f"{path}/secret-id/lookup", {"secret_id": secret}):
                    yield path, secret

    def healed(self, record: AuthMountRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not all(_same(vault, path, settings) for path, settings in record.parts.items()):
            return None
        if not all(
            _has_id(vault, f"auth/{record.mount}/role/{role}", record.role_ids[role]) for role in record.workloads
        ):
            return None
        if any(self._not_taken(record, lab)):
            return None
        return f"auth mount {record.mount} has its {len(record.role_ids)} roles again, and takes the SecretIDs"


def _has_id(vault: VaultAdmin, path: str, role_id: str) -> bool:
    return (vault.api_read(f"{path}/role-id") or {}).get("role_id") == role_id


def _has_secret_id(vault: VaultAdmin, path: str) -> bool:
    return bool(vault.api_list(f"{path}/secret-id"))


def _same(vault: VaultAdmin, path: str, settings: Settings) -> bool:
    return _steady(vault.api_read(path)) == settings


class SecretsMountArgs(StrictModel):
    mount: str = Field("database", description="The mount of Vault's database engine.")


class SecretsMountRecord(MountRecord):
    """``users`` are the names of database users that had a lease; ``database`` is the service that they are in."""

    database: str
    admin: str
    users: tuple[str, ...] = Field(strict=False)


class SecretsMountDisabled(Fault[SecretsMountArgs, SecretsMountRecord]):
    """A secrets engine is disabled: all its leases are revoked, and the database users that it made are dropped.

    A resilient client obtains a new lease once the engine is back; the pool of a fragile one keeps the dead user. Undo
    sets the engine up again as it was; only the passwords of static roles are new. Source: failure catalogue,
    ``secrets-mount-disabled``.
    """

    name = "secrets-mount-disabled"
    group = "B"
    roles = frozenset({"vault"})
    takes = frozenset({"database-roles", "database-login"})
    Args = SecretsMountArgs
    Record = SecretsMountRecord

    def holds(self, target: str, args: SecretsMountArgs) -> frozenset[str]:
        return super().holds(target, args) | {f"{target}/static roles of {args.mount.strip('/')}"}

    def prepare(self, target: str, args: SecretsMountArgs, lab: Lab) -> SecretsMountRecord:
        vault, mount = lab.vault(target), args.mount
        settings = _mounted(vault, "sys/mounts", mount)
        if settings is None or settings["type"] != "database":
            raise FaultNotPossible(
                f"{target} has no database engine at {mount}; what others hold could not be brought back"
            )
        password = lab.kept(connection_label(target, mount))
        connections = vault.api_list(f"{mount}/config")
        if password is None or len(connections) != 1:
            raise FaultNotPossible(f"lockout did not set up {mount} of {target}, so it could not do so again")
        (database,) = connections
        config = vault.api_read(f"{mount}/config/{database}") or {}
        admin = str((config.get("connection_details") or {}).get("username"))
        if not lab.database(database).accepts(admin, password):
            raise FaultNotPossible(f"{database} no longer takes the password of {admin} that lockout knows")
        parts = {f"{mount}/config/{database}": _connection(config)}
        for kind in ("roles", "static-roles"):
            for name in vault.api_list(f"{mount}/{kind}"):
                parts[f"{mount}/{kind}/{name}"] = _steady(vault.api_read(f"{mount}/{kind}/{name}"))
        users = tuple(sorted(user for user in lab.database(database).login_roles() if user.startswith("v-")))
        if not users:
            raise FaultNotPossible(f"no user in {database} has a lease of {target}: nobody would miss the engine")
        return SecretsMountRecord(
            service=target, mount=mount, settings=settings, parts=parts, database=database, admin=admin, users=users
        )

    def inject(self, record: SecretsMountRecord, args: SecretsMountArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).api_delete(f"sys/mounts/{record.mount}")

    def observe(self, record: SecretsMountRecord, lab: Lab) -> str | None:
        mounts = lab.vault(record.service).api_read("sys/mounts") or {}
        if "sys/" not in mounts or f"{record.mount}/" in mounts:
            return None
        known = lab.database(record.database).login_roles()
        if not known or known & set(record.users):
            return None
        return (
            f"{record.service} lists no secrets mount {record.mount}, and {record.database} no longer has the "
            f"{plural(len(record.users), 'user')} that it made"
        )

    def undo(self, record: SecretsMountRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        empty = _mount_again(vault, "sys/mounts", record)
        for path, settings in record.parts.items():
            if empty or _now(vault, path) != settings:
                vault.api_write(path, self._with_password(path, settings, record, lab))

    def _with_password(self, path: str, settings: Settings, record: SecretsMountRecord, lab: Lab) -> Settings:
        if not path.startswith(f"{record.mount}/config/"):
            return settings
        return settings | {"password": lab.kept(connection_label(record.service, record.mount))}

    def healed(self, record: SecretsMountRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if any(_now(vault, path) != settings for path, settings in record.parts.items()):
            return None
        return f"secrets mount {record.mount} has its connection and its {len(record.parts) - 1} roles again"


def _now(vault: VaultAdmin, path: str) -> Settings:
    found = vault.api_read(path)
    return _connection(found or {}) if "/config/" in path else _steady(found)


def _connection(config: Mapping[str, Any]) -> Settings:
    """A database connection as it is written: flat, without its password, which nobody can read."""
    details = config.get("connection_details") or {}
    known = {key: config[key] for key in ("plugin_name", "allowed_roles", "password_policy") if config.get(key)}
    statements = config.get("root_credentials_rotate_statements")
    return known | dict(details) | ({"root_rotation_statements": statements} if statements else {})
