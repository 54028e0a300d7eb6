"""Faults in what comes back for single requests: late, lost or an error. The fault proxy speaks HTTP for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.faults.network import milliseconds
from harness.faults.proxied import ProxiedArgs, ProxiedFault, plural
from harness.faults.proxy_rule import DropAnswer, HttpMatch, ProxyCounts, ProxyRule, Reset, Respond, SlowFirstByte
from harness.scenario.base import Duration, between
from harness.scenario.effect import UNFORESEEN_PARTIAL, UNFORESEEN_SLOW, Effect, gone

_VAULT_LOGIN = "/v1/auth/[^/]+/login(/[^/]+)?"
_IDP_LOGIN = ".*/token"
_RENEWAL = "/v1/(auth/token/renew-self|sys/leases/renew)"
_JSON = {"Content-Type": "application/json"}


class SlowArgs(ProxiedArgs):
    delay: Annotated[Duration, between(0.001, 600)] = Field(3.0, description="How late each answer begins.")
    jitter: Annotated[Duration, between(0, 600)] = Field(0.0, description="By how much that varies, by the run's seed.")


class VaultSlow(ProxiedFault[SlowArgs]):
    """Vault does what it is asked, but its answers come late: later than its clients wait.

    A resilient client renews early enough to try again. A fragile one renews shortly before the end, or has no
    second try, and the dynamic user is dropped under it (spring-projects/spring-vault#181).
    Source: failure catalogue, ``vault-slow``.
    """

    name = "vault-slow"
    group = "A"
    roles = frozenset({"vault"})
    Args = SlowArgs
    unforeseen = UNFORESEEN_SLOW

    def rule(self, role: str, target: str, args: SlowArgs) -> ProxyRule:
        slow = SlowFirstByte(delay=milliseconds(args.delay), jitter=milliseconds(args.jitter))
        return ProxyRule(route=target, match=HttpMatch(), toxic=slow)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        if not seen.matched:
            return None
        return f"the fault proxy made {plural(seen.matched, 'answer')} of {target} late"


class VaultErrors(ProxiedFault[ProxiedArgs]):
    """Vault answers each request with 500, as when its storage fails under it.

    A resilient client takes it for an outage: it keeps a valid credential and backs off. A fragile one takes it for
    a refusal, throws its token away or exits. Source: failure catalogue, ``vault-storage-full`` and
    ``audit-sink-full``, which look like this from outside.
    """

    name = "vault-5xx"
    group = "A"
    roles = frozenset({"vault"})

    def effect(self, target: str, args: ProxiedArgs) -> Effect | None:
        return gone(target, args.workloads)

    def rule(self, role: str, target: str, args: ProxiedArgs) -> ProxyRule:
        error = Respond(status=500, headers=_JSON, body='{"errors":["internal error"]}')
        return ProxyRule(route=target, match=HttpMatch(), toxic=error)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return f"{plural(seen.matched, 'request')} to {target} got 500" if seen.matched else None


class LoginResponseLost(ProxiedFault[ProxiedArgs]):
    """Logins succeed, and the client never hears of it: the answer is lost on its way back.

    Each try leaves a token, and its leases, that nobody knows. A resilient client tries again slowly and asks for
    short lives; a fragile one piles tokens up (hashicorp/vault#11072: 5 million logins a day). Only answers that
    were dropped although the target had granted the login count as proof.
    Source: failure catalogue, ``login-response-lost``.
    """

    name = "login-response-lost"
    group = "I"
    roles = frozenset({"vault", "idp"})
    unforeseen = UNFORESEEN_PARTIAL

    def rule(self, role: str, target: str, args: ProxiedArgs) -> ProxyRule:
        path = _VAULT_LOGIN if role == "vault" else _IDP_LOGIN
        return ProxyRule(route=target, match=HttpMatch(methods=("POST", "PUT"), path=path), toxic=DropAnswer())

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        granted = seen.answers.get("200", 0)
        if not granted:
            return None
        return f"{target} granted {plural(granted, 'login')} (200), and the fault proxy dropped the answers"


class RenewerDiesArgs(ProxiedArgs):
    how: Literal["500", "reset"] = Field(
        "500", description="What the one renewal gets: an error or a broken connection."
    )


class RenewerDies(ProxiedFault[RenewerDiesArgs]):
    """One renewal of each workload fails, once; the next one would succeed.

    A resilient client has a renewal task that outlives an error. In a fragile one the first error ends renewal for
    good, and the token dies at its TTL (spring-projects/spring-vault#222, #426, #646;
    hashicorp/vault-secrets-operator#858). Source: failure catalogue, ``renewer-dies``.
    """

    name = "renewer-dies"
    group = "J"
    roles = frozenset({"vault"})
    Args = RenewerDiesArgs
    unforeseen = UNFORESEEN_PARTIAL

    def rule(self, role: str, target: str, args: RenewerDiesArgs) -> ProxyRule:
        error = Respond(status=500, headers=_JSON, body='{"errors":["internal error"]}')
        toxic = error if args.how == "500" else Reset()
        match = HttpMatch(methods=("POST", "PUT"), path=_RENEWAL)
        return ProxyRule(route=target, match=match, toxic=toxic, times=1, each=True)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        if not seen.matched:
            return None
        return f"{plural(seen.matched, 'renewal')} at {target} failed, and {seen.passed} more passed"
