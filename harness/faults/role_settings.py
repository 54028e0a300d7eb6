"""Faults in which an auth role is changed, so that the tokens it issues are not what workloads count on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from math import inf
from random import Random
from typing import Any, TypeVar

from pydantic import Field, field_validator

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.proxied import plural
from harness.faults.tokens import each, living_tokens
from harness.faults.vault_policies import denied, first_path
from harness.scenario.base import Duration, StrictModel, format_duration

PRECISION = 0.005  # seconds; Vault grants a lease the TTL of its role to the microsecond


class RoleArgs(StrictModel):
    workloads: tuple[str, ...] = Field(
        (), strict=False, description="Whose roles are changed; of everybody who logs in by AppRole when empty."
    )


A = TypeVar("A", bound=RoleArgs)


class RoleSettings(StrictModel):
    """What these faults change, by Vault's own names."""

    token_type: str
    token_ttl: int
    token_num_uses: int
    token_no_default_policy: bool
    token_bound_cidrs: tuple[str, ...] = Field(strict=False)


class RoleRecord(StrictModel):
    """``before`` by the API path of the role; ``workloads`` by role; ``accessors`` are the tokens from before."""

    service: str
    before: dict[str, RoleSettings]
    workloads: dict[str, str]
    accessors: tuple[str, ...] = Field(strict=False)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.workloads)


R = TypeVar("R", bound=RoleRecord)


def _settings(vault: VaultAdmin, path: str) -> RoleSettings | None:
    role = vault.api_read(path)
    if role is None:
        return None
    known = {name: role.get(name) for name in RoleSettings.model_fields}
    return RoleSettings.model_validate(known | {"token_bound_cidrs": tuple(role.get("token_bound_cidrs") or ())})


