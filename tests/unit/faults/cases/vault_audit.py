from __future__ import annotations

from collections.abc import Mapping

from harness.faults.ports import Answer, Disk
from harness.faults.vault_audit import ABSENT, CLEAN, DEVICE, FULL, MEMORY, NO_SPACE, NO_TABLE, REPAIR, STUCK, WELL
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

STDOUT = {
    "type": "file",
    "description": "",
    "local": False,
    "options": {"file_path": "stdout", "hmac_accessor": "false", "log_raw": "false"},
}
MIB = 1 << 20


class Sinks:
    """The audit devices of the fake Vault, and the folder in its container that lockout's own writes to."""

    def __init__(self, lab: FakeLab) -> None:
        self.lab = lab
        self.folder = "none"  # none, well, full, stuck, absent
        lab.containers.disks[MEMORY] = Disk(64 * MIB, 64 * MIB)
        vault = lab.the_vault
        vault.tree["sys/audit"] = {"stdout/": STDOUT}
        for path in ("stdout", DEVICE):
            vault.on_write[f"sys/audit/{path}"] = lambda values, path=path: self.enable(path, values)  # type: ignore[misc]
            vault.on_delete[f"sys/audit/{path}"] = lambda path=path: self.devices.pop(f"{path}/")  # type: ignore[misc]
        vault.refusal = lambda path: self.refusal()
        vault.active = lambda: not (self.alone and self.folder == "absent")
        scripts = {FULL: "full", STUCK: "stuck", WELL: "well", ABSENT: "absent", REPAIR: "well", CLEAN: "none"}
        for script, state in scripts.items():
            lab.containers.answers[script] = lambda command, stdin, state=state: self.ran(state)  # type: ignore[misc]
        lab.containers.answers["/proc/1/status"] = lambda command, stdin: (
            "Name:\tvault\nUid:\t100\t100\nGid:\t1000\t1000\n"
        )

    @property
    def devices(self) -> dict[str, object]:
        return self.lab.the_vault.tree["sys/audit"]

    @property
    def alone(self) -> bool:
        return set(self.devices) == {f"{DEVICE}/"}

    def enable(self, path: str, values: Mapping[str, object]) -> Mapping[str, object]:
        assert f"{path}/" not in self.devices, "path already in use"
        self.devices[f"{path}/"] = values
        return {}

    def ran(self, state: str) -> str:
        self.folder = state
        if state == "full":
            self.lab.containers.log_lines["vault"] = [f"2026-11-22T10:00:00.5Z audit: {NO_SPACE}"]
        if state == "absent":
            self.lab.containers.log_lines["vault"] = [f"2026-11-22T10:00:01.5Z post-unseal setup failed: {NO_TABLE}"]
        return ""

    def refusal(self) -> Answer | None:
        if self.folder == "full" and self.alone:
            return Answer(500, 0.01, words="internal error")
        if self.folder == "stuck" and f"{DEVICE}/" in self.devices:
            return Answer(0, 2.0)
        if self.folder == "absent" and self.alone:
            return Answer(500, 0.01, words="local node not active")
        return None


def as_before(lab: FakeLab) -> bool:
    return lab.the_vault.is_serving() and lab.the_vault.tree["sys/audit"] == {"stdout/": STDOUT}


CASES = {
    "audit-sink-absent-at-restart": Case("vault", evidence=NO_TABLE, ready=Sinks, restored=as_before),
    "audit-sink-blocking": Case("vault", evidence="no answer in 2.0 s", ready=Sinks, restored=as_before),
    "audit-sink-full": Case("vault", evidence=NO_SPACE, ready=Sinks, restored=as_before),
}
