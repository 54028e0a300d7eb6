"""Plays cells of the matrix on one lab, and looks whether it is as good as new after each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

import msgspec

from harness.faults import registry
from harness.faults.ports import FaultNotPossible
from harness.history.events import EngineLost, FaultObserved
from harness.history.reader import read_events
from harness.lab import inventory
from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.plugins import Compose
from harness.lab.waiting import wait_for
from harness.run import active
from harness.run.folder import RunFolder
from harness.run.healing import heal_run, undo_outstanding
from harness.run.ledger import outstanding
from harness.run.open_runs import OpenRun
from tests.integration.labs import WHOLE, brought_up, seen_by_another_process, works
from tests.integration.live import all_aims
from tests.matrix.cell import Order
from tests.matrix.endings import ENDINGS, Ending, Process
from tests.matrix.engine import Refused, cannot_restart, on_it

ROOT = Path(__file__).resolve().parents[2]
BITES_WITHIN = 40.0  # seconds from the start of the process
ENDS_WITHIN = 90.0
NOBODY_WAITS = 60.0  # so long
BACK_WITHIN = 40.0


@dataclass(frozen=True)
class Cell:
    family: str
    fault: str
    ending: str

    def __str__(self) -> str:
        return f"{self.fault} × {self.ending}"


@dataclass(frozen=True)
class Played:
    """``wrong`` is empty when everything is as it was."""

    cell: Cell
    wrong: tuple[str, ...]


def fault_of_each_family() -> dict[str, str]:
    """By family, its first fault that can be undone, or just its first."""
    families: dict[str, list[str]] = {}
    for name in all_aims():
        families.setdefault(registry.get(name).family, []).append(name)
    return {
        family: min(names, key=lambda name: (registry.get(name).instant, name))
        for family, names in sorted(families.items())
    }


def all_cells() -> list[Cell]:
    """One fault of every family with every ending."""
    return [Cell(family, fault, ending) for family, fault in fault_of_each_family().items() for ending in ENDINGS]


def sample(cells: Sequence[Cell], seed: int) -> list[Cell]:
    """One ending of those in *cells* for every family, so that each comes about equally often."""
    rng = Random(seed)
    families = sorted({cell.family for cell in cells})
    known = list(dict.fromkeys(cell.ending for cell in cells))
    endings = known * (len(families) // len(known) + 1)
    rng.shuffle(endings)
    wanted = dict(zip(families, endings, strict=False))
    return [cell for cell in cells if wanted[cell.family] == cell.ending]


def on_one_lab(cells: Sequence[Cell]) -> list[Cell]:
    """Those after which the lab goes on."""
    return [cell for cell in cells if not ENDINGS[cell.ending].ends_lab]


def on_their_own(cells: Sequence[Cell]) -> list[Cell]:
    """Those that no lab outlives."""
    return [cell for cell in cells if ENDINGS[cell.ending].ends_lab]


def play_alone(cell: Cell, number: int, home: Path, engine: Engine, compose: Compose) -> Played:
    """*cell* in a lab of its own. As ``lockout heal`` it undoes what can be, and then removes the lab, whole.

    Afterwards the engine may have no container, network or volume, of whatever name or label, that it had not before;
    and heal must have known of the fault, unless the process could still undo it: Vault and the others answer for a
    moment longer than their engine. Raises Refused.
    """
    if reason := cannot_restart(engine.client):
        raise Refused(reason)
    before = on_it(engine.client)
    with brought_up(WHOLE, home, engine, compose) as lab:
        board = Board(lab, home)
        wrong = list(board.without_access())
        wrong += board.play_out(cell, number, lab.spec.folder)
        on = [f"{intent.fault} on {intent.target}" for intent in outstanding(RunFolder(lab.spec.folder).ledger)]
        with patch.object(active, "UNDO_DEADLINE", ENDINGS[cell.ending].undo_within):  # nothing can be undone any more
            healed = heal_run(OpenRun(lab.spec.run, lab.spec.folder, alive=False), engine.client, lambda text: None)
        named = {what.partition(": ")[0] for what in (*healed.undone, *healed.failed)}
        wrong += [f"heal did not know of {what}" for what in on if what not in named]
        wrong += [f"heal left {left}" for left in sorted({*healed.left, *(on_it(engine.client) - before)})]
    return Played(cell, tuple(wrong))


class Board:
    """Cells are played on *lab*, which must be as new."""

    def __init__(self, lab: RunningLab, home: Path) -> None:
        self._lab = lab
        self._home = home
        self._as_new = inventory.take(lab)

    def play(self, cell: Cell, number: int) -> Played:
        """One cell, after which the lab must be as new."""
        home = self._home / f"{number}-{cell.fault}-{cell.ending}"
        home.mkdir(parents=True)
        return Played(cell, (*self.play_out(cell, number, home), *self._not_as_new()))

    def play_out(self, cell: Cell, number: int, home: Path) -> tuple[str, ...]:
        """One cell, in a process of its own, to its end, and what went wrong; its run folder is *home*."""
        ending, aim = ENDINGS[cell.ending], all_aims()[cell.fault]
        trigger = home / "trigger"
        order = Order(
            lab=str(self._lab.spec.folder),
            secrets=str(self._lab.secrets.path.parent),
            folder=str(home),
            trigger=str(trigger),
            ending=cell.ending,
            fault=cell.fault,
            target=aim.target,
            args=dict(aim.args),
            lasts=aim.lasts if ending.in_time else NOBODY_WAITS,
            undo_within=ending.undo_within,
            verify_within=ending.verify_within,
            seed=number,
        )
        (home / "order.json").write_bytes(msgspec.json.encode(order))
        with (home / "out").open("w", encoding="utf-8") as out:
            process: Process = subprocess.Popen(
                [sys.executable, "-m", "tests.matrix.cell", str(home / "order.json")],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # a Ctrl-C is for who plays: it would be an ending that was not asked for
            )
            try:
                return tuple(self._to_its_end(process, cell, ending, trigger, RunFolder(home)))
            finally:
                process.kill()
                process.wait()

    def _to_its_end(
        self, process: Process, cell: Cell, ending: Ending, trigger: Path, folder: RunFolder
    ) -> Iterator[str]:
        aim = all_aims()[cell.fault]

        def bites() -> bool:
            if any(isinstance(event, FaultObserved) for event in _events(folder)):
                return True
            if _injected(folder):
                aim.bite(self._lab)
            return process.poll() is not None

        if wait_for(bites, BITES_WITHIN, poll=0.1) is None or not _observed(folder):
            yield f"the fault was not seen to bite: {_last_words(folder)}"
        ending.bring_about(process, trigger, self._lab, aim.target)
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            yield f"still going on {ENDS_WITHIN:g} s later"
            process.kill()
            process.wait()
        if (
            ending.word
            and not _last_words(folder).startswith(f"{ending.word}:")
            and (ending.ends_lab or not ending.heals)
        ):
            yield f"it did not end as {ending.word}: {_last_words(folder)}"
        if not ending.word and not ending.heals and process.returncode == 0:
            yield "it ended as if nothing had happened"
        if ending.name == "target-dies":
            self._revive(aim.target)
        left = outstanding(folder.ledger)
        if left and not ending.heals:
            yield f"{left[0].fault} counts as on"
        if ending.ends_lab:
            if not any(isinstance(event, EngineLost) for event in _events(folder)):
                yield "it did not see that the engine was gone"
            return
        for what, error in undo_outstanding(folder, seen_by_another_process(self._lab), lambda text: None):
            if error:
                yield f"heal could not undo {what}: {error}"

    def _revive(self, target: str) -> None:
        """What whoever runs the system does about a container that died."""
        if self._lab.containers.state(target) != "running":
            self._lab.containers.start(target)
        if self._lab.spec.topology.services[target].role == "vault":
            wait_for(lambda: self._lab.vault(target).status() is not None, BACK_WITHIN)
            self._lab.vault(target).unseal()

    def without_access(self) -> Iterator[str]:
        """Workloads that do not come back."""

        def without() -> list[str]:
            return [name for name in self._lab.workloads() if not works(self._lab, name)]

        if wait_for(lambda: not without(), BACK_WITHIN, poll=0.2) is None:
            yield f"without access: {', '.join(without())}"

    def _not_as_new(self) -> Iterator[str]:
        yield from self.without_access()
        try:
            yield from inventory.differences(self._as_new, inventory.take(self._lab))
        except (EnvironmentUnusable, FaultNotPossible) as error:
            yield f"it cannot be told whether the lab is as new: {error}"


def _events(folder: RunFolder) -> list[object]:
    return list(read_events(folder.events)) if folder.events.exists() else []


def _injected(folder: RunFolder) -> bool:
    return any(json.loads(line)["entry"] == "intent" for line in _lines(folder.ledger))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _observed(folder: RunFolder) -> bool:
    return any(isinstance(event, FaultObserved) for event in _events(folder))


def _last_words(folder: RunFolder) -> str:
    lines = [line for line in _lines(folder.path / "out") if line.strip()]
    return lines[-1] if lines else "(nothing)"
