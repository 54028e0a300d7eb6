"""Vault is down for so long that what workloads hold comes to its end: whoever works on then is not supposed to."""

from __future__ import annotations

import time
from math import isinf
from random import Random
from typing import TypeVar

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.restarting import serving
from harness.scenario.base import StrictModel, Texts
from harness.scenario.effect import Effect, gone

A = TypeVar("A", bound="PastExpiryArgs")
R = TypeVar("R", bound="PastExpiryRecord")


class PastExpiryArgs(StrictModel):
    workloads: Texts = Field((), description="Whose credentials are to end; everybody's when empty.")
    mount: str = Field("approle", description="The auth mount that gave them their tokens.")


class PastExpiryRecord(StrictModel):
    """``over_at`` is on the wall clock, in seconds: then the last of the tokens ends, had it been renewed just now."""

    service: str
    tokens: int
    over_at: float


class _PastExpiry(Fault[A, R]):
    """Vault is sealed, so that nothing is renewed, nothing new is issued, and it cannot even revoke."""

    group = "J"
    roles = frozenset({"vault"})
    takes = frozenset({"seal"})
    outage = True

    def effect(self, target: str, args: A) -> Effect | None:
        return gone(target)

    def _measured(self, target: str, args: PastExpiryArgs, lab: Lab) -> PastExpiryRecord:
        vault = lab.vault(target)
        if not vault.holds_keys:
            raise FaultNotPossible(
                f"{target} was not initialised by lockout, so lockout has no unseal keys and could not undo this"
            )
        roles = lab.vault_roles(target, args.workloads)
        tokens = vault.accessors(roles, args.mount)
        if not tokens:
            of = ", ".join(args.workloads) or "any workload"
            raise FaultNotPossible(
                f"{target} knows no living token of {of} by auth mount {args.mount}: nothing can end"
            )
        default, _ = vault.auth_ttls(args.mount)
        # A token may be renewed up to the moment of sealing, so the whole TTL counts and not what is left of it.
        settings = [vault.api_read(f"auth/{args.mount}/role/{role}") for role in sorted(roles)]
        # Of a periodic one it is the period.
        lives = [float(known.get("token_period") or known.get("token_ttl") or default) for known in settings if known]
        longest = max([*(lives or [float(default)]), *(vault.remaining(accessor) for accessor in tokens)])
        if isinf(longest):
            raise FaultNotPossible(f"a token of {', '.join(args.workloads) or 'a workload'} at {target} has no end")
        return PastExpiryRecord(service=target, tokens=len(tokens), over_at=time.time() + longest)

    def inject(self, record: R, args: A, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).seal()

    def _over(self, record: R, lab: Lab) -> str | None:
        if not lab.vault(record.service).is_sealed() or time.time() < record.over_at:
            return None
        return f"{record.service} reports sealed, and all {record.tokens} tokens are past their end"

    def undo(self, record: R, lab: Lab) -> None:
        serving(record.service, lab)

    def healed(self, record: R, lab: Lab) -> str | None:
        return f"{record.service} is unsealed and active" if lab.vault(record.service).is_serving() else None


class CachePastExpiry(_PastExpiry[PastExpiryArgs, PastExpiryRecord]):
    """Vault is sealed until credentials are past their end: whoever still has access serves a stale secret.

    A resilient client refuses to work with what has ended; a cache that never evicts goes on serving it
    (hashicorp/vault#31471, hashicorp/vault#28516). Source: failure catalogue, ``cache-past-expiry``.
    """

    name = "cache-past-expiry"
    Args = PastExpiryArgs
    Record = PastExpiryRecord

    def prepare(self, target: str, args: PastExpiryArgs, lab: Lab) -> PastExpiryRecord:
        return self._measured(target, args, lab)

    def observe(self, record: PastExpiryRecord, lab: Lab) -> str | None:
        return self._over(record, lab)


class FallbackArgs(PastExpiryArgs):
    database: str = Field("postgres", description="The database that knows the fixed credential.")
    role: str = Field(min_length=1, description="The database role that workloads could fall back on.")


class FallbackRecord(PastExpiryRecord):
    database: str
    role: str


class FallbackCredential(_PastExpiry[FallbackArgs, FallbackRecord]):
    """Vault is sealed until credentials are past their end, while a default password would still open the database.

    A resilient client never uses it, and stops. A fragile one fails open, without a word: it connects as the default
    user that somebody put into its configuration. PostgreSQL tells who did. Source: failure catalogue,
    ``fallback-credential``.
    """

    name = "fallback-credential"
    Args = FallbackArgs
    Record = FallbackRecord

    def prepare(self, target: str, args: FallbackArgs, lab: Lab) -> FallbackRecord:
        database = lab.database(args.database)
        if args.role not in database.login_roles():
            raise FaultNotPossible(
                f"{args.database} has no role {args.role} that may log in: nobody can fall back on it"
            )
        if args.role in database.roles_in_session():
            raise FaultNotPossible(f"somebody works as {args.role} already, so that it would prove nothing")
        measured = self._measured(target, args, lab)
        return FallbackRecord(**measured.model_dump(), database=args.database, role=args.role)

    def observe(self, record: FallbackRecord, lab: Lab) -> str | None:
        over = self._over(record, lab)
        database = lab.database(record.database)
        if over is None or record.role not in database.login_roles():
            return None
        used = record.role in database.roles_in_session()
        now = "somebody works as it" if used else "nobody works as it"
        return f"{over}; {record.database} lets {record.role} in, and {now}"
