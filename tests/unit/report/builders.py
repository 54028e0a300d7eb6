"""Small hand-written runs for the tests of the reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from harness.checks.judgement import AcceptedRisk, Judgement, Measured, Result, Status, WorkloadSummary
from harness.checks.verdict import Evidence, Finding, Outcome, failed, inconclusive, passed
from harness.history import events as ev
from harness.report.model import ImageUsed, ReportInput, RunInfo
from harness.report.timeline import Timeline

WALL = "2026-07-31T10:00:00Z"
RISK = AcceptedRisk("logs in once at start and never again", date(2027, 6, 30))


def sample(t: float, ok: bool = True, workload: str = "orders", **more: object) -> ev.Sample:
    fields: dict[str, object] = {"latency": 0.004, **more}
    return ev.Sample(t=t, wall=WALL, source=f"sampler/{workload}", workload=workload, ok=ok, **fields)  # type: ignore[arg-type]


def samples(start: float, end: float, ok: bool = True, workload: str = "orders", **more: object) -> list[ev.AnyEvent]:
    """Ten a second, the first at *start*, none at or after *end*."""
    count = round((end - start) * 10)
    return [sample(round(start + index / 10, 3), ok, workload, **more) for index in range(count)]


def started(period: float = 0.1) -> ev.RunStarted:
    return ev.RunStarted(
        t=0.0,
        wall=WALL,
        source="conductor",
        run="r1",
        scenario="vault-outage",
        seed=7,
        plan_hash="ab12",
        period=period,
        lockout="0.1.0",
    )


def phase(t: float, name: str) -> ev.PhaseEntered:
    return ev.PhaseEntered(t=t, wall=WALL, source="conductor", phase=name)


def fault(
    start: float, end: float | None, fault_id: str = "timeline.0", *, operator: bool = False, name: str = "vault-sealed"
) -> list[ev.AnyEvent]:
    """A fault that is injected after 0.1 s, seen after 0.2 s and undone at *end*."""
    found: list[ev.AnyEvent] = [
        ev.FaultInjecting(
            t=start, wall=WALL, source="conductor", fault_id=fault_id, fault=name, target="vault", operator=operator
        ),
        ev.FaultInjected(t=start + 0.1, wall=WALL, source="conductor", fault_id=fault_id),
        ev.FaultObserved(t=start + 0.2, wall=WALL, source="conductor", fault_id=fault_id, evidence="sealed"),
    ]
    if end is not None:
        found.append(
            ev.FaultUndone(t=end, wall=WALL, source="conductor", fault_id=fault_id, verified=True, evidence="unsealed")
        )
    return found


def login(t: float, workload: str = "orders", *, renewal: bool = False, ok: bool = True) -> ev.VaultRequest:
    return ev.VaultRequest(
        t=t,
        wall=WALL,
        source="vault-audit",
        vault="vault",
        path="auth/approle/login",
        operation="update",
        ok=ok,
        workload=workload,
        login=not renewal,
        renewal=renewal,
    )


def container(t: float, action: str, service: str = "orders") -> ev.ContainerEvent:
    return ev.ContainerEvent(t=t, wall=WALL, source="docker-events", service=service, action=action, exit_code=1)


def timeline(*groups: Iterable[ev.AnyEvent], limit: int = 600) -> Timeline:
    """From all *groups*, put in order of time as in a history."""
    return Timeline.from_events(
        sorted((event for group in groups for event in group), key=lambda event: event.t), limit
    )


def result(
    status: Status,
    workload: str = "orders",
    expectation: str = "re_authenticates",
    summary: str = "logged in again 1.2 s after undo, limit 10 s",
    evidence: Iterable[tuple[float, str]] = (),
    **more: object,
) -> Result:
    make = {
        Status.PASS: passed,
        Status.ACCEPTED_PASSES: passed,
        Status.ACCEPTED: failed,
        Status.FAIL: failed,
        Status.INCONCLUSIVE: inconclusive,
    }
    seen = tuple(Evidence(t, text) for t, text in evidence)
    finding = (
        Finding(Outcome.PASS, summary, seen, degraded=True)
        if status is Status.DEGRADED
        else make[status](summary, *seen)
    )
    if status in (Status.ACCEPTED, Status.ACCEPTED_PASSES):
        more = {"accepted_risk": RISK, **more}
    return Result(workload, expectation, status, finding, **more)  # type: ignore[arg-type]


def judgement(
    *results: Result,
    run: tuple[Result, ...] = (),
    workloads: tuple[WorkloadSummary, ...] = (),
    outcome: Outcome | None = None,
) -> Judgement:
    if outcome is None:
        found = {r.status for r in (*results, *run)}
        outcome = (
            Outcome.FAIL
            if Status.FAIL in found
            else Outcome.INCONCLUSIVE
            if Status.INCONCLUSIVE in found
            else Outcome.PASS
        )
    return Judgement(outcome, results, run, workloads)


def run_info(**more: object) -> RunInfo:
    fields: dict[str, object] = {
        "run": "r1",
        "scenario": "vault-outage",
        "summary": "Vault is sealed for 20 s.",
        "started": datetime(2026, 7, 31, 10, 15, tzinfo=UTC),
        "duration": 52.3,
        "seed": 7,
        "plan_hash": "ab12",
        "lockout": "0.1.0",
        "folder": "runs/r1",
        "images": (ImageUsed("vault", "vault:1.21", "sha256:1f", "built"),),
        "engine": "Docker 27.5.1",
        "host": "linux/amd64",
        "rejudge": "lockout judge runs/r1",
    }
    return RunInfo(**{**fields, **more})  # type: ignore[arg-type]


def report(found: Judgement | None = None, view: Timeline | None = None, **more: object) -> ReportInput:
    return ReportInput(run_info(**more), found or two_workloads(), view or small_timeline())


def two_workloads() -> Judgement:
    """A resilient workload that passes and a fragile one whose failing is an accepted risk."""
    return judgement(
        result(
            Status.PASS,
            limit="within 10s after undo",
            evidence=[(8.2, "vault audit log: auth/approle/login ok")],
            controls=("nist-800-53r5:CP-10",),
        ),
        result(
            Status.ACCEPTED,
            "fragile",
            summary="no request to Vault after undo, limit 10 s",
            limit="within 10s after undo",
            evidence=[(3.0, "first failed sample: http 503")],
        ),
        run=(result(Status.PASS, "", "undo_verified", "every undo was verified"),),
        workloads=(
            WorkloadSummary(
                "orders",
                Status.PASS,
                "re-authenticated",
                Measured(4.2, 0.1),
                Measured(0.95, 0.05),
                Measured(1.2, 0.1),
            ),
            WorkloadSummary(
                "fragile",
                Status.ACCEPTED,
                "locked out",
                Measured(7.0, 0.1),
                Measured(1.0, 0.05),
                None,
                locked_out=True,
            ),
        ),
    )


def small_timeline() -> Timeline:
    """Ten seconds: a fault from 2 to 7; ``orders`` down from 3 to 7.2, ``fragile`` from 3 on."""
    return timeline(
        [started(), phase(0.0, "baseline")],
        fault(2.0, 7.0),
        samples(0, 3),
        samples(3, 7.2, ok=False, error="http 503"),
        samples(7.2, 10),
        samples(0, 3, workload="fragile"),
        samples(3, 10, ok=False, workload="fragile", error="http 503"),
        [phase(10.0, "teardown")],
    )
