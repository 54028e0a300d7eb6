"""Faults in what the identity provider answers: errors, refusals to be quick, and things that are no answer at all.

They hit all its endpoints, or those named: what workloads ask and what verifiers ask goes through the same fault proxy.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal

from pydantic import Field

from harness.faults.network import milliseconds
from harness.faults.proxied import P, ProxiedArgs, ProxiedFault, plural
from harness.faults.proxy_rule import HttpMatch, ProxyCounts, ProxyRule, RateLimit, Respond, SlowFirstByte, Truncate
from harness.scenario.base import Duration, between
from harness.scenario.effect import UNFORESEEN_PARTIAL, UNFORESEEN_SLOW, Effect, gone

Endpoint = Literal["all", "token", "jwks", "discovery"]

_PATHS: dict[Endpoint, str] = {
    "all": ".*",
    "token": ".*/token",
    "jwks": ".*/jwks",
    "discovery": r".*/\.well-known/.*",
}
_NO_STORE = {"Cache-Control": "no-store"}
_JSON = {"Content-Type": "application/json", **_NO_STORE}
_PAGE = """<!DOCTYPE html>
<html><head><title>Maintenance</title></head>
<body><h1>We will be right back</h1><p>Scheduled maintenance is under way.</p></body></html>
"""


class IdpAnswerArgs(ProxiedArgs):
    endpoint: Endpoint = Field("all", description="Which of its endpoints are hit.")


class _IdpAnswers(ProxiedFault[P], Generic[P]):
    group = "E"
    roles = frozenset({"idp"})
    unforeseen = UNFORESEEN_PARTIAL


def _match(args: IdpAnswerArgs) -> HttpMatch:
    return HttpMatch(path=_PATHS[args.endpoint])


def _gone(target: str, args: IdpAnswerArgs, *, unheard: bool = False) -> Effect | None:
    """Of a fault that leaves no use in an answer: the target is gone if all its endpoints are hit."""
    return gone(target, args.workloads, unheard=unheard) if args.endpoint == "all" else None


class ErrorsArgs(IdpAnswerArgs):
    status: Annotated[int, Field(ge=500, le=599, description="What is answered.")] = 503


class IdpErrors(_IdpAnswers[ErrorsArgs]):
    """The identity provider answers with a server error: it is there, and does nothing for anybody.

    A resilient client refreshes early, tries again with backoff, and works on with its token meanwhile. A fragile one
    asks once, when it has no token any more: one failed request ends its run (feldera/feldera#6809; Google's outage of
    2020-12-14 took 47 minutes). Source: failure catalogue, ``idp-5xx-slow``.
    """

    name = "idp-5xx"
    Args = ErrorsArgs

    def effect(self, target: str, args: ErrorsArgs) -> Effect | None:
        return _gone(target, args)

    def rule(self, role: str, target: str, args: ErrorsArgs) -> ProxyRule:
        toxic = Respond(status=args.status, headers=_JSON, body='{"error":"server_error"}')
        return ProxyRule(route=target, match=_match(args), toxic=toxic)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return f"{plural(seen.matched, 'request')} to {target} got a server error" if seen.matched else None


class LimitArgs(IdpAnswerArgs):
    requests: int = Field(0, ge=0, le=10_000, description="How many requests pass in each period; the rest is refused.")
    per: Annotated[Duration, between(0.1, 600)] = Field(10.0, description="How long a period is.")
    retry_after: Annotated[Duration, between(1, 600)] = Field(
        2.0, description="After how long to come again, as Retry-After says: whole seconds."
    )


class IdpRateLimit(_IdpAnswers[LimitArgs]):
    """The identity provider refuses to be asked so often: 429, and Retry-After says when to come again.

    A resilient client has a valid token, and comes again when it was told to. A fragile one takes it for an error like
    any other and tries again at once, which keeps the limit used up (mcphub#1134 locked a whole swarm out).
    Source: failure catalogue, ``idp-5xx-slow`` and ``agents-swarm-429``.
    """

    name = "idp-429"
    Args = LimitArgs

    def effect(self, target: str, args: LimitArgs) -> Effect | None:
        return None if args.requests else _gone(target, args)

    def rule(self, role: str, target: str, args: LimitArgs) -> ProxyRule:
        toxic = RateLimit(
            requests=args.requests,
            per=milliseconds(args.per),
            retry_after=max(1, round(args.retry_after)),
            headers=_JSON,
            body='{"error":"temporarily_unavailable"}',
        )
        return ProxyRule(route=target, match=_match(args), toxic=toxic)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        if not seen.matched:
            return None
        return f"{plural(seen.matched, 'request')} to {target} got 429, {seen.passed} were within the limit"


class SlowArgs(IdpAnswerArgs):
    delay: Annotated[Duration, between(0.001, 600)] = Field(4.0, description="How late each answer begins.")
    jitter: Annotated[Duration, between(0, 600)] = Field(0.0, description="By how much that varies, by the run's seed.")


class IdpSlow(_IdpAnswers[SlowArgs]):
    """The identity provider answers, but later than its clients wait.

    A resilient client refreshes in the background, early enough, with a deadline; units of work never wait for it. A
    fragile one asks for a token within each unit of work, which then takes as long.
    Source: failure catalogue, ``idp-5xx-slow``.
    """

    name = "idp-slow"
    Args = SlowArgs
    unforeseen = UNFORESEEN_SLOW

    def rule(self, role: str, target: str, args: SlowArgs) -> ProxyRule:
        toxic = SlowFirstByte(delay=milliseconds(args.delay), jitter=milliseconds(args.jitter))
        return ProxyRule(route=target, match=_match(args), toxic=toxic)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return f"the fault proxy made {plural(seen.matched, 'answer')} of {target} late" if seen.matched else None


class MalformedArgs(IdpAnswerArgs):
    how: Literal["truncated", "broken"] = Field(
        "truncated", description="The answer breaks off, or is whole and no JSON."
    )


class IdpMalformed(_IdpAnswers[MalformedArgs]):
    """The identity provider's answers say 200 and are not to be read: they break off, or are no JSON.

    A resilient client parses an answer before it replaces what it has, and takes it for an outage. A fragile one falls
    over an exception that nobody expected, or throws its token away first.
    Source: failure catalogue, default contract: use what is still valid, and back off.
    """

    name = "idp-malformed"
    Args = MalformedArgs

    def effect(self, target: str, args: MalformedArgs) -> Effect | None:
        return _gone(target, args, unheard=args.how == "truncated")

    def rule(self, role: str, target: str, args: MalformedArgs) -> ProxyRule:
        broken = Respond(status=200, headers=_JSON, body='{"access_token":"')
        toxic = Truncate(bytes=12) if args.how == "truncated" else broken
        return ProxyRule(route=target, match=_match(args), toxic=toxic)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return f"{plural(seen.matched, 'answer')} of {target} could not be read" if seen.matched else None


class IdpHtml(_IdpAnswers[IdpAnswerArgs]):
    """In place of the identity provider's JSON comes a web page with status 200, as from a portal or load balancer.

    A client that goes by the status alone believes that all went well. A resilient one checks what it got, keeps its
    token, and says what came instead; a fragile one dies of the parser's error.
    Source: failure catalogue, default contract: use what is still valid, and back off.
    """

    name = "idp-html"
    Args = IdpAnswerArgs

    def effect(self, target: str, args: IdpAnswerArgs) -> Effect | None:
        return _gone(target, args)

    def rule(self, role: str, target: str, args: IdpAnswerArgs) -> ProxyRule:
        toxic = Respond(status=200, headers={"Content-Type": "text/html; charset=utf-8", **_NO_STORE}, body=_PAGE)
        return ProxyRule(route=target, match=_match(args), toxic=toxic)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return f"{plural(seen.matched, 'request')} to {target} got a web page" if seen.matched else None
