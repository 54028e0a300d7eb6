"""What the fault proxy can be told to do: a rule, and what the proxy has seen of it.

Names, units and meaning of the byte-level toxics are Toxiproxy's: milliseconds, KB/s, and microseconds for the delay
of ``slicer``. Without ``match`` a rule works on connections and TLS stays untouched end to end; with it, the proxy
speaks HTTP for those connections. What each does is told in ``docs/fault-proxy.md``.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from harness.scenario.base import StrictModel, Texts

Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]
Status = Annotated[int, Field(ge=200, le=599)]
Headers = Annotated[dict[str, str], Field(max_length=32)]
Body = Annotated[str, Field(max_length=32_768)]
Pem = Annotated[str, Field(min_length=1, max_length=24_576)]


# On connections ------------------------------------------------------------------------------------------------------


class Reset(StrictModel):
    """A TCP reset, at once; with ``match`` when a matching request has arrived, before the upstream sees it."""

    type: Literal["reset"] = "reset"


class Blackhole(StrictModel):
    """Accepted, read, never answered: for existing and for new connections, until the rule is lifted."""

    type: Literal["blackhole"] = "blackhole"


class HalfOpen(StrictModel):
    """Existing connections only: their other end is gone, without FIN or RST. New connections work."""

    type: Literal["half_open"] = "half_open"


class Latency(StrictModel):
    """Each piece of data comes ``latency`` ± ``jitter`` later."""

    type: Literal["latency"] = "latency"
    latency: Milliseconds
    jitter: Milliseconds = 0


class Bandwidth(StrictModel):
    """At most ``rate`` KB/s."""

    type: Literal["bandwidth"] = "bandwidth"
    rate: int = Field(ge=1, le=1_000_000)


class SlowClose(StrictModel):
    """The end of a connection is passed on ``delay`` later."""

    type: Literal["slow_close"] = "slow_close"
    delay: Milliseconds


class Timeout(StrictModel):
    """Data is dropped, and the connection closed after ``timeout``; with 0 when the rule is lifted."""

    type: Literal["timeout"] = "timeout"
    timeout: Milliseconds


class ResetPeer(StrictModel):
    """A TCP reset ``timeout`` after the first data."""

    type: Literal["reset_peer"] = "reset_peer"
    timeout: Milliseconds = 0


class Slicer(StrictModel):
    """Data comes in pieces of ``average_size`` ± ``size_variation`` bytes, ``delay`` microseconds apart."""

    type: Literal["slicer"] = "slicer"
    average_size: int = Field(ge=1, le=65_536)
    size_variation: int = Field(0, ge=0, le=65_535)
    delay: int = Field(0, ge=0, le=10_000_000)


class LimitData(StrictModel):
    """The connection is closed when ``bytes`` have passed."""

    type: Literal["limit_data"] = "limit_data"
    bytes: int = Field(ge=0)


class Certificate(StrictModel):
    """New connections: TLS ends at the proxy, which shows ``chain`` (PEM, the leaf first) instead of the route's own.

    Whoever accepts it speaks HTTP with the proxy, as with somebody in between. ``key`` (PEM, unencrypted) is a secret:
    the proxy keeps it in memory while the rule is in force, and never tells it.
    """

    type: Literal["certificate"] = "certificate"
    chain: Pem
    key: Pem = Field(repr=False)


# On requests ---------------------------------------------------------------------------------------------------------


class Respond(StrictModel):
    """An answer of the proxy's own; the request never reaches the upstream."""

    type: Literal["respond"] = "respond"
    status: Status
    headers: Headers = Field(default_factory=dict)
    body: Body = ""


class RateLimit(StrictModel):
    """``requests`` in each ``per`` pass; the others get ``status`` with ``Retry-After``, in whole seconds."""

    type: Literal["rate_limit"] = "rate_limit"
    requests: int = Field(ge=0)
    per: Milliseconds = Field(1000, ge=1)
    status: Status = 429
    retry_after: int | None = Field(None, ge=0)
    headers: Headers = Field(default_factory=dict)
    body: Body = ""


class StallRequest(StrictModel):
    """The request waits ``delay`` before it reaches the upstream; with 0 until the rule is lifted."""

    type: Literal["stall_request"] = "stall_request"
    delay: Milliseconds = 0


class StallAnswer(StrictModel):
    """The upstream has answered in full, the answer waits ``delay``; with 0 until the rule is lifted."""

    type: Literal["stall_answer"] = "stall_answer"
    delay: Milliseconds = 0


