"""Goes through an emergency procedure as people would, and takes down what came of each step.

An attempt has two halves, with the time that it stays open between them: :func:`carry_out` and :func:`close`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

from harness.breakglass.methods import methods
from harness.breakglass.methods.base import Method
from harness.breakglass.operator import Operator, secret_prefix
from harness.breakglass.search import search, stores, traces
from harness.history.break_glass import (
    ActionTried,
    BreakGlassBegun,
    BreakGlassCarriedOut,
    BreakGlassClosing,
    BreakGlassDeclared,
    BreakGlassOpened,
    CredentialLooked,
    HoldersTried,
    LifetimeRead,
    RemainderLooked,
    ShelfLooked,
    WorkloadTried,
)
from harness.topology.procedures import isolated_from, threshold_of

Stage = Literal["first", "middle", "last"]
"""Which attempt of a drill it is: in the first things are laid ready, after the last they are searched for."""


def method_of(op: Operator) -> Method[Any]:
    return methods()[op.procedure.method]


def carry_out(op: Operator, stage: Stage, reason: str) -> None:
    """Open it, use it, and leave it open. Raises EnvironmentUnusable when the lab itself cannot be used."""
    method = method_of(op)
    if stage == "first":
        _declare(op, method)
        method.prepare(op, op.procedure)
        for one in method.ready(op, op.procedure):
            op.note(ShelfLooked, holder=one.holder, usable=one.usable, words=one.words, expires_in=one.expires_in)
        _try_holders(op, method)
    _try_workloads(op, method)
    op.note(BreakGlassBegun, reason=reason)
    opening = method.open(op, op.procedure, _enough(op))
    op.note(BreakGlassOpened, opened=opening.opened, words=opening.words, marks=opening.marks)
    if opening.opened:
        _use(op, method)
        _try_workloads(op, method)
    op.note(BreakGlassCarriedOut)


def _use(op: Operator, method: Method[Any]) -> None:
    procedure = op.procedure
    for action in procedure.may:
        _act(op, method, action, wanted=True)
    if (lifetime := method.lifetime(op, procedure)) is not None:
        op.note(LifetimeRead, seconds=lifetime.seconds, renewable=lifetime.renewable, words=lifetime.words)
    for action in procedure.may_not:
        _act(op, method, action, wanted=False)


def _act(op: Operator, method: Method[Any], action: str, *, wanted: bool) -> None:
    tried = method.use(op, op.procedure, action, wanted=wanted)
    if tried is not None:
        op.note(ActionTried, act=action, wanted=wanted, allowed=tried.done, words=tried.words)


def _try_workloads(op: Operator, method: Method[Any]) -> None:
    for workload in op.lab.workloads():
        for key in op.emergency.keys_of(workload):
            tried = method.knock(op, op.procedure, key)
            if tried is not None:
                op.note(WorkloadTried, workload=workload, key=key.words, allowed=tried.done, words=tried.words)


def _try_holders(op: Operator, method: Method[Any]) -> None:
    """Without each of the holders in turn, and with one less than it takes; closed again each time."""
    holders, threshold = tuple(op.procedure.holders), threshold_of(op.procedure, op.emergency.services())
    trials = [*without_each(holders, threshold), holders[: threshold - 1]]
    for number, those in enumerate(trials, start=1):
        trial = op.trial(number)
        opening = method.open(trial, op.procedure, those)
        op.note(HoldersTried, holders=those, opened=opening.opened, words=opening.words)
        method.close(trial, op.procedure)


def without_each(holders: Sequence[str], threshold: int) -> list[tuple[str, ...]]:
    """Few groups of *threshold* holders such that each holder is missing from one of them; none if all are needed."""
    groups: list[tuple[str, ...]] = []
    present = set(holders) if threshold < len(holders) else set()
    while present:
        # Leaves out as many of those who were always there as there are places to leave out.
        best = max(combinations(holders, threshold), key=lambda group: len(present - set(group)))
        groups.append(best)
        present &= set(best)
    return groups


def _enough(op: Operator) -> tuple[str, ...]:
    return tuple(op.procedure.holders)[: threshold_of(op.procedure, op.emergency.services())]


def close(op: Operator, stage: Stage) -> None:
    """Look whether it has ended by itself, close it, and look whether anything is left. Idempotent.

    Raises EnvironmentUnusable when something could not be taken back.
    """
    method, procedure = method_of(op), op.procedure
    if (looked := method.alive(op, procedure)) is not None:
        op.note(CredentialLooked, alive=looked.done, words=looked.words)
    op.note(BreakGlassClosing)
    method.close(op, procedure)
    for one in method.remainders(op, procedure):
        op.note(RemainderLooked, what=one.what, gone=one.gone, words=one.words)
    if stage == "last":
        search(op)
        method.tidy(op, procedure)


def closed(op: Operator) -> str | None:
    """Proof that nothing is left of the attempt; None as long as there is none."""
    found = list(method_of(op).remainders(op, op.procedure))
    wanted = method_of(op).remains(op.procedure)
    if not set(wanted) <= {one.what for one in found} or not all(one.gone for one in found):
        return None
    return "; ".join(one.words for one in found)


def _declare(op: Operator, method: Method[Any]) -> None:
    procedure, services = op.procedure, op.emergency.services()
    op.note(
        BreakGlassDeclared,
        method=procedure.method,
        opens=procedure.opens,
        holders=tuple(procedure.holders),
        kept=tuple(procedure.holders.values()),
        threshold=threshold_of(procedure, services),
        isolated_from=isolated_from(procedure, services),
        desk=op.desk,
        may=procedure.may,
        may_not=procedure.may_not,
        works_within=procedure.works_within,
        lasts=procedure.lasts,
        alarm=procedure.alarm.on,
        alarm_within=procedure.alarm.within,
        log=procedure.log,
        last_drill=procedure.last_drill.isoformat() if procedure.last_drill else "",
        drill_every=procedure.drill_every_days,
        also_for=procedure.also_for,
        workloads=op.lab.workloads(),
        stores=stores(op),
        traces=traces(op),
        remains=method.remains(procedure),
        secrets=(secret_prefix(op.name), *method.secrets(op, procedure)),
    )
