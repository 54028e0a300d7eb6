from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.restarting import serving
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import Duration, StrictModel
from harness.scenario.effect import UNFORESEEN_PARTIAL

QUOTA = "lockout-rate-limit"
QUOTAS = "sys/quotas/rate-limit"
CONFIG = "sys/quotas/config"
OWN = "sys/quotas/*"  # never limited while the fault lasts, so that it can be taken back
ANYTHING = "sys/policies/acl"  # what is asked for to see a limit on everything
LIMITED = 429


class RateLimitArgs(StrictModel):
    path: str = Field(
        "auth/approle/login",
        description="Requests to what is limited: a mount, or a path in one. Empty: everything, lockout's too.",
    )
    rate: int = Field(1, ge=1, le=100, description="How many requests an address may make in each interval.")
    interval: Duration = Field(2.0, description="The interval that requests are counted in.")
    block: Duration = Field(4.0, description="How long an address that made more is refused everything.")


class QuotaConfig(StrictModel):
    """Vault's settings for all quotas. Writing some of them sets the others back, so they go together."""

    enable_rate_limit_response_headers: bool = False
    enable_rate_limit_audit_logging: bool = False
    rate_limit_exempt_paths: tuple[str, ...] = Field((), strict=False)
    absolute_rate_limit_exempt_paths: tuple[str, ...] = Field((), strict=False)


class RateLimitRecord(StrictModel):
    service: str
    path: str
    rate: int
    before: QuotaConfig


class RateLimited(Fault[RateLimitArgs, RateLimitRecord]):
    """Vault limits the rate of requests by address: 429 with Retry-After, then nothing until the block is over.

    Every workload has a budget of its own. A resilient client waits for as long as Retry-After says; a fragile one
    does not know 429, or asks again at once and goes on asking (salt-extensions/saltext-vault#65,
    hashicorp/vault#21904). Vault sends the header only when it is told to, which this fault does.
    Source: failure catalogue, ``rate-limit-429``.
    """

    name = "rate-limit-429"
    group = "A"
    roles = frozenset({"vault"})
    takes = frozenset({"quotas", "container", "seal"})  # undo starts it and unseals it, should it have ended
    Args = RateLimitArgs
    unforeseen = UNFORESEEN_PARTIAL
    Record = RateLimitRecord

    def takes_down(self, target: str, args: RateLimitArgs) -> frozenset[str]:
        return frozenset() if args.path.strip("/") else frozenset({target})

    def prepare(self, target: str, args: RateLimitArgs, lab: Lab) -> RateLimitRecord:
        vault = lab.vault(target)
        if QUOTA in vault.api_list(QUOTAS):
            raise FaultNotPossible(f"{target} has a quota {QUOTA} already: left by another run?")
        return RateLimitRecord(service=target, path=args.path.strip("/"), rate=args.rate, before=_config(vault))

    def inject(self, record: RateLimitRecord, args: RateLimitArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        paths = dict.fromkeys((*record.before.rate_limit_exempt_paths, OWN))
        config = record.before.model_copy(
            update={"enable_rate_limit_response_headers": True, "rate_limit_exempt_paths": tuple(paths)}
        )
        vault.api_write(CONFIG, config.model_dump(mode="json"))
        vault.api_write(
            f"{QUOTAS}/{QUOTA}",
            {
                "path": record.path,
                "rate": args.rate,
                "interval": _duration(args.interval),
                "block_interval": _duration(args.block),
            },
        )

    def observe(self, record: RateLimitRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        for number in range(1, record.rate + 2):  # lockout has the same budget as everybody
            answer = vault.answer_to(record.path or ANYTHING)
            if answer.status == LIMITED:
                wait = f"Retry-After: {answer.retry_after}" if answer.retry_after else "no Retry-After"
                on = record.path or "anything"
                return f"{record.service} answered request {number} for {on} with 429 and {wait}"
            if not answer.status:
                return None  # nor would it answer the next
        return None

    def undo(self, record: RateLimitRecord, lab: Lab) -> None:
        serving(record.service, lab)
        vault = lab.vault(record.service)
        if QUOTA in vault.api_list(QUOTAS):
            vault.api_delete(f"{QUOTAS}/{QUOTA}")
        if _config(vault) != record.before:
            vault.api_write(CONFIG, record.before.model_dump(mode="json"))

    def healed(self, record: RateLimitRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if QUOTA in vault.api_list(QUOTAS) or _config(vault) != record.before:
            return None
        asked = record.rate + 1
        if any(vault.answer_to(record.path or ANYTHING).status in (LIMITED, 0) for _ in range(asked)):
            return None
        return f"{record.service} answered {asked} requests in a row and refused none of them with 429"


def _config(vault: VaultAdmin) -> QuotaConfig:
    found = vault.api_read(CONFIG)
    if found is None:
        raise EnvironmentUnusable(f"Vault says nothing at {CONFIG}")
    return QuotaConfig(
        enable_rate_limit_response_headers=bool(found.get("enable_rate_limit_response_headers")),
        enable_rate_limit_audit_logging=bool(found.get("enable_rate_limit_audit_logging")),
        rate_limit_exempt_paths=tuple(found.get("rate_limit_exempt_paths") or ()),
        absolute_rate_limit_exempt_paths=tuple(found.get("absolute_rate_limit_exempt_paths") or ()),
    )


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))}s"
