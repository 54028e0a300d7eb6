"""Plays cells of the matrix on one lab, and looks whether it is as good as new after each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec

from harness.faults import registry
from harness.history.events import FaultObserved
from harness.history.reader import read_events
from harness.lab import inventory
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.waiting import wait_for
from harness.run.folder import RunFolder
from harness.run.healing import undo_outstanding
from harness.run.ledger import outstanding
from tests.integration.labs import seen_by_another_process, works
from tests.integration.live import all_aims
from tests.matrix.cell import Order
from tests.matrix.endings import ENDINGS, Ending, Process

ROOT = Path(__file__).resolve().parents[2]
BITES_WITHIN = 40.0  # seconds from the start of the process
ENDS_WITHIN = 90.0
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


def all_cells() -> list[Cell]:
    """One fault of every family, the first that can be undone where there is one, with every ending."""
    families: dict[str, list[str]] = {}
    for name in all_aims():
        families.setdefault(registry.get(name).family, []).append(name)
    chosen = {
        family: min(names, key=lambda name: (registry.get(name).instant, name)) for family, names in families.items()
    }
    return [Cell(family, fault, ending) for family, fault in sorted(chosen.items()) for ending in ENDINGS]


def sample(cells: Sequence[Cell], seed: int) -> list[Cell]:
    """One ending for every family, so that each ending comes about equally often."""
    rng = Random(seed)
    families = sorted({cell.family for cell in cells})
    endings = list(ENDINGS) * (len(families) // len(ENDINGS) + 1)
    rng.shuffle(endings)
    wanted = dict(zip(families, endings, strict=False))
    return [cell for cell in cells if wanted[cell.family] == cell.ending]


class Board:
    """Cells are played on *lab*, which must be as new."""

    def __init__(self, lab: RunningLab, home: Path) -> None:
        self._lab = lab
        self._home = home
        self._as_new = inventory.take(lab)

    def play(self, cell: Cell, number: int) -> Played:
        """One cell, in a process of its own."""
        home = self._home / f"{number}-{cell.fault}-{cell.ending}"
        home.mkdir(parents=True)
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
            lasts=ending.lasts,
            undo_within=ending.undo_within,
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
            )
            try:
                wrong = tuple(self._to_its_end(process, cell, ending, trigger, RunFolder(home)))
            finally:
                process.kill()
                process.wait()
        return Played(cell, (*wrong, *self._not_as_new()))

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
        if ending.word and not _last_words(folder).startswith(f"{ending.word}:") and not ending.heals:
            yield f"it did not end as {ending.word}: {_last_words(folder)}"
        if not ending.word and not ending.heals and process.returncode == 0:
            yield "it ended as if nothing had happened"
        if ending.name == "target-dies":
            self._revive(aim.target)
        left = outstanding(folder.ledger)
        if left and not ending.heals:
            yield f"{left[0].fault} counts as on"
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

    def _not_as_new(self) -> Iterator[str]:
        def without() -> list[str]:
            return [name for name in self._lab.workloads() if not works(self._lab, name)]

        if wait_for(lambda: not without(), BACK_WITHIN, poll=0.2) is None:
            yield f"without access: {', '.join(without())}"
        try:
            yield from inventory.differences(self._as_new, inventory.take(self._lab))
        except EnvironmentUnusable as error:
            yield error.message


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
