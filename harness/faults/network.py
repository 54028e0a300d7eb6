"""Faults of the network between workloads and Vault or the identity provider. TLS stays untouched end to end."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.faults.proxied import P, ProxiedArgs, ProxiedFault, plural
from harness.faults.proxy_rule import (
    Bandwidth,
    Blackhole,
    HalfOpen,
    Latency,
    ProxyCounts,
    ProxyRule,
    Reset,
    ResetPeer,
    Timeout,
)
from harness.scenario.base import Duration, between
from harness.scenario.effect import UNFORESEEN_PARTIAL, UNFORESEEN_SLOW, Effect, gone


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


class _NetworkFault(ProxiedFault[P]):
    group = "I"
    roles = frozenset({"vault", "idp"})


class PartitionArgs(ProxiedArgs):
    how: Literal["reset", "blackhole"] = Field(
        "reset", description="Connections are reset at once, or accepted and never answered."
    )


class NetworkPartition(_NetworkFault[PartitionArgs]):
    """The target is up, but some workloads cannot reach it: their connections are cut, new and existing ones.

    A resilient client works on with what it holds, as long as that is valid, and backs off. A fragile one asks for
    a new credential at each unit of work, or tries again as fast as it can (openbao/openbao#3747). Only connections
    that were caught count as proof, so a workload that never tried makes the run inconclusive.
    Source: failure catalogue, sections A and E, for what clients do.
    """

    name = "network-partition"
    Args = PartitionArgs

    def effect(self, target: str, args: PartitionArgs) -> Effect | None:
        return gone(target, args.workloads)

    def rule(self, role: str, target: str, args: PartitionArgs) -> ProxyRule:
        return ProxyRule(route=target, toxic=Reset() if args.how == "reset" else Blackhole())

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        caught = seen.matched + seen.severed
        return f"the fault proxy caught {plural(caught, 'connection')} to {target}" if caught else None


class ResetArgs(ProxiedArgs):
    after: Annotated[Duration, between(0, 60)] = Field(
        0.0, description="How long after the target's first data the connection is reset."
    )
    share: float = Field(1.0, gt=0, le=1, description="The share of connections that is hit, by the run's seed.")


class NetworkReset(_NetworkFault[ResetArgs]):
    """Connections are made and then break: a TCP reset in the middle of what they were for.

    The target has been reached, so a request may have been carried out. A resilient client treats it as an outage
    and tries again with backoff. A fragile one ends its renewal for good with the first error
    (spring-projects/spring-vault#646). Source: failure catalogue, ``renewer-dies``.
    """

    name = "network-reset"
    Args = ResetArgs
    unforeseen = UNFORESEEN_PARTIAL

    def rule(self, role: str, target: str, args: ResetArgs) -> ProxyRule:
        return ProxyRule(route=target, toxic=ResetPeer(timeout=milliseconds(args.after)), toxicity=args.share)

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        if not seen.severed:
            return None
        return f"the fault proxy reset {plural(seen.severed, 'connection')} to {target} that carried data"


class LatencyArgs(ProxiedArgs):
    latency: Annotated[Duration, between(0.001, 600)] = Field(
        1.0, description="How much later each piece of an answer comes."
    )
    jitter: Annotated[Duration, between(0, 600)] = Field(0.0, description="By how much that varies, by the run's seed.")


class NetworkLatency(_NetworkFault[LatencyArgs]):
    """All that the target says comes later; a TLS handshake pays several times over.

    A resilient client asks early, in the background, with a time limit that fits the life of what it renews. A
    fragile one asks while its own caller waits, or so late that a slow answer is too late
    (spring-projects/spring-vault#181). Source: failure catalogue, ``vault-slow``.
    """

    name = "network-latency"
    Args = LatencyArgs
    unforeseen = UNFORESEEN_SLOW

    def rule(self, role: str, target: str, args: LatencyArgs) -> ProxyRule:
        return ProxyRule(
            route=target, toxic=Latency(latency=milliseconds(args.latency), jitter=milliseconds(args.jitter))
        )

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return _worked_on(seen, f"held back data from {target}")


class BandwidthArgs(ProxiedArgs):
    rate: int = Field(1, ge=1, le=1_000_000, description="KB a second that pass from the target, for each connection.")


class NetworkBandwidth(_NetworkFault[BandwidthArgs]):
    """The way back from the target is narrow, so that answers trickle in.

    A time limit between two pieces of data, as most HTTP clients have it, does not end such a request. A resilient
    client does not let its callers wait for it; a fragile one fetches a credential for each unit of work, so that
    all of its work is slow. Source: failure catalogue, ``vault-slow``, for what clients do; Toxiproxy's ``bandwidth``.
    """

    name = "network-bandwidth"
    Args = BandwidthArgs
    unforeseen = UNFORESEEN_SLOW

    def rule(self, role: str, target: str, args: BandwidthArgs) -> ProxyRule:
        return ProxyRule(route=target, toxic=Bandwidth(rate=args.rate))

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return _worked_on(seen, f"let data from {target} trickle")


class NetworkHalfOpen(_NetworkFault[ProxiedArgs]):
    """Connections that exist go dead without a word; new ones work, as after a firewall has forgotten its table.

    Nothing comes back and nothing says so: no FIN, no RST. A resilient client gives up after its time limit and
    connects anew. A fragile one has no time limit and waits for ever on a pooled connection (vaultrs has none by
    default). Only a connection that was used since counts as proof: an idle one shows nothing.
    Source: failure catalogue, ``audit-sink-blocking``, for clients without a time limit.
    """

    name = "network-half-open"
    unforeseen = UNFORESEEN_PARTIAL

    def rule(self, role: str, target: str, args: ProxiedArgs) -> ProxyRule:
        return ProxyRule(route=target, toxic=HalfOpen())

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        if not seen.bytes:
            return None
        lost = plural(seen.joined, "connection")
        return f"{lost} to {target} went dead: {seen.bytes} bytes came to the fault proxy, and no further"


class NetworkBlackhole(_NetworkFault[ProxiedArgs]):
    """All that the target says vanishes on its way back, and no connection breaks.

    What is asked over a connection that exists is still carried out; a new one gets no further than the start of its
    TLS handshake. A resilient client has a time limit, also for that, and tries again slowly; one without hangs
    (vaultrs has no time limit by default). Source: failure catalogue, ``audit-sink-blocking``, for such clients;
    Toxiproxy's ``timeout``.
    """

    name = "network-blackhole"

    def effect(self, target: str, args: ProxiedArgs) -> Effect | None:
        return gone(target, args.workloads, unheard=True)

    def rule(self, role: str, target: str, args: ProxiedArgs) -> ProxyRule:
        return ProxyRule(route=target, toxic=Timeout(timeout=0))

    def proof(self, seen: ProxyCounts, target: str) -> str | None:
        return _worked_on(seen, f"dropped what {target} said")


def _worked_on(seen: ProxyCounts, words: str) -> str | None:
    if not seen.bytes:
        return None
    existed = f"{plural(seen.joined, 'connection')} that existed" if seen.joined else ""
    on = [one for one in (plural(seen.matched, "new connection") if seen.matched else "", existed) if one]
    return f"the fault proxy {words}: {seen.bytes} bytes, on {' and '.join(on)}"
