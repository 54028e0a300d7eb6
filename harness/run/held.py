"""A lab that goes on running between two runs, and whether it is fit for the next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.history.redaction import Redactor
from harness.lab import inventory
from harness.lab.bring_up import ServiceImage, clear_workloads, tear_down
from harness.lab.containers import RunContainers
from harness.lab.errors import EnvironmentUnusable, in_words
from harness.lab.lab import RunningLab
from harness.lab.project import Project
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.run.open_runs import Hold, close_mark
from harness.run.prepare import Prepared


class NotFit(Exception):  # noqa: N818 (reads as what it says)
    """The lab cannot be used once more; the message says why."""


@dataclass(frozen=True, slots=True)
class LabKey:
    """Runs with equal keys can share a lab: the same Compose files, merged to the same project."""

    files: tuple[Path, ...]
    config: str

    @classmethod
    def of(cls, prepared: Prepared) -> LabKey:
        return cls(tuple(file.resolve() for file in prepared.loaded.topology_files), prepared.config)


@dataclass(slots=True)
class HeldLab:
    """Everything of a lab that outlives the run it was made for. ``spec.folder`` is that of the last run."""

    key: LabKey
    spec: LabSpec
    project: Project
    containers: RunContainers
    redactor: Redactor
    secrets: RunSecrets
    images: tuple[ServiceImage, ...]
    as_new: inventory.Inventory
    hold: Hold
    alone: ExitStack  # the lock by which no other lab comes up beside it

    def make_fit(self) -> None:
        """Clear it of workloads and their tokens, and compare it with what it was when new. Raises NotFit."""
        lab = RunningLab(self.spec, self.containers, self.secrets)
        try:
            clear_workloads(lab)
            changed = inventory.differences(self.as_new, inventory.take(lab))
        except EnvironmentUnusable as error:
            raise NotFit(error.message) from error
        if changed:
            raise NotFit("; ".join(changed))

    def remove(self) -> tuple[str, ...]:
        """Remove it, once. Never raises: returns what is left, in words."""
        try:
            left = tear_down(self.spec, self.project, self.containers)
            if not left:
                self.secrets.forget()
                close_mark(self.spec.run)
        except Exception as error:  # noqa: BLE001 (whatever it is, the mark of the run must stay)
            left = (f"containers of run {self.spec.run} ({in_words(error)})",)
        finally:
            self.hold.release()
            self.alone.close()
        return left
