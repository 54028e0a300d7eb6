"""How long one fault of each family takes on a real lab: to be injected, to bite, to be undone, to be seen healed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from benchmarks.result import Figure, FigureResult, NotMeasured, Row, Wish

if TYPE_CHECKING:
    from harness.faults.base import AnyFault
    from harness.faults.ports import Lab
    from harness.lab.lab import RunningLab
    from harness.scenario.base import StrictModel
    from tests.integration.live.aim import Aim

RUNS = 5
Taken = Mapping[str, list[float]]
"""Step (inject, bites, undo or healed) to its milliseconds in each run."""


class NotUndone(NotMeasured):
    """The lab is not fit for a further fault."""


def measure(wish: Wish) -> FigureResult:
    from harness.faults import registry
    from harness.lab.engine import ensure_engine
    from harness.lab.plugins import ensure_compose
    from harness.lab.progress import Silent
    from tests.integration.labs import WHOLE, brought_up
    from tests.integration.live import all_aims
    from tests.integration.live.attempt import without_access
    from tests.matrix.matrix import fault_of_each_family

    progress = Silent()
    rows: list[Row] = []
    failed: list[str] = []
    aims, chosen = all_aims(), fault_of_each_family()
    with (
        TemporaryDirectory() as scratch,
        brought_up(WHOLE, Path(scratch), ensure_engine(progress), ensure_compose(progress)) as lab,
    ):
        for family, name in chosen.items():
            wish.say(f"faults: {family}")
            try:
                taken = times_of(
                    registry.get(name), aims[name], lab, wish.repetitions(RUNS), lambda: without_access(lab)
                )
            except NotMeasured as error:
                failed.append(f"{name} {error}")
                if isinstance(error, NotUndone):
                    break
                continue
            rows += [Row(f"{family}: {name}", "ms", tuple(values), column=step) for step, values in taken.items()]
    notes = [
        "inject: without the look at the lab before it; bites: from its end until one of five looks a second has proof",
        "undo: with its repetitions, if any; healed: from its end until one of twenty looks a second has proof",
    ]
    if any(registry.get(name).instant for name in chosen.values()):
        notes.append("those with only inject and bites are over once they bite: nothing can undo them")
    missed = len(chosen) - len({row.what for row in rows})
    problem = f"{missed} of {len(chosen)} families: {'; '.join(failed)}" if failed else ""
    return FigureResult("faults", tuple(rows), notes=tuple(notes), problem=problem)


def times_of(fault: AnyFault, aim: Aim, lab: RunningLab, runs: int, without_access: Callable[[], list[str]]) -> Taken:
    """The steps of *fault*, so many *runs* of it. *without_access* names workloads that do not come back before each.

    Raises NotMeasured when it does not bite, and NotUndone when it is not undone or a workload does not come back.
    """
    from harness.faults.ports import FaultNotPossible
    from harness.lab.errors import EnvironmentUnusable
    from harness.run.active import heal
    from tests.integration.live.attempt import evidence, prepared

    taken: dict[str, list[float]] = defaultdict(list)
    for turn in range(runs):
        if down := without_access():
            raise NotUndone(f"was not tried: {', '.join(down)} had no access")
        bites, wrong = None, "was not seen to bite"
        watched = _Watched(fault)
        try:
            args, record = prepared(fault, aim.target, aim.args, lab)
        except FaultNotPossible as error:
            raise NotMeasured(f"was not possible: {error}") from error
        began = injected = time.monotonic()
        try:
            fault.inject(record, args, lab, Random(turn))
            injected = time.monotonic()
            bites = evidence(fault, aim, record, lab)
        except (FaultNotPossible, EnvironmentUnusable) as error:
            wrong = f"could not be injected: {error}"
        bitten = time.monotonic()
        gone, why_not = heal(cast("AnyFault", watched), record, lab)
        healed = time.monotonic()
        if not gone:
            raise NotUndone(f"could not be undone: {why_not}")
        if not bites:
            raise NotMeasured(wrong)
        steps = {"inject": injected - began, "bites": bitten - injected}
        if not fault.instant:
            steps |= {"undo": watched.undone - bitten, "healed": healed - watched.undone}
        for step, seconds in steps.items():
            taken[step].append(1000 * seconds)
    return taken


class _Watched:
    """All that healing needs of a fault, and the moment when its last undo was over."""

    def __init__(self, fault: AnyFault) -> None:
        self._fault = fault
        self.undone = 0.0

    def undo(self, record: StrictModel, lab: Lab) -> None:
        self._fault.undo(record, lab)
        self.undone = time.monotonic()

    def healed(self, record: StrictModel, lab: Lab) -> str | None:
        return self._fault.healed(record, lab)


FIGURE = Figure("faults", "inject, bite, undo and healing of one fault of each family on a real lab", measure)