class SlowFirstByte(StrictModel):
    """The head of the answer comes ``delay`` ± ``jitter`` late, the rest as the upstream sends it."""

    type: Literal["slow_first_byte"] = "slow_first_byte"
    delay: Milliseconds
    jitter: Milliseconds = 0


class DropAnswer(StrictModel):
    """The upstream has done what was asked and answered; the client gets a TCP reset instead."""

    type: Literal["drop_answer"] = "drop_answer"


class Truncate(StrictModel):
    """The first ``bytes`` of the upstream's body, then the connection ends, as if it had broken."""

    type: Literal["truncate"] = "truncate"
    bytes: int = Field(ge=0)


class Rewrite(StrictModel):
    """The upstream's answer with another status, headers (an empty one is taken away) or body; None leaves it."""

    type: Literal["rewrite"] = "rewrite"
    status: Status | None = None
    headers: Headers = Field(default_factory=dict)
    body: Body | None = None


ConnectionToxic = (
    Reset
    | Blackhole
    | HalfOpen
    | Latency
    | Bandwidth
    | SlowClose
    | Timeout
    | ResetPeer
    | Slicer
    | LimitData
    | Certificate
)
RequestToxic = Respond | RateLimit | StallRequest | StallAnswer | SlowFirstByte | DropAnswer | Truncate | Rewrite
Toxic = Annotated[ConnectionToxic | RequestToxic, Field(discriminator="type")]


class HttpMatch(StrictModel):
    """Which requests: ``path`` and the values of ``headers`` are regular expressions for the whole of it, no query."""

    methods: Texts = ()
    path: str = ".*"
    headers: Headers = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _path_compiles(cls, value: str) -> str:
        return _regex(value)

    @field_validator("headers")
    @classmethod
    def _headers_compile(cls, value: dict[str, str]) -> dict[str, str]:
        return {name: _regex(pattern) for name, pattern in value.items()}


class ProxyRule(StrictModel):
    """Whose connections or requests on which route are hit by one toxic.

    ``clients`` are service names or addresses; empty means everybody. The proxy resolves a name anew for each
    connection, so that a rule follows a workload which restarts and gets another address.

    Rules on one route work together, oldest first: the first ``reset`` or ``blackhole`` decides, shaping adds up,
    and a request goes from rule to rule until one of them answers it.
    """

    route: str
    toxic: Toxic
    clients: Texts = ()
    match: HttpMatch | None = None
    stream: Literal["upstream", "downstream"] = "downstream"
    """Which way the data flows that a byte-level toxic is for, named as in Toxiproxy: where it flows to."""
    times: int | None = Field(None, ge=1)
    """How many connections or requests it hits; those that come after pass, and are counted as passed."""
    each: bool = False
    """Whether every client has ``times`` to itself."""
    toxicity: float = Field(1.0, gt=0, le=1)
    """The share of connections or requests that it hits, drawn from ``seed``."""
    seed: int = Field(0, ge=0, lt=2**62)

    @model_validator(mode="after")
    def _fits(self) -> ProxyRule:
        if isinstance(self.toxic, RequestToxic) and self.match is None:
            raise ValueError(f"toxic '{self.toxic.type}' is for requests: say which by 'match'")
        if self.match is not None and isinstance(self.toxic, ConnectionToxic) and not isinstance(self.toxic, Reset):
            raise ValueError(f"toxic '{self.toxic.type}' is for connections: it takes no 'match'")
        return self


class ProxyCounts(StrictModel):
    """What the proxy has seen of a rule since it was applied."""

    matched: int = 0
    """New connections, or requests, that it hit."""
    severed: int = 0
    """Connections that had been let through, or existed, and that it ended."""
    joined: int = 0
    """Connections that existed and have come under it."""
    escaped: int = 0
    """Requests over connections that existed before and could not be put under it."""
    passed: int = 0
    """Connections or requests that it was for and did not hit: ``times`` used up, within the rate, spared by chance."""
    held: int = 0
    """Connections or answers that it holds now."""
    presented: int = 0
    """Handshakes in which its certificate was shown."""
    refused: int = 0
    """Of these, those that the client ended with a TLS alert about the certificate."""
    accepted: int = 0
    """Of these, those that the client completed; who just hangs up is neither."""
    bytes: int = 0
    """Bytes of traffic that it delayed, dropped or cut into pieces."""
    answers: dict[str, int] = Field(default_factory=dict)
    """Status of the upstream's answer to the requests it hit, to how many."""


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    return pattern
