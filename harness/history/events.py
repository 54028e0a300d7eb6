"""The events of a run. Everything a verdict is computed from is one of these, and nothing else is.

Each is one JSON object a line in ``events.jsonl``, told apart by ``kind``. ``t`` is the offset in seconds on
the run's monotonic clock; ``wall`` is RFC 3339 in UTC. Structs rather than pydantic models, because a history
of a million events must be re-read in seconds (``make bench``).
"""

from __future__ import annotations

import msgspec

from harness.history.break_glass import AnyBreakGlassEvent
from harness.history.event import Event

__all__ = ["PHASES", "AnyEvent", "Event"]

PHASES = ("setup", "baseline", "fault", "undo", "recovery", "verify", "teardown")


class RunStarted(Event, frozen=True, kw_only=True, tag="run.started"):
    run: str
    scenario: str
    seed: int
    plan_hash: str
    period: float  # seconds between two samples of one workload
    lockout: str  # version
    lab: str = ""  # the run for which the lab was made; this one, if it had a lab of its own


class PlannedLoss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a fault was to take away while it lasts, by the topology."""

    fault_id: str
    lost: tuple[str, ...] = ()  # components
    of: tuple[str, ...] = ()  # workloads for whom they are lost, "*" for all; empty: for whatever needs them
    unheard: bool = False  # what is asked of them may be carried out all the same, and the answer is lost
    restarted: tuple[str, ...] = ()
    lasts: float = 0.0  # seconds, as planned; 0 for what happens in an instant
    waits: bool = False  # when it was to begin or end depended on what would be seen; ``lasts`` is the longest then
    unforeseen: str = ""  # why nobody can tell


class PredictedFate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The worst that the planned faults were to do to the access of one workload."""

    workload: str
    fate: str = ""  # safe, degraded, locked-out; empty: no prediction
    by: str = ""  # the path that keeps it from being locked out
    after: float = 0.0  # seconds that a cached path stands before it is locked out
    without: float = 0.0  # seconds without access, at a stretch
    spare: float | None = None  # seconds by which its cached path lasts longer than it has to
    why: str = ""  # there is no prediction


class RadiusPredicted(Event, frozen=True, kw_only=True, tag="radius.predicted"):
    """Whom the planned faults were to lock out, as predicted before anything was started, of all that are probed."""

    faults: tuple[PlannedLoss, ...]  # in the order of the timeline
    workloads: tuple[PredictedFate, ...]


class PhaseEntered(Event, frozen=True, kw_only=True, tag="phase.entered"):
    phase: str  # one of PHASES


class ServiceReady(Event, frozen=True, kw_only=True, tag="service.ready"):
    service: str
    took: float  # seconds since the lab was started


class SteadyState(Event, frozen=True, kw_only=True, tag="steady.checked"):
    moment: str  # "before" the first fault, or "after" the last undo
    ok: bool
    reasons: tuple[str, ...] = ()  # why not, one sentence each
    workloads_down: tuple[str, ...] = ()  # those whose access probe was not green


class FaultInjecting(Event, frozen=True, kw_only=True, tag="fault.injecting"):
    fault_id: str  # unique within the run, such as "timeline.0"
    fault: str
    target: str
    role: str = ""  # of the target: vault, idp, resource, …
    args: dict[str, str] = {}  # noqa: RUF012 (msgspec gives each event its own)
    operator: bool = False  # a planned act of a person (opening break-glass), not a failure
    instant: bool = False  # there is nothing to undo, so it is never over


class FaultInjected(Event, frozen=True, kw_only=True, tag="fault.injected"):
    fault_id: str


class FaultObserved(Event, frozen=True, kw_only=True, tag="fault.observed"):
    """Proof that the fault bites, seen from outside the injecting call."""

    fault_id: str
    evidence: str


class FaultUndoing(Event, frozen=True, kw_only=True, tag="fault.undoing"):
    fault_id: str


class FaultUndone(Event, frozen=True, kw_only=True, tag="fault.undone"):
    fault_id: str
    verified: bool  # the undo was seen to have worked; "not found" does not count
    evidence: str


class FaultFailed(Event, frozen=True, kw_only=True, tag="fault.failed"):
    fault_id: str
    stage: str  # "inject", "undo", or "observe": why it could not be told whether it bites
    error: str


class Sample(Event, frozen=True, kw_only=True, tag="probe.sample"):
    """One probe of one workload. ``t`` is when the probe was sent."""

    workload: str
    ok: bool
    latency: float  # seconds until the answer, or until the probe gave up
    error: str = ""  # why not ok: "http 503: no credential", "timeout", "connection refused"
    path: str = ""  # access path the workload says it used: primary, secondary, cached, break-glass
    credential: str = ""  # fingerprint of the credential, never the credential
    instance: str = ""  # identifies the workload's process; changes when it restarts