class _RoleFault(Fault[A, R]):
    """Change roles, end the tokens from before, so that everybody obtains one of the new kind; and back again."""

    roles = frozenset({"vault"})
    takes = frozenset({"auth-roles"})
    ends_tokens = True

    def prepare(self, target: str, args: A, lab: Lab) -> R:
        vault = lab.vault(target)
        logins = {one.path: one for one in lab.vault_logins(target, args.workloads) if one.method == "approle"}
        if not logins:
            raise FaultNotPossible(f"{', '.join(args.workloads) or 'nobody'} logs in to {target} by AppRole")
        settings = {path: _settings(vault, path) for path in logins}
        found = RoleRecord(
            service=target,
            before={path: known for path, known in settings.items() if known is not None},
            workloads={login.role: login.workload for path, login in logins.items() if settings[path] is not None},
            accessors=living_tokens(target, tuple(login.workload for login in logins.values()), lab),
        )
        record = self._record(found, args, vault)
        for path, before in found.before.items():
            if self._changed(record).items() <= before.model_dump().items():
                raise FaultNotPossible(f"{path} of {target} is as this fault would make it already")
        return record

    @abstractmethod
    def _record(self, found: RoleRecord, args: A, vault: VaultAdmin) -> R:
        """The undo record with what else is needed of *args*. Raises FaultNotPossible."""

    @abstractmethod
    def _changed(self, record: R) -> Mapping[str, object]:
        """The settings that make the fault."""

    @abstractmethod
    def _marked(self, token: Mapping[str, Any], record: R) -> bool:
        """Whether a token is one that was issued under the fault."""

    def inject(self, record: R, args: A, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        for path in record.before:
            vault.api_write(path, self._changed(record))
        if self.ends_tokens:
            each(record.accessors, vault, vault.revoke)

    def _tokens(self, record: R, vault: VaultAdmin) -> dict[str, Mapping[str, Any]]:
        """Living tokens of the roles that were issued under the fault, by accessor."""
        found = {accessor: vault.look_up(accessor) for accessor in vault.accessors(record.roles)}
        return {one: token for one, token in found.items() if token is not None and self._marked(token, record)}

    def _on(self, record: R, vault: VaultAdmin) -> bool:
        """Whether all roles are as the fault made them."""
        want = self._changed(record)
        found = [_settings(vault, path) for path in record.before]
        return all(one is not None and want.items() <= one.model_dump().items() for one in found)

    def undo(self, record: R, lab: Lab) -> None:
        vault = lab.vault(record.service)
        for path, before in record.before.items():
            if _settings(vault, path) != before:
                vault.api_write(path, before.model_dump(mode="json"))
        if self.ends_tokens:
            # First the roles, then what they have issued: so what comes in its place is right.
            each(tuple(self._tokens(record, vault)), vault, vault.revoke)

    def healed(self, record: R, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if any(_settings(vault, path) != before for path, before in record.before.items()):
            return None
        if self.ends_tokens and self._tokens(record, vault):
            return None
        return f"the roles {', '.join(sorted(record.roles))} issue the tokens that they did before"


class BatchRecord(RoleRecord):
    """``prefix`` is where the leases are, ``lease_ttl`` what each of them grants, ``leases`` those from before."""

    prefix: str
    lease_ttl: int
    leases: tuple[str, ...] = Field(strict=False)


class TokenBatch(_RoleFault[RoleArgs, BatchRecord]):
    """Roles issue batch tokens: they cannot be renewed, nor can what was obtained with them, and they have no accessor.

    A resilient client replaces such a token before its time is over; a fragile one, which drops a token when renewing
    it fails, keeps it for ever (spring-projects/spring-vault#863). Batch tokens cannot be taken back: what was issued
    ends by its own TTL. Source: failure catalogue, ``token-batch``.
    """

    name = "token-batch"
    group = "C"
    Args = RoleArgs
    Record = BatchRecord

    def _record(self, found: RoleRecord, args: RoleArgs, vault: VaultAdmin) -> BatchRecord:
        prefix = next((path for role in found.before if (path := _first_lease_path(role, vault))), "")
        mount, _, name = prefix.partition("/creds/")
        lease_ttl = int((vault.api_read(f"{mount}/roles/{name}") or {}).get("default_ttl") or 0) if name else 0
        if not lease_ttl:
            raise FaultNotPossible(
                f"{', '.join(sorted(found.workloads.values()))} have no database lease at {found.service}, "
                "and batch tokens are seen only by the leases that they make"
            )
        leases = vault.api_list(f"sys/leases/lookup/{prefix}")
        return BatchRecord(**dict(found), prefix=prefix, lease_ttl=lease_ttl, leases=leases)

    def _changed(self, record: BatchRecord) -> Mapping[str, object]:
        return {"token_type": "batch"}

    def _marked(self, token: Mapping[str, Any], record: BatchRecord) -> bool:
        return False  # nobody can name them

    def observe(self, record: BatchRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not self._on(record, vault) or any(vault.is_alive(accessor) for accessor in record.accessors):
            return None
        new = set(vault.api_list(f"sys/leases/lookup/{record.prefix}")) - set(record.leases)
        found = [vault.ask("sys/leases/lookup", {"lease_id": f"{record.prefix}/{one}"}) for one in sorted(new)]
        cut = [one for one in found if one is not None and _granted(one) < record.lease_ttl - PRECISION]
        if not cut:
            return None
        made = plural(len(cut), "new lease")
        return f"the roles issue batch tokens: {made} at {record.prefix} got no longer a life than such a token has"


def _granted(lease: Mapping[str, Any]) -> float:
    """Seconds that a lease was granted when it was made; without an end for one that has been renewed since."""
    if lease.get("last_renewal") or not lease.get("expire_time"):
        return inf
    made, ends = (datetime.fromisoformat(str(lease[key])) for key in ("issue_time", "expire_time"))
    return (ends - made).total_seconds()


def _first_lease_path(role: str, vault: VaultAdmin) -> str | None:
    for policy in (vault.api_read(role) or {}).get("token_policies") or ():
        path = first_path(str((vault.api_read(f"sys/policies/acl/{policy}") or {}).get("policy") or ""))
        if path and vault.api_list(f"sys/leases/lookup/{path}"):
            return path
    return None


class TokenRenewForbidden(_RoleFault[RoleArgs, RoleRecord]):
    """Tokens come without the default policy: they are valid, and may not renew or even look up themselves.

    A resilient client takes such a token for one that cannot be renewed; a fragile one renews in a hot loop
    (hashicorp/vault#26844). Source: failure catalogue, ``token-renew-forbidden``.
    """

    name = "token-renew-forbidden"
    group = "C"
    Args = RoleArgs
    Record = RoleRecord

    def _record(self, found: RoleRecord, args: RoleArgs, vault: VaultAdmin) -> RoleRecord:
        return found

    def _changed(self, record: RoleRecord) -> Mapping[str, object]:
        return {"token_no_default_policy": True}

    def _marked(self, token: Mapping[str, Any], record: RoleRecord) -> bool:
        return "default" not in (token.get("policies") or ("default",))

    def observe(self, record: RoleRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        refused = [one for one in self._tokens(record, vault) if denied(vault, one, "auth/token/renew-self")]
        return f"{plural(len(refused), 'living token')} may not renew themselves" if refused else None


class UsesArgs(RoleArgs):
    uses: int = Field(6, ge=2, le=1000, description="How many requests a token is good for.")


class UsesRecord(RoleRecord):
    uses: int


class TokenUsesExhausted(_RoleFault[UsesArgs, UsesRecord]):
    """Tokens are good for a few requests only: every so often one is refused, with the TTL far from over.

    A resilient client logs in again; a fragile one, which goes by the TTL, is refused until that is over
    (hashicorp/vault#12918). Source: failure catalogue, ``token-uses-exhausted``.
    """

    name = "token-uses-exhausted"
    group = "C"
    Args = UsesArgs
    Record = UsesRecord

    def _record(self, found: RoleRecord, args: UsesArgs, vault: VaultAdmin) -> UsesRecord:
        if limited := [path for path, role in found.before.items() if role.token_num_uses]:
            raise FaultNotPossible(
                f"the tokens of {limited[0]} of {found.service} are good for a few requests as it is"
            )
        return UsesRecord(**dict(found), uses=args.uses)

    def _changed(self, record: UsesRecord) -> Mapping[str, object]:
        return {"token_num_uses": record.uses}

    def _marked(self, token: Mapping[str, Any], record: UsesRecord) -> bool:
        return int(token.get("num_uses") or 0) > 0

    def observe(self, record: UsesRecord, lab: Lab) -> str | None:
        left = [int(token["num_uses"]) for token in self._tokens(record, lab.vault(record.service)).values()]
        used = [uses for uses in left if uses < record.uses]
        return f"a token has {min(used)} of {record.uses} uses left" if used else None


class CidrArgs(RoleArgs):
    cidr: str = Field("198.51.100.7/32", description="The addresses that tokens are bound to, where no workload is.")

    @field_validator("cidr")
    @classmethod
    def _is_one(cls, value: str) -> str:
        ip_network(value)  # its own words say what is wrong
        return value


class CidrRecord(RoleRecord):
    cidr: str


class CidrBoundMoved(_RoleFault[CidrArgs, CidrRecord]):
    """Tokens are bound to the address where the workload used to be: logins succeed, and their tokens are refused.

    A resilient client logs in again, at a moderate pace, and says what is wrong; a fragile one runs into 403 without
    end. Source: failure catalogue, ``cidr-bound-moved``.
    """

    name = "cidr-bound-moved"
    group = "B"
    Args = CidrArgs
    Record = CidrRecord

    def _record(self, found: RoleRecord, args: CidrArgs, vault: VaultAdmin) -> CidrRecord:
        return CidrRecord(**dict(found), cidr=args.cidr)

    def _changed(self, record: CidrRecord) -> Mapping[str, object]:
        return {"token_bound_cidrs": (record.cidr,)}

    def _marked(self, token: Mapping[str, Any], record: CidrRecord) -> bool:
        return list(token.get("bound_cidrs") or ()) == [_bare(record.cidr)]

    def observe(self, record: CidrRecord, lab: Lab) -> str | None:
        vault, bound = lab.vault(record.service), ip_network(record.cidr)
        for accessor in self._tokens(record, vault):
            token = vault.look_up(accessor) or {}
            meta = token.get("meta") or {}
            workload = record.workloads.get(str(meta.get("role_name") or meta.get("role")), "")
            at = lab.containers.addresses(workload) if workload else ()
            if at and not any(ip_address(address) in bound for address in at):
                return f"a token of {workload}, which is at {' and '.join(at)}, is good for {record.cidr} only"
        return None


def _bare(cidr: str) -> str:
    """A network of one address as Vault words it."""
    network = ip_network(cidr)
    return str(network.network_address) if network.num_addresses == 1 else cidr


TRUNCATED = 1.0  # seconds; Vault tells the time of a renewal without its fraction


class TtlArgs(RoleArgs):
    ttl: Duration = Field(2.0, ge=1, description="What logins and renewals grant while the fault lasts.")


class TtlRecord(RoleRecord):
    ttl: float


class TtlShrunk(_RoleFault[TtlArgs, TtlRecord]):
    """Roles grant a shorter TTL: renewals succeed, and give less than clients are used to.

    A resilient client goes by what a renewal grants; a fragile one has a fixed timer, and its token is dead before
    that rings (hashicorp/vault-secrets-operator#734, spring-projects/spring-vault#87). Source: failure catalogue,
    ``ttl-shrunk``.
    """

    name = "ttl-shrunk"
    group = "B"
    ends_tokens = False
    Args = TtlArgs
    Record = TtlRecord

    def _record(self, found: RoleRecord, args: TtlArgs, vault: VaultAdmin) -> TtlRecord:
        short = [path for path, role in found.before.items() if 0 < role.token_ttl <= round(args.ttl) + TRUNCATED]
        if short:
            raise FaultNotPossible(
                f"{short[0]} of {found.service} grants little more than {format_duration(args.ttl)} now"
            )
        return TtlRecord(**dict(found), ttl=args.ttl)

    def _changed(self, record: TtlRecord) -> Mapping[str, object]:
        return {"token_ttl": round(record.ttl)}

    def _marked(self, token: Mapping[str, Any], record: TtlRecord) -> bool:
        granted = _last_grant(token)
        return granted is not None and granted <= round(record.ttl) + TRUNCATED

    def observe(self, record: TtlRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        tokens = self._tokens(record, vault) if self._on(record, vault) else {}
        if not tokens:
            return None
        renewed = [token for token in tokens.values() if token.get("last_renewal_time")]
        how = f"{len(renewed)} of them by a renewal" if renewed else "all by a login"
        return f"{plural(len(tokens), 'token')} got {format_duration(record.ttl)} or less when last asked for, {how}"


def _last_grant(token: Mapping[str, Any]) -> float | None:
    """Seconds that the last login or renewal gave; None for a token without an end."""
    ends, since = token.get("expire_time"), token.get("last_renewal_time") or token.get("creation_time")
    if not ends or not since:
        return None
    return datetime.fromisoformat(str(ends)).timestamp() - float(since)
