"""A lab that goes on running between two runs, and whether it is fit for the next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.history.redaction import Redactor
from harness.lab import inventory
from harness.lab.bring_up import ServiceImage, clear_workloads, tear_down
from harness.lab.containers import RunContainers
from harness.lab.errors import in_words
from harness.lab.lab import RunningLab
from harness.lab.project import Project
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.run.open_runs import Hold, close_mark
from harness.run.prepare import Prepared
from harness.topology.compose_output import read_config


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


def keeps_state(prepared: Prepared) -> bool:
    """Whether a workload writes to a volume that has a name: what it leaves there would be found by the next."""
    services = read_config(prepared.config).get("services")
    for settings in services.values() if isinstance(services, dict) else ():
        if (settings.get("x-lockout") or {}).get("role") != "workload":
            continue
        for mount in settings.get("volumes") or ():
            if mount.get("type") == "volume" and mount.get("source") and not mount.get("read_only"):
                return True
    return False


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
        except Exception as error:  # a new one is always right
            raise NotFit(in_words(error)) from error
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
