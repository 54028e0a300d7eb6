from __future__ import annotations

from harness.faults.ports import Answer, Disk
from harness.faults.vault_storage import FILL, NO_SPACE
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

MIB = 1 << 20


class Volume:
    """A small volume with Vault's data, which Vault stops serving on when it is full."""

    def __init__(self, lab: FakeLab) -> None:
        self.full = False
        self._containers = lab.containers
        lab.containers.disks["/vault/file"] = Disk(64 * MIB, 63 * MIB)
        lab.containers.answers[FILL] = lambda command, stdin: self._fill(True)
        lab.containers.answers["rm -f"] = lambda command, stdin: self._fill(False)
        lab.the_vault.refusal = lambda path: Answer(500, 0.01, words=f"raft.db: {NO_SPACE}") if self.full else None
        lab.the_vault.active = lambda: not self.full

    def _fill(self, full: bool) -> str:
        self.full = full
        self._containers.disks["/vault/file"] = Disk(64 * MIB, 0 if full else 63 * MIB)
        self._containers.log_lines["vault"] = [f"2026-11-22T10:00:00.5Z raft: {NO_SPACE}"]
        return ""


CASES = {"vault-storage-full": Case("vault", evidence=NO_SPACE, ready=Volume)}
