"""What is particular to the faults of group A that are not of a container: audit devices, quotas, storage, leases."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.faults import registry, vault_audit
from harness.faults.ports import Answer, Disk, FaultNotPossible
from harness.faults.rate_limit import CONFIG, QUOTA, QUOTAS
from harness.faults.vault_audit import DEVICE, FOLDER, MEMORY, SINK
from harness.lab.errors import EnvironmentUnusable
from harness.lab.waiting import wait_for
from tests.unit.faults.cases import all_cases
from tests.unit.faults.cases.lease_restore_storm import LEASES, ROLE
from tests.unit.faults.cases.vault_audit import STDOUT
from tests.unit.faults.fakes import FakeLab

CASES = all_cases()
GIB = 1 << 30
AUDIT = ["audit-sink-full", "audit-sink-blocking", "audit-sink-absent-at-restart"]


def prepared(name: str, lab: FakeLab, **given: object) -> tuple[Any, Any, Any]:
    fault = registry.get(name)
    args = fault.Args.model_validate({**CASES[name].args, **given})
    return fault, fault.prepare("vault", args, lab), args


def injected(name: str, lab: FakeLab, **given: object) -> tuple[Any, Any]:
    fault, record, args = prepared(name, lab, **given)
    fault.inject(record, args, lab, Random(1))
    return fault, record


def ready(name: str) -> FakeLab:
    lab = FakeLab()
    CASES[name].ready(lab)
    return lab


def writes(lab: FakeLab, *words: str) -> list[str]:
    return [write for write in lab.writes if any(word in write for word in words)]


def audit_table(lab: FakeLab) -> dict[str, Any]:
    return lab.the_vault.tree["sys/audit"]


# What cannot be


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("audit-sink-full", lambda lab: lab.containers.disks.update({MEMORY: Disk(8 * GIB, GIB)}), "one of 8192 MiB"),
        ("audit-sink-full", lambda lab: lab.containers.disks.clear(), "has none"),
        ("vault-storage-full", lambda lab: lab.containers.disks.update({"/vault/file": Disk(GIB, GIB)}), "1024 MiB"),
        ("vault-storage-full", lambda lab: lab.containers.disks.clear(), "no /vault/file"),
        ("vault-storage-full", lambda lab: setattr(lab.the_vault, "survives_restart", False), "no unseal keys"),
        ("audit-sink-absent-at-restart", lambda lab: setattr(lab.the_vault, "_holds_keys", False), "no keys"),
        ("lease-restore-storm", lambda lab: setattr(lab.the_vault, "_holds_keys", False), "no keys"),
        ("lease-restore-storm", lambda lab: lab.containers.limits.update(vault=0.5), "limited to 0.5 processors"),
        ("lease-restore-storm", lambda lab: lab.the_vault.tree.update({ROLE: {}}), "already"),
        ("rate-limit-429", lambda lab: lab.the_vault.tree.update({f"{QUOTAS}/{QUOTA}": {"path": "x"}}), "already"),
        *(
            (name, lambda lab: lab.the_vault.tree["sys/audit"].update({f"{DEVICE}/": STDOUT}), "already")
            for name in AUDIT
        ),
    ],
)
def test_what_cannot_be_is_refused(name: str, spoil: Callable[[FakeLab], object], words: str) -> None:
    lab = ready(name)
    spoil(lab)
    with pytest.raises(FaultNotPossible, match=words):
        prepared(name, lab)


# Audit devices


@pytest.mark.parametrize("name", AUDIT)
def test_all_audit_devices_come_back_as_they_were_before_the_own_one_goes(name: str) -> None:
    lab = ready(name)
    other = {"type": "file", "description": "kept", "local": True, "options": {"file_path": "/vault/logs/a"}}
    lab.the_vault.tree["sys/audit"]["file/"] = other
    lab.the_vault.on_write["sys/audit/file"] = lambda values: (
        lab.the_vault.tree["sys/audit"].update({"file/": dict(values)}) or {}
    )
    lab.the_vault.on_delete["sys/audit/file"] = lambda: lab.the_vault.tree["sys/audit"].pop("file/")
    fault, record = injected(name, lab)
    begun = len(lab.writes)
    fault.undo(record, lab)
    assert lab.the_vault.tree["sys/audit"] == {"stdout/": STDOUT, "file/": other}
    assert lab.writes[begun:].index(f"delete sys/audit/{DEVICE}") > max(
        (i for i, write in enumerate(lab.writes[begun:]) if write.startswith("write sys/audit/")), default=-1
    )


def test_only_the_fault_that_needs_it_takes_the_other_devices_away() -> None:
    lab = ready("audit-sink-blocking")
    injected("audit-sink-blocking", lab)
    assert writes(lab, "delete") == []


def test_an_error_without_a_full_sink_is_no_proof() -> None:
    lab = ready("audit-sink-full")
    fault, record, _ = prepared("audit-sink-full", lab)
    lab.the_vault.refusal = lambda path: Answer(500, 0.01)
    assert fault.observe(record, lab) is None
    lab.containers.log_lines["vault"] = ["2026-11-22T09:00:00Z no space left on device: in an earlier life"]
    assert fault.observe(record, lab) is None
    lab.containers.log_lines["vault"] = ["2026-11-22T10:00:00Z no space left on device"]
    assert fault.observe(record, lab)


def test_a_sink_that_could_not_be_filled_ends_the_fault_and_not_the_audit() -> None:
    lab = ready("audit-sink-full")

    def not_full(command: object, stdin: str) -> str:
        raise EnvironmentUnusable("/dev/shm did not run full")

    lab.containers.answers[vault_audit.FULL] = not_full
    with pytest.raises(EnvironmentUnusable, match="did not run full"):
        injected("audit-sink-full", lab)
    assert lab.the_vault.tree["sys/audit"] == {"stdout/": STDOUT}


def test_a_late_answer_is_no_blocked_one() -> None:
    lab = ready("audit-sink-blocking")
    fault, record = injected("audit-sink-blocking", lab)
    lab.the_vault.refusal = lambda path: Answer(200, 1.9)
    assert fault.observe(record, lab) is None


def test_a_sealed_vault_has_not_lost_its_audit_device() -> None:
    lab = ready("audit-sink-absent-at-restart")
    fault, record = injected("audit-sink-absent-at-restart", lab)
    lab.the_vault.sealed = True
    assert fault.observe(record, lab) is None


def test_it_is_done_as_whoever_vault_runs_as() -> None:
    lab = ready("audit-sink-blocking")
    users: list[str] = []
    execute = lab.containers.execute

    def spied(service: str, command: list[str], stdin: str = "", user: str = "") -> str:
        users.append(user)
        return execute(service, command, stdin, user)

    lab.containers.execute = spied  # type: ignore[method-assign, assignment]
    injected("audit-sink-blocking", lab)
    assert users == ["", "100:1000"]


# The scripts, in a real shell


def sh(script: str, folder: Path) -> None:
    text = script.replace(FOLDER, str(folder))
    assert FOLDER not in text
    subprocess.run(["sh", "-c", text], check=True, timeout=20, stdin=subprocess.DEVNULL)


def test_the_stuck_pipe_blocks_its_writer_until_it_is_repaired(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    sink = folder / Path(SINK).name
    sh(vault_audit.STUCK, folder)
    writer = os.open(sink, os.O_WRONLY | os.O_NONBLOCK)
    try:
        assert os.write(writer, b"x" * 4096) == 4096, "Vault's first answers have room"
        with pytest.raises(BlockingIOError):
            os.write(writer, b"x" * 4096)
        sh(vault_audit.REPAIR, folder)
        drained = threading.Event()

        def write() -> None:
            os.set_blocking(writer, True)
            os.write(writer, b"x" * 300_000)
            drained.set()

        threading.Thread(target=write, daemon=True).start()
        assert drained.wait(10)
        pids = [int(word) for word in (folder / "pids").read_text().split()]
        assert len(pids) == 2
        sh(vault_audit.CLEAN, folder)
        assert not folder.exists()
        assert wait_for(lambda: not any(runs(pid) for pid in pids), 10)
    finally:
        os.close(writer)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("before", ["", vault_audit.WELL, vault_audit.ABSENT, vault_audit.WELL + vault_audit.ABSENT])
def test_a_repaired_sink_can_be_written_to_whatever_was_there(before: str, tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    if before:
        sh(before, folder)
    for _ in range(2):
        sh(vault_audit.REPAIR, folder)
        sink = folder / Path(SINK).name
        assert sink.is_symlink()
        assert sink.readlink() in (Path("/dev/stdout"), folder / "log")
    sh(vault_audit.CLEAN, folder)
    sh(vault_audit.CLEAN, folder)
    assert not folder.exists()


# Rate limits


def test_lockout_can_take_the_limit_away_at_any_time() -> None:
    lab = ready("rate-limit-429")
    fault, record = injected("rate-limit-429", lab, path="")
    assert "sys/quotas/*" in lab.the_vault.tree[CONFIG]["rate_limit_exempt_paths"]
    assert "sys/health" in lab.the_vault.tree[CONFIG]["rate_limit_exempt_paths"]
    fault.undo(record, lab)
    changes = [f"write {CONFIG}", f"write {QUOTAS}/{QUOTA}", f"delete {QUOTAS}/{QUOTA}", f"write {CONFIG}"]
    assert lab.writes == changes


def test_no_more_is_asked_for_than_it_takes_to_meet_the_limit() -> None:
    lab = ready("rate-limit-429")
    fault, record = injected("rate-limit-429", lab, rate=5)
    asked: list[str] = []
    lab.the_vault.refusal = lambda path: (asked.append(path) if path else None) or None
    assert fault.observe(record, lab) is None
    assert asked == ["auth/approle/login"] * 6


def test_a_limit_without_the_header_is_told_as_such() -> None:
    lab = ready("rate-limit-429")
    fault, record = injected("rate-limit-429", lab)
    lab.the_vault.refusal = lambda path: Answer(429, 0.01) if path else None
    assert "no Retry-After" in fault.observe(record, lab)


# Storage


def test_a_vault_that_ended_for_want_of_space_is_seen_and_started_again() -> None:
    lab = ready("vault-storage-full")
    fault, record = injected("vault-storage-full", lab)
    lab.containers.kill("vault")
    assert "has ended" in fault.observe(record, lab)
    fault.undo(record, lab)
    order = writes(lab, "write-files", "start", "rm -f", "unseal")
    assert [write.split()[0] for write in order] == ["write-files", "start", "run", "unseal"]
    assert fault.healed(record, lab)


def test_a_vault_that_ended_for_another_reason_proves_nothing() -> None:
    lab = ready("vault-storage-full")
    fault, record, _ = prepared("vault-storage-full", lab)
    lab.containers.kill("vault")
    assert fault.observe(record, lab) is None


def test_it_is_not_well_as_long_as_there_is_no_room() -> None:
    lab = ready("vault-storage-full")
    fault, record, _ = prepared("vault-storage-full", lab)
    assert fault.healed(record, lab)
    lab.containers.disks["/vault/file"] = replace(lab.containers.disks["/vault/file"], free=1000)
    assert fault.healed(record, lab) is None


def test_room_inside_vaults_own_files_is_used_up_too() -> None:
    lab = ready("vault-storage-full")
    vault, left = lab.the_vault, [3]

    def still_writes(path: str) -> Answer | None:
        left[0] -= 1
        return None if left[0] > 0 else Answer(500, 0.01, words="no space left on device")

    fault, record, args = prepared("vault-storage-full", lab)
    vault.active = lambda: left[0] > 0
    vault.refusal = still_writes
    fault.inject(record, args, lab, Random(1))
    assert len(writes(lab, "write cubbyhole")) == 2
    left[0] = 3  # it found more
    assert fault.observe(record, lab)
    assert len(writes(lab, "write cubbyhole")) == 4


# Leases


def test_fewer_leases_than_asked_for_are_no_storm() -> None:
    lab = ready("lease-restore-storm")
    fault, record = injected("lease-restore-storm", lab)
    del lab.the_vault.tree[f"{LEASES}/h0"]
    assert fault.observe(record, lab) is None


def test_what_an_earlier_start_said_is_no_proof() -> None:
    lab = ready("lease-restore-storm")
    fault, record = injected("lease-restore-storm", lab)
    lab.containers.starts["vault"] = 30
    assert fault.observe(record, lab) is None


def test_vault_is_slow_from_its_start_on_and_not_before() -> None:
    lab = ready("lease-restore-storm")
    injected("lease-restore-storm", lab)
    order = writes(lab, "kill", "limit-cpus", "start", "unseal")
    assert order == ["kill vault", "limit-cpus vault 0.05", "start vault", "unseal vault"]
