from __future__ import annotations

from math import inf

from harness.checks.access import require_unbroken, used_break_glass
from harness.checks.args import ExpectationArgs
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import DOCKER_EVENTS, blind, first_inject
from harness.history.events import ContainerEvent
from harness.history.index import History, between

_DEATHS = frozenset(("die", "oom", "restart", "start"))


class Args(ExpectationArgs):
    """The name says it all."""


@expectation("recovers_without_restart", Args)
def check(history: History, workload: str, _args: Args) -> Finding:
    """The workload's process lives through the faults, and has access at the end.

    From the first inject on, Docker must report no exit, out-of-memory kill, start or restart of its container that
    lockout did not ask for itself, and the process that answers probes must stay the one that answered before,
    except for as many changes as lockout caused. The last sample must have succeeded.

    Inconclusive without samples, when neither Docker events nor samples can tell processes apart, when Docker's
    events had a gap, and when the run ended early with the workload still without access.
    """
    start, end = first_inject(history), history.horizon
    events = [e for e in between(history.containers, start, end) if e.service == workload and e.action in _DEATHS]
    own = [e for e in events if not e.by_lockout]
    shown = [Evidence(e.t, _words(e)) for e in own[:10]]
    if own:
        return failed(f"did not live through it: {_words(own[0])} at {own[0].t:.1f} s", *shown)

    samples = history.samples(workload)
    where = samples.between(start, end)
    if not where:
        raise CannotTellError(f"no sample of {workload} after the first inject")
    before = next((n for i in reversed(samples.between(-inf, start)) if (n := samples.instance(i))), "")
    instances = [before] if before else []
    for i in where:
        if (instance := samples.instance(i)) and instance not in instances[-1:]:
            instances.append(instance)
            if len(instances) > 1:
                shown.append(Evidence(samples.t[i], "another process answered"))
    allowed = sum(e.action in ("start", "restart") for e in events)
    if len(instances) > 1 + allowed:
        return failed(f"another process answered at {shown[0].t:.1f} s: it was restarted inside its container", *shown)
    if not history.containers and not instances:
        raise CannotTellError("neither Docker events nor samples tell whether it was restarted")
    last = where.stop - 1
    if not samples.ok[last]:
        words = f"did not restart, but had no access at the end: {samples.error(last) or 'no reason given'}"
        return (failed if history.completed else inconclusive)(words, Evidence(samples.t[last], "last sample: failed"))
    require_unbroken(history, workload, start, end)
    if unseen := blind(history, start, end, (DOCKER_EVENTS,), (workload,)):
        raise CannotTellError(unseen)
    degraded = used_break_glass(history, workload, samples.t[last], end)
    how = ", through break-glass" if degraded else ""
    return passed(f"the same process all the time, with access at the end{how}", degraded=degraded)


def _words(event: ContainerEvent) -> str:
    code = "" if event.exit_code is None else f" with exit code {event.exit_code}"
    return {"die": f"exited{code}", "oom": "ran out of memory", "start": "was started", "restart": "was restarted"}[
        event.action
    ]
