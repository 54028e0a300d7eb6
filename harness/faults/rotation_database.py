"""Rotation misfires at Vault's database engine: its own login no longer works, or its renewals do not."""

from __future__ import annotations

from hashlib import sha256
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.dynamic_roles import DynamicRoleArgs, users_of
from harness.faults.existing import existing
from harness.faults.ports import FaultNotPossible, Lab
from harness.lab.errors import EnvironmentUnusable
from harness.lab.waiting import wait_for
from harness.scenario.base import StrictModel

_REFUSED = "password authentication failed"  # PostgreSQL's words for 28P01
_BROKEN_RENEWAL = "SELECT lockout_renewal_is_broken()"
_MANY = 5  # more new users than a handful of workloads needs for anything else
_LOOKS = 3  # at who has a connection; a pool may be between two


class OutOfBandArgs(StrictModel):
    connection: str = Field("postgres", description="The connection of Vault's database engine that loses its login.")
    mount: str = Field("database", description="Where the database engine is mounted.")
    database: str = Field("postgres", description="The database service of the lab behind that connection.")


class OutOfBandRecord(StrictModel):
    """``before`` is a digest of the password's hash: enough to tell it by, nothing to log in with."""

    service: str
    connection: str
    mount: str
    database: str
    login: str
    before: str


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


class DatabaseRootOutOfBand(Fault[OutOfBandArgs, OutOfBandRecord]):
    """Somebody changes the password of Vault's own database login: leases live on, and no new ones are made.

    A resilient client lives on its lease and says that the renewal failed; a fragile one drops credentials that work
    because it could not refresh them. It happened in hashicorp/vault#21857 and redhat-cop/vault-config-operator#105.
    Vault's open connections are ended, as a restart of either side would do sooner or later. Undo puts back the very
    hash that the database had. Source: failure catalogue, ``db-root-out-of-band``.
    """

    name = "db-root-out-of-band"
    group = "D"
    roles = frozenset({"vault"})
    takes = frozenset({"database-login", "database-roles"})  # whose leases are made and revoked by that login
    Args = OutOfBandArgs
    Record = OutOfBandRecord

    def prepare(self, target: str, args: OutOfBandArgs, lab: Lab) -> OutOfBandRecord:
        path = f"{args.mount}/config/{args.connection}"
        config = lab.vault(target).api_read(path)
        details = (config or {}).get("connection_details")
        login = str(details.get("username") or "") if isinstance(details, dict) else ""
        if not login:
            raise FaultNotPossible(f"{target} has no {path} with a username, so it has no login there that could break")
        if config is not None and config.get("verify_connection") is False:
            raise FaultNotPossible(f"{target} does not verify {path} (verify_connection), so nobody could see it break")
        known = lab.database(args.database).password_hash(login)
        if known is None:
            raise FaultNotPossible(f"{args.database} has no password of a role '{login}', as which {target} logs in")
        return OutOfBandRecord(
            service=target,
            connection=args.connection,
            mount=args.mount,
            database=args.database,
            login=login,
            before=_digest(known),
        )

    def inject(self, record: OutOfBandRecord, args: OutOfBandArgs, lab: Lab, rng: Random) -> None:
        database = lab.database(record.database)
        known = database.password_hash(record.login)
        if known is None or _digest(known) != record.before:
            raise EnvironmentUnusable(f"the password of {record.login} at {record.database} has changed meanwhile")
        lab.keep(self._label(record), known)
        database.set_password(record.login, lab.mint_password())
        database.end_sessions(record.login)

    def observe(self, record: OutOfBandRecord, lab: Lab) -> str | None:
        if self._as_before(record, lab):
            return None
        refusal = self._refusal(record, lab)
        if refusal is None:
            return None
        return f"{record.service} cannot log in to {record.database} as {record.login}: {refusal}"

    def undo(self, record: OutOfBandRecord, lab: Lab) -> None:
        known = lab.kept(self._label(record))
        if known is not None and not self._as_before(record, lab):
            lab.database(record.database).set_password(record.login, known)

    def healed(self, record: OutOfBandRecord, lab: Lab) -> str | None:
        if self._as_before(record, lab) and self._refusal(record, lab) is None:
            return f"{record.service} logs in to {record.database} as {record.login}, with the password of before"
        return None

    @staticmethod
    def _as_before(record: OutOfBandRecord, lab: Lab) -> bool:
        known = lab.database(record.database).password_hash(record.login)
        return known is not None and _digest(known) == record.before

    @staticmethod
    def _refusal(record: OutOfBandRecord, lab: Lab) -> str | None:
        """What the database says when Vault logs in anew, or None: written over itself, a configuration is tried."""
        try:
            lab.vault(record.service).api_write(f"{record.mount}/config/{record.connection}", {})
        except EnvironmentUnusable as error:
            if _REFUSED in str(error):
                return _REFUSED
            raise
        return None

    def _label(self, record: OutOfBandRecord) -> str:
        return f"{self.name}-{record.service}-{record.login}-{record.before}"