class VaultRequest(Event, frozen=True, kw_only=True, tag="vault.request"):
    """An answered request, from Vault's own audit log."""

    vault: str  # service name
    path: str
    operation: str
    ok: bool
    error: str = ""
    workload: str = ""  # empty when it cannot be attributed
    accessor: str = ""  # of the token used, or, for a login, of the token issued
    login: bool = False
    renewal: bool = False
    remote: str = ""
    ttl: float = 0.0  # seconds that the token lives from now on, for what issued or renewed it; 0: it is not told
    lease: str = ""  # id of the lease that came of it, or was renewed


class IdpRequest(Event, frozen=True, kw_only=True, tag="idp.request"):
    idp: str
    endpoint: str  # token, jwks, discovery, introspect, revoke
    client: str
    ok: bool
    status: int
    workload: str = ""
    grant: str = ""
    key: str = ""  # kid


class ResourceAccess(Event, frozen=True, kw_only=True, tag="resource.access"):
    """A decision of a resource, from its own journal, which depends on neither Vault nor the IdP."""

    resource: str
    identity: str
    via: str  # jwt, break-glass, password
    allowed: bool
    reason: str = ""
    workload: str = ""
    credential: str = ""  # fingerprint


PROXY_HIT = "hit"


class ProxyConnection(Event, frozen=True, kw_only=True, tag="proxy.connection"):
    """A connection attempt that arrived at the fault proxy, or a further request over one that was kept open.

    With the outcome ``hit`` it is no attempt by itself: a rule has done something to a connection, or to a request over
    one, which have events of their own.
    """

    proxy: str
    route: str  # upstream service
    outcome: str  # relayed, reused (asked again over an open connection), cut, upstream-unreachable, hit
    rule: str = ""  # the rule that cut or hit it
    client: str  # address
    workload: str = ""


class ContainerEvent(Event, frozen=True, kw_only=True, tag="container.event"):
    service: str
    action: str  # start, die, kill, pause, unpause, oom, restart
    exit_code: int | None = None
    by_lockout: bool = False  # lockout itself asked for it (a fault or its undo)


class ClockJumped(Event, frozen=True, kw_only=True, tag="clock.jumped"):
    delta: float  # seconds by which wall time moved against monotonic time


class EngineLost(Event, frozen=True, kw_only=True, tag="engine.lost"):
    reason: str


class ObserverGap(Event, frozen=True, kw_only=True, tag="observer.gap"):
    """An observer could not see for a while: what it did not report did not necessarily not happen."""

    observer: str  # vault-audit, idp-journal, resource-journal, proxy-journal, docker-events
    service: str
    reason: str
    entry: bool = False  # only one entry could not be read, and it was searched for secrets all the same


class LeakFound(Event, frozen=True, kw_only=True, tag="leak.found"):
    where: str  # "logs of orders", "probe answer of orders"
    what: str  # label of the secret, never its value
    workload: str = ""


class ConditionMet(Event, frozen=True, kw_only=True, tag="condition.met"):
    """What a step of the timeline waited for was seen. The step follows, after its delay."""

    fault_id: str
    action: str  # "begin" or "end" of it
    condition: str  # in the words of the scenario, such as "token-expired: orders"
    evidence: str


class ConditionMissed(Event, frozen=True, kw_only=True, tag="condition.missed"):
    """What a step of the timeline waited for was not seen in time. The run ends."""

    fault_id: str
    action: str
    condition: str
    waited: float  # seconds


class StopTripped(Event, frozen=True, kw_only=True, tag="stop.tripped"):
    condition: str


class RunEnded(Event, frozen=True, kw_only=True, tag="run.ended"):
    ending: str  # completed, stopped, interrupted, crashed
    reason: str = ""


AnyEvent = (
    RunStarted
    | RadiusPredicted
    | PhaseEntered
    | ServiceReady
    | SteadyState
    | FaultInjecting
    | FaultInjected
    | FaultObserved
    | FaultUndoing
    | FaultUndone
    | FaultFailed
    | Sample
    | VaultRequest
    | IdpRequest
    | ResourceAccess
    | ProxyConnection
    | ContainerEvent
    | ClockJumped
    | EngineLost
    | ObserverGap
    | LeakFound
    | ConditionMet
    | ConditionMissed
    | StopTripped
    | RunEnded
    | AnyBreakGlassEvent
)
