"""Puts right what a run left whose process was killed: undoes from the ledger, then removes by label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import docker
from pydantic import ValidationError

from harness.faults import registry
from harness.history.redaction import Redactor
from harness.lab.bring_up import remove_by_label
from harness.lab.containers import RUN_LABEL, RunContainers
from harness.lab.lab import RunningLab
from harness.lab.secrets import RunSecrets
from harness.lab.spec import load_spec
from harness.run.active import heal
from harness.run.folder import RunFolder
from harness.run.ledger import Intent, UndoLedger, outstanding
from harness.run.open_runs import OpenRun, close_mark, open_runs

Say = Callable[[str], None]


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


def heal_run(dead: OpenRun, client: docker.DockerClient, say: Say) -> Healed:
    """Undo and remove what *dead* left. A fault that cannot be undone any more goes with its container."""
    folder = RunFolder(dead.folder)
    containers = RunContainers(dead.run, client)
    secrets = RunSecrets(dead.run, Redactor())
    undone: list[str] = []
    failed: list[str] = []
    intents = outstanding(folder.ledger)
    if intents:
        lab = RunningLab(load_spec(dead.folder), containers, secrets)
        ledger = UndoLedger(folder.ledger)
        for intent in intents:
            say(f"undoing {intent.fault} on {intent.target}")
            error = _undo(intent, lab)
            if error:
                failed.append(f"{intent.fault} on {intent.target}: {error}")
            else:
                ledger.undone(intent.fault_id)
                undone.append(f"{intent.fault} on {intent.target}")
        ledger.close()
    say(f"removing what is left of {dead.run}")
    left = remove_by_label(containers)
    if not left:
        # With its containers gone, a fault that could not be undone is gone, too; it stays named in the result.
        secrets.forget()
        close_mark(dead.run)
    return Healed(dead.run, tuple(undone), tuple(failed), left)


def _undo(intent: Intent, lab: RunningLab) -> str:
    """Empty when the undo was seen to have worked, else why not."""
    try:
        fault = registry.get(intent.fault)
        record = fault.Record.model_validate_json(intent.record_json())
    except (KeyError, ValidationError) as error:
        return f"its ledger entry is of another version of lockout ({type(error).__name__})"
    proof, error_text = heal(fault, record, lab)
    return "" if proof else error_text


def leftover_runs(client: docker.DockerClient) -> dict[str, int]:
    """How many containers, networks and volumes there are of each run, by label, whoever started it."""
    filters: dict[str, str | list[str] | bool] = {"label": RUN_LABEL}
    found: dict[str, int] = {}
    for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
        _count(found, container.labels)
    for network in client.networks.list(filters=filters):
        _count(found, (network.attrs or {}).get("Labels"))
    for volume in client.volumes.list(filters=filters):
        _count(found, (volume.attrs or {}).get("Labels"))
    return found


def _count(found: dict[str, int], labels: dict[str, str] | None) -> None:
    run = (labels or {}).get(RUN_LABEL)
    if run:
        found[run] = found.get(run, 0) + 1


def remove_run(run: str, client: docker.DockerClient) -> tuple[str, ...]:
    """Remove all of *run* without undoing anything; returns what would not go."""
    left = remove_by_label(RunContainers(run, client))
    if not left:
        RunSecrets(run, Redactor()).forget()
        close_mark(run)
    return left


def living_runs() -> frozenset[str]:
    """Runs whose process is alive on this machine."""
    return frozenset(entry.run for entry in open_runs() if entry.alive)
