"""Puts right what a run left whose process was killed: undoes from the ledger, then removes by label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import docker
from pydantic import ValidationError

from harness.faults import registry
from harness.history.redaction import Redactor
from harness.lab.bring_up import remove_by_label
from harness.lab.containers import RUN_LABEL, RunContainers
from harness.lab.engine import Candidate, Engine, reach_engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.owner import is_ours
from harness.lab.secrets import RunSecrets
from harness.lab.spec import load_spec
from harness.run.active import heal
from harness.run.folder import RunFolder
from harness.run.ledger import Intent, UndoLedger, outstanding
from harness.run.open_runs import OpenRun, close_mark, open_runs
from harness.scenario.problems import DocumentError

Say = Callable[[str], None]
LAB_LEFT = "its containers, networks and volumes"


@dataclass(frozen=True, slots=True)
class Healed:
    """What became of one run. ``undone`` and ``failed`` name faults, ``left`` what could not be removed."""

    run: str
    undone: tuple[str, ...]
    failed: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.left and not self.failed


def heal_runs(dead: Sequence[OpenRun], ensure: Callable[[], Engine], say: Say) -> list[Healed]:
    """Heal each of *dead* on the engine that it was on; one that cannot be healed keeps no other from it.

    *ensure* gives the engine to use where a mark names none, or one that has another address now. Raises
    EnvironmentUnusable when there is no engine for any of them.
    """
    at = {host: _engine_at(host) for host in {run.host for run in dead}}
    usual: Engine | None = None
    if None in at.values():
        try:
            usual = ensure()
        except EnvironmentUnusable:
            if not any(at.values()):
                raise
    results: list[Healed] = []
    for run in dead:
        engine = at[run.host] or (usual if usual is not None and _is_of(run, usual) else None)
        if engine is not None:
            results.append(heal_run(run, engine.client, say))
        else:
            where = run.host or "the usual place"
            results.append(Healed(run.run, (), (f"the engine it is on, at {where}, cannot be used",), (LAB_LEFT,)))
    return results


def _engine_at(host: str) -> Engine | None:
    found = reach_engine(Candidate(host, "the run's mark")) if host else None
    return found if isinstance(found, Engine) else None


def _is_of(run: OpenRun, engine: Engine) -> bool:
    """Whether *run* is on *engine*, as far as its mark tells; those of older versions name no engine."""
    return not run.host or engine.host == run.host or (run.engine != "" and engine.id == run.engine)


def heal_run(dead: OpenRun, client: docker.DockerClient, say: Say) -> Healed:
    """Undo and remove what *dead* left. A fault that cannot be undone any more goes with its container."""
    containers = RunContainers(dead.run, client)
    undone: list[str] = []
    failed: list[str] = []
    left: tuple[str, ...]
    try:
        for what, error in _undo_all(dead, containers, say):
            if error:
                failed.append(f"{what}: {error}")
            else:
                undone.append(what)
    except (EnvironmentUnusable, DocumentError, OSError, ValueError, KeyError, TypeError) as error:
        failed.append(f"faults that may be on, as {dead.folder} cannot be read: {error}")
    say(f"removing what is left of {dead.run}")
    try:
        left = remove_by_label(containers)
    except EnvironmentUnusable as error:
        left = (f"{LAB_LEFT}: {error.message}",)
    if not left:
        # With its containers gone, a fault that could not be undone is gone, too; it stays named in the result.
        _forget(dead.run)
    return Healed(dead.run, tuple(undone), tuple(failed), left)


def _undo_all(dead: OpenRun, containers: RunContainers, say: Say) -> Iterator[tuple[str, str]]:
    """Each fault that may be on, and why it could not be undone, if so. Raises whatever damaged files make of it."""
    folder = RunFolder(dead.folder)
    if not dead.folder.is_dir():
        raise FileNotFoundError("it is gone")
    if outstanding(folder.ledger):
        lab = RunningLab(load_spec(dead.folder), containers, RunSecrets(dead.run, Redactor()))
        yield from undo_outstanding(folder, lab, say)


def undo_outstanding(folder: RunFolder, lab: RunningLab, say: Say) -> Iterator[tuple[str, str]]:
    """Each fault that the ledger in *folder* calls on, the newest first, and why it could not be undone, if so."""
    ledger = UndoLedger(folder.ledger)
    for intent in outstanding(folder.ledger):
        what = f"{intent.fault} on {intent.target}"
        say(f"undoing {what}")
        error = _undo(intent, lab)
        if not error:
            with suppress(OSError):  # a full disk: whoever heals again will undo once more, which does no harm
                ledger.undone(intent.fault_id)
        yield what, error
    ledger.close()


def _undo(intent: Intent, lab: RunningLab) -> str:
    """Empty when the undo was seen to have worked, else why not."""
    try:
        fault = registry.get(intent.fault)
        record = fault.Record.model_validate_json(intent.record_json())
    except (KeyError, ValidationError) as error:
        return f"its ledger entry is of another version of lockout ({type(error).__name__})"
    proof, error_text = heal(fault, record, lab)
    return "" if proof else error_text


@dataclass(frozen=True, slots=True)
class Leftover:
    """How many containers, networks and volumes there are of a run, and whether the lockout of this user made them."""

    count: int
    ours: bool


def leftover_runs(client: docker.DockerClient) -> dict[str, Leftover]:
    """What there is of each run, by label, whoever started it. Raises EnvironmentUnusable."""
    filters: dict[str, str | list[str] | bool] = {"label": RUN_LABEL}

    def labels() -> list[dict[str, str] | None]:
        containers = client.containers.list(all=True, filters=filters, ignore_removed=True)
        others = [*client.networks.list(filters=filters), *client.volumes.list(filters=filters)]
        return [*(one.labels for one in containers), *((one.attrs or {}).get("Labels") for one in others)]

    found: dict[str, Leftover] = {}
    for one in RunContainers.ask(labels):
        run = (one or {}).get(RUN_LABEL)
        if run:
            known = found.get(run, Leftover(0, ours=True))
            found[run] = Leftover(known.count + 1, known.ours and is_ours(one))
    return found


def remove_run(run: str, client: docker.DockerClient) -> tuple[str, ...]:
    """Remove all of *run* without undoing anything; returns what would not go."""
    left = remove_by_label(RunContainers(run, client))
    if not left:
        _forget(run)
    return left


def _forget(run: str) -> None:
    RunSecrets(run, Redactor()).forget()
    close_mark(run)


def living_runs() -> frozenset[str]:
    """Runs whose process is alive on this machine."""
    return frozenset(entry.run for entry in open_runs() if entry.alive)