class RunawayRecord(StrictModel):
    """Names of database users are no secrets; ``known`` are those that were there before."""

    service: str
    mount: str
    role: str
    database: str
    renewal_before: tuple[str, ...] = Field(strict=False)
    known: tuple[str, ...] = Field(strict=False)


class DynamicCredRunaway(Fault[DynamicRoleArgs, RunawayRecord]):
    """The SQL that renews a lease fails, and clients that answer with new credentials make user after user.

    A resilient client keeps the lease to its end, and then asks for one new user; consul-template made about 600
    database users a minute (hashicorp/consul-template#2166). Undo restores the SQL, and drops the users made meanwhile
    that nobody has a connection with. Source: failure catalogue, ``dynamic-cred-runaway``.
    """

    name = "dynamic-cred-runaway"
    group = "D"
    roles = frozenset({"vault"})
    takes = frozenset({"database-roles"})
    Args = DynamicRoleArgs
    Record = RunawayRecord

    def prepare(self, target: str, args: DynamicRoleArgs, lab: Lab) -> RunawayRecord:
        role = existing(target, lab.vault(target), f"{args.mount}/roles", args.role, "dynamic role")
        return RunawayRecord(
            service=target,
            mount=args.mount,
            role=args.role,
            database=args.database,
            renewal_before=tuple(role.get("renew_statements") or ()),
            known=tuple(sorted(users_of(lab.database(args.database), args.role))),
        )

    def inject(self, record: RunawayRecord, args: DynamicRoleArgs, lab: Lab, rng: Random) -> None:
        self._set_renewal(record, (_BROKEN_RENEWAL,), lab)

    def observe(self, record: RunawayRecord, lab: Lab) -> str | None:
        made = len(self._made(record, lab))
        if made < _MANY or self._renewal(record, lab) != (_BROKEN_RENEWAL,):
            return None
        return (
            f"the SQL that renews leases of {record.role} is broken at {record.service}, and {record.database} has "
            f"{made} users more than the {len(record.known)} of before"
        )

    def undo(self, record: RunawayRecord, lab: Lab) -> None:
        if self._renewal(record, lab) == (_BROKEN_RENEWAL,):
            self._set_renewal(record, record.renewal_before, lab)
        if idle := self._idle(record, lab):
            lab.database(record.database).drop_roles(sorted(idle))

    def healed(self, record: RunawayRecord, lab: Lab) -> str | None:
        if self._renewal(record, lab) != record.renewal_before or self._idle(record, lab):
            return None
        return f"renewals of {record.role} are as before, and {record.database} has no user of it that nobody uses"

    @staticmethod
    def _made(record: RunawayRecord, lab: Lab) -> frozenset[str]:
        return users_of(lab.database(record.database), record.role) - frozenset(record.known)

    def _idle(self, record: RunawayRecord, lab: Lab) -> frozenset[str]:
        """Users made meanwhile that have no connection, however often one looks."""
        idle: set[str] = set(self._made(record, lab))

        def all_busy() -> bool:
            idle.difference_update(lab.database(record.database).roles_in_session())
            return not idle

        wait_for(all_busy, 0.2, poll=0.2 / _LOOKS)
        return frozenset(idle)

    @staticmethod
    def _renewal(record: RunawayRecord, lab: Lab) -> tuple[str, ...]:
        role = lab.vault(record.service).api_read(f"{record.mount}/roles/{record.role}")
        if role is None:
            raise EnvironmentUnusable(f"{record.service} has no role '{record.role}' at {record.mount} any more")
        return tuple(role.get("renew_statements") or ())

    @staticmethod
    def _set_renewal(record: RunawayRecord, statements: tuple[str, ...], lab: Lab) -> None:
        values = {"renew_statements": list(statements)}
        lab.vault(record.service).api_write(f"{record.mount}/roles/{record.role}", values)
