"""Faults that end tokens while Vault itself is well."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import Duration, StrictModel


class TokenArgs(StrictModel):
    workloads: tuple[str, ...] = Field((), strict=False, description="Whose tokens; everybody's when empty.")


class TokenRecord(StrictModel):
    """Accessors may stand in a ledger: they name a token and cannot be used as one."""

    service: str
    accessors: tuple[str, ...] = Field(strict=False)


def living_tokens(target: str, workloads: tuple[str, ...], lab: Lab, mount: str | None = None) -> tuple[str, ...]:
    accessors = lab.vault(target).accessors(lab.vault_roles(target, workloads), mount)
    if not accessors:
        of = ", ".join(workloads) or "any workload"
        by = f" by auth mount {mount}" if mount else ""
        raise FaultNotPossible(f"{target} knows no living token of {of}{by}: there is nothing to break")
    return accessors


def handed_token(vault: str, workload: str) -> str:
    """What faults hold that hand *workload* another token than it has, or take that away."""
    return f"{vault}/token of {workload}"


def each(accessors: tuple[str, ...], vault: VaultAdmin, act: Callable[[str], None]) -> None:
    """Let *act* do its work on every token, but for those that come to their end by themselves meanwhile."""
    for accessor in accessors:
        try:
            act(accessor)
        except EnvironmentUnusable:
            if vault.is_alive(accessor):
                raise


def _all_dead(record: TokenRecord, lab: Lab) -> str | None:
    vault = lab.vault(record.service)
    if any(vault.is_alive(accessor) for accessor in record.accessors):
        return None
    return f"{record.service} no longer knows the {len(record.accessors)} tokens (looked up by accessor)"


class TokenRevoked(Fault[TokenArgs, TokenRecord]):
    """Tokens are revoked from under their owners, and their leases die with them.

    A resilient client logs in again on the first 403. Source: failure catalogue, ``token-revoked``;
    diem/diem#7359 kept using the token it had read once.
    """

    name = "token-revoked"
    group = "C"
    roles = frozenset({"vault"})
    instant = True
    Args = TokenArgs
    Record = TokenRecord

    def prepare(self, target: str, args: TokenArgs, lab: Lab) -> TokenRecord:
        return TokenRecord(service=target, accessors=living_tokens(target, args.workloads, lab))

    def inject(self, record: TokenRecord, args: TokenArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        each(record.accessors, vault, vault.revoke)

    def observe(self, record: TokenRecord, lab: Lab) -> str | None:
        return _all_dead(record, lab)

    def undo(self, record: TokenRecord, lab: Lab) -> None:
        """A revoked token does not come back; the way out is a new login."""

    def healed(self, record: TokenRecord, lab: Lab) -> str | None:
        return f"{record.service} serves logins" if lab.vault(record.service).is_serving() else None


class MaxTtlArgs(TokenArgs):
    remaining: Duration = Field(2.0, description="What living tokens have left.")
    max_ttl: Duration = Field(5.0, description="Maximum TTL of new tokens while the fault lasts.")
    mount: str = Field("approle", description="The auth mount whose maximum is lowered, and whose tokens are meant.")


class MaxTtlRecord(TokenRecord):
    mount: str
    default_ttl_before: int
    max_ttl_before: int


class TokenMaxTtl(Fault[MaxTtlArgs, MaxTtlRecord]):
    """Tokens reach their maximum TTL: renewal no longer extends them, and they expire.

    Living tokens get a short rest of life, then the maximum of the auth mount is lowered, so that Vault refuses
    to renew past it. A resilient client logs in again before the end; a fragile one is stuck on a dead token until
    it restarts (external-secrets/kubernetes-external-secrets#484). Source: failure catalogue, ``token-max-ttl``.
    """

    name = "token-max-ttl"
    group = "C"
    roles = frozenset({"vault"})
    Args = MaxTtlArgs
    Record = MaxTtlRecord

    def holds(self, target: str, args: MaxTtlArgs) -> frozenset[str]:
        return frozenset({f"{target}/auth/{args.mount.strip('/')}"})

    def prepare(self, target: str, args: MaxTtlArgs, lab: Lab) -> MaxTtlRecord:
        default, maximum = lab.vault(target).auth_ttls(args.mount)
        return MaxTtlRecord(
            service=target,
            accessors=living_tokens(target, args.workloads, lab, args.mount),
            mount=args.mount,
            default_ttl_before=default,
            max_ttl_before=maximum,
        )

    def inject(self, record: MaxTtlRecord, args: MaxTtlArgs, lab: Lab, rng: Random) -> None:
        self._shorten(record, args, lab.vault(record.service))
        if any(lab.vault(record.service).remaining(accessor) > args.remaining + 1 for accessor in record.accessors):
            # Its owner renewed it in between. With the maximum lowered that is over, but it has got a life to live.
            self.undo(record, lab)
            self._shorten(record, args, lab.vault(record.service))

    def _shorten(self, record: MaxTtlRecord, args: MaxTtlArgs, vault: VaultAdmin) -> None:
        # In this order: once the maximum is lowered, Vault refuses the renewal that shortens a token, too.
        each(record.accessors, vault, lambda accessor: vault.shorten(accessor, args.remaining))
        maximum = max(1, round(args.max_ttl))
        vault.set_auth_ttls(record.mount, min(record.default_ttl_before or maximum, maximum), maximum)

    def observe(self, record: MaxTtlRecord, lab: Lab) -> str | None:
        return _all_dead(record, lab)

    def undo(self, record: MaxTtlRecord, lab: Lab) -> None:
        lab.vault(record.service).set_auth_ttls(record.mount, record.default_ttl_before, record.max_ttl_before)

    def healed(self, record: MaxTtlRecord, lab: Lab) -> str | None:
        before = (record.default_ttl_before, record.max_ttl_before)
        if lab.vault(record.service).auth_ttls(record.mount) == before:
            return f"maximum TTL of auth mount {record.mount} is {_in_words(record.max_ttl_before)} again"
        return None


def _in_words(ttl: int) -> str:
    return f"{ttl} s" if ttl else "Vault's own"
