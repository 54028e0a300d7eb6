from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from harness.checks.args import AboutFault
from harness.checks.proofs import is_login, observers, service
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import PROXY_JOURNAL, anchor, blind, faults_meant
from harness.history.events import PROXY_HIT, ProxyConnection
from harness.history.index import History
from harness.history.samples import TOLERANCE
from harness.scenario.base import Duration, format_duration

_ON_ITS_WAY = 1.0
"""Seconds from when a connection arrived at the proxy to when a login made over it is in the journal, at most."""


class Args(AboutFault):
    about_access = False
    at_most: int = Field(ge=0, description="Attempts to authenticate.")
    per: Duration = Field(gt=0, description="The length of the sliding window in which they are counted.")

    def in_words(self) -> str:
        return f"at most {self.at_most} attempts per {format_duration(self.per)}"


@expectation("no_stampede", Args)
def check(history: History, workload: str, args: Args) -> Finding:
    """The workload never tries to authenticate more than ``at_most`` times in any time of length ``per``.

    Attempts, from when lockout set about injecting to the end of the run, are connections of the workload that
    arrived at the fault proxy for the faulted upstream (for any, if the fault is not on one that is reached through
    the proxy), and its logins and token requests in the journals of Vault and the identity provider, accepted or
    not. A login that came over a connection just counted is not counted again. Two attempts exactly ``per`` apart
    do not fall into one time.

    What a workload asks over a connection that it kept open counts, too: the proxy journals it as ``reused``. A
    sealed Vault answers, and writes no audit log, so without it retries over one connection would go unseen.

    Too many attempts seen are a failure whatever else is missing. Otherwise it is inconclusive if the source cannot
    show attempts made during the fault: when the proxy never saw the workload and neither did a journal while the
    fault lasted, or when a source had a gap or the clock jumped.
    """
    start = anchor(history, "inject", args.fault)
    end = history.horizon
    targets = {span.target for span in faults_meant(history, args.fault)}
    connections = [c for c in history.proxy_connections if c.workload == workload and c.outcome != PROXY_HIT]
    routes = {c.route for c in history.proxy_connections} & targets
    connections = [c for c in connections if not routes or c.route in routes]
    requests = history.requests.get(workload, [])
    logins = [_Login(r.t, service(r)) for r in requests if is_login(r)]
    attempts = [t for t in _attempts(connections, logins) if start.opens - TOLERANCE <= t <= end + TOLERANCE]

    most, at = densest(attempts, args.per)
    words = f"{most} attempts to authenticate within {format_duration(args.per)}"
    displaced = blind(history, start.opens, end, ())
    if most > args.at_most:
        if displaced:
            return inconclusive(f"{words}, but {displaced}", start.evidence())
        shown = Evidence(at, f"the first of {most} attempts")
        return failed(f"{words}, from {at:.1f} s on (at most {args.at_most})", start.evidence(), shown)
    sources = observers(requests) | ({PROXY_JOURNAL} if connections else set())
    if not sources:
        raise CannotTellError(f"neither the proxy nor a journal ever saw {workload}")
    over = end if start.span.undoing is None else start.span.undoing
    if not connections and not any(start.opens <= r.t <= over for r in requests):
        raise CannotTellError(
            f"there is no proxy before what {workload} asks, and no journal shows a request of it during the fault: "
            "attempts that came to nothing would not have been seen"
        )
    if unseen := blind(history, start.opens, end, sources):
        raise CannotTellError(unseen)
    return passed(f"at most {words} ({len(attempts)} in all)", start.evidence())


def densest(times: Sequence[float], per: float) -> tuple[int, float]:
    """The most of *times*, which ascend, that lie less than *per* apart, and the first of these; (0, 0.0) for none."""
    most, at = 0, 0.0
    for first, t in enumerate(times):
        count = bisect_left(times, t + per - TOLERANCE, lo=first) - first
        if count > most:
            most, at = count, t
    return most, at


@dataclass(frozen=True, slots=True)
class _Login:
    t: float
    service: str


def _attempts(connections: Sequence[ProxyConnection], logins: Sequence[_Login]) -> list[float]:
    """When attempts were made. A login uses up one connection, new or reused, to its service shortly before."""
    times = [c.t for c in connections]
    free: dict[str, list[float]] = {}
    for connection in reversed(connections):
        if connection.outcome in ("relayed", "reused"):
            free.setdefault(connection.route, []).append(connection.t)  # the earliest last
    for login in logins:
        waiting = free.get(login.service, [])
        while waiting and waiting[-1] < login.t - _ON_ITS_WAY:
            waiting.pop()
        if waiting and waiting[-1] <= login.t + TOLERANCE:
            waiting.pop()
        else:
            times.append(login.t)
    return sorted(times)
