"""What happened to one workload, over all claims about it: the line in the table that people read first."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from harness.checks.access import used_break_glass
from harness.checks.judgement import Measured, Result, Status, WorkloadSummary
from harness.checks.proofs import is_login, service
from harness.checks.windows import failures
from harness.history.index import FaultSpan, History, between
from harness.history.samples import Samples

_SEVERITY = (
    Status.PASS,
    Status.ACCEPTED_PASSES,
    Status.DEGRADED,
    Status.ACCEPTED,
    Status.INCONCLUSIVE,
    Status.FAIL,
)


def most_severe(statuses: Iterable[Status]) -> Status:
    """The status to show for a workload with claims of these *statuses*; none at all is inconclusive."""
    return max(statuses, key=_SEVERITY.index, default=Status.INCONCLUSIVE)


def summarise(history: History, workload: str, results: Iterable[Result]) -> WorkloadSummary:
    """What the samples and journals say about *workload*, with the most severe of its *results*."""
    status = most_severe(result.status for result in results if result.workload == workload)
    spans = failures(history)
    samples = history.samples(workload)
    start = spans[0].injecting if spans else -inf
    where = samples.between(start, history.horizon)
    if not where:
        return WorkloadSummary(workload, status, "not sampled")
    locked_out = not samples.ok[where.stop - 1]
    outages = samples.outages(start if spans else samples.t[where.start], history.horizon)
    outage = Measured(sum(o.seconds(history.horizon) for o in outages), sum(o.error for o in outages))
    return WorkloadSummary(
        workload,
        status,
        how(history, workload, spans, bool(outages), locked_out),
        outage,
        _detect(samples, where, spans),
        _recover(samples, where, spans),
        locked_out,
    )


def _detect(samples: Samples, where: range, spans: list[FaultSpan]) -> Measured | None:
    """From inject to when access was lost, which was between the last good and the first failed sample."""
    first = samples.first(where, ok=False)
    if first is None or not spans or spans[0].injected is None:
        return None
    return _since(spans[0].injected, *samples.changed(first, spans[0].injecting))


def _recover(samples: Samples, where: range, spans: list[FaultSpan]) -> Measured | None:
    """From the last undo to access for good, which came between the last failed and the next good sample."""
    undone = [span.undone for span in spans if span.undone is not None]
    last = samples.last(where, ok=False)
    if not undone or len(undone) < len(spans) or last == where.stop - 1:
        return None
    if samples.t[where.stop - 1] < max(undone):
        return None  # no sample since
    if last is None:
        return Measured(0.0, 0.0)
    return _since(max(undone), *samples.changed(last + 1, -inf))


def _since(anchor: float, earliest: float, latest: float) -> Measured:
    low, high = max(0.0, earliest - anchor), max(0.0, latest - anchor)
    return Measured((low + high) / 2, (high - low) / 2)


def how(history: History, workload: str, spans: list[FaultSpan], had_outage: bool, locked_out: bool) -> str:
    """How the workload got through, in words, the way it ended last: ``served cached, re-authenticated``."""
    start = spans[0].injecting if spans else -inf
    during_end = max((inf if s.undone is None else s.undone for s in spans), default=inf)
    words: list[str] = []
    if "cached" in good_paths(history.samples(workload), start, during_end):
        words.append("served cached")
    words += [f"failed over to {name}" for name in failed_over(history, workload, spans)]
    if used_break_glass(history, workload, start, history.horizon):
        words.append("break-glass")
    # Before it first answered, it was started, and that is no restart.
    words += _restarts(history, workload, max(start, min(history.samples(workload).t, default=start)))
    if locked_out:
        return ", ".join([*words, "locked out"])
    requests = history.requests.get(workload, [])
    targets = {span.target for span in spans} & (history.vaults | history.idps)
    if spans and any(r.ok and is_login(r) and r.t > start and (not targets or service(r) in targets) for r in requests):
        words.append("re-authenticated")
    return ", ".join(words) or ("recovered" if had_outage else "unaffected")


def good_paths(samples: Samples, start: float, end: float) -> set[str]:
    """The access paths, as far as they are named, of samples that succeeded from *start* to *end*."""
    where = samples.between(start, end)
    named = samples.paths(where)
    return {path for path in named if any(samples.ok[i] and samples.path(i) == path for i in where)}


def failed_over(history: History, workload: str, spans: list[FaultSpan]) -> list[str]:
    """Vaults and identity providers on which no fault was, and which let the workload in while one was elsewhere."""
    found: dict[str, None] = {}
    requests = history.requests.get(workload, [])
    faulted = {span.target for span in spans}
    for span in spans:
        alike = next((kind for kind in (history.vaults, history.idps) if span.target in kind), frozenset())
        end = inf if span.undone is None else span.undone
        for r in requests:
            if r.ok and is_login(r) and span.injecting <= r.t <= end and service(r) in alike - faulted:
                found.setdefault(service(r))
    return list(found)


def _restarts(history: History, workload: str, start: float) -> list[str]:
    events = [e for e in between(history.containers, start, history.horizon) if e.service == workload]
    own = [e for e in events if not e.by_lockout]
    starts = sum(e.action == "start" for e in own)
    if starts:
        return ["restarted once" if starts == 1 else f"restarted {starts} times"]
    died = [e for e in own if e.action == "die"]
    if died:
        code = died[-1].exit_code
        return ["exited" if code is None else f"exited with code {code}"]
    return []
