"""The engine knows nothing of its sample workloads: somebody else's system, described from outside, is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.history.events import ContainerEvent, Sample, VaultRequest
from harness.history.reader import read_events
from harness.lab.containers import RUN_LABEL
from harness.lab.engine import ensure_engine
from harness.lab.progress import PlainLines

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "bring-your-own"
PROPER, SLOPPY = "invoice-mailer", "invoice-archiver"
THEIRS = ("compose.yaml", "app", "setup")


def lockout(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from harness.cli.main import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def run(scenario: str, runs: Path) -> tuple[dict[str, Any], Path]:
    """run.json and the folder of a run of *scenario* that went well."""
    done = lockout("run", str(EXAMPLE / f"{scenario}.scenario.yaml"), "--runs", str(runs), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = runs.iterdir()
    summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert json.loads(done.stdout) == summary
    return summary, folder


def left_of(run_id: str) -> list[str]:
    client = ensure_engine(PlainLines()).client
    label: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={run_id}"}
    found = [*client.containers.list(all=True, filters=label), *client.networks.list(filters=label)]
    return [str(entry.name) for entry in (*found, *client.volumes.list(filters=label))]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("scenario", "claims"),
    [
        ("token-revoked", {"re_authenticates", "stays_available", "revoked_within", "recovers_without_restart"}),
        ("vault-paused", {"re_authenticates", "keeps_serving_cached", "no_secret_leak", "recovers_without_restart"}),
    ],
)
def test_the_proper_service_passes_and_the_sloppy_one_really_fails(
    scenario: str, claims: set[str], tmp_path: Path
) -> None:
    summary, folder = run(scenario, tmp_path / "runs")
    workloads = {entry["workload"]: entry for entry in summary["workloads"]}
    assert workloads[PROPER]["status"] == "pass"
    assert workloads[PROPER]["how"] == "re-authenticated"
    assert not workloads[PROPER]["locked_out"]
    assert workloads[SLOPPY]["status"] == "accepted"
    assert workloads[SLOPPY]["locked_out"]
    assert summary["verdict"] == "pass"

    results = [(entry["workload"], entry["expectation"], entry["status"]) for entry in summary["results"]]
    assert {name for workload, name, status in results if (workload, status) == (PROPER, "pass")} == claims
    assert [entry for entry in results if entry[0] == SLOPPY] == [(SLOPPY, "re_authenticates", "accepted")]

    known_from_outside_only(folder)
    keeps_nothing_of_theirs(folder)
    assert left_of(summary["run"]) == []


def known_from_outside_only(folder: Path) -> None:
    """Samples carry nothing in the workloads' own words, and Vault's audit log alone says who asked for what."""
    events = list(read_events(folder / "events.jsonl"))
    samples = [event for event in events if isinstance(event, Sample)]
    assert {sample.workload for sample in samples} == {PROPER, SLOPPY}
    assert {(sample.path, sample.credential, sample.instance) for sample in samples} == {("", "", "")}
    asked = [event for event in events if isinstance(event, VaultRequest) and event.workload]
    assert {event.source for event in asked} == {"vault-audit/vault"}
    assert {event.workload for event in asked if event.path == "billing/data/signing"} == {PROPER, SLOPPY}
    started = {event.service for event in events if isinstance(event, ContainerEvent) and event.action == "start"}
    assert started == {"vault", "vault-setup", PROPER, SLOPPY}


def keeps_nothing_of_theirs(folder: Path) -> None:
    """Compose fills in variables, among them secrets; what a run keeps of its output is less than that."""
    kept = (folder / "lab" / "config.yaml").read_text(encoding="utf-8")
    assert "x-lockout" in kept
    assert "invoices-dev" not in kept
    assert "VAULT_TOKEN" not in kept


def test_their_files_do_not_know_lockout_and_lockout_does_not_know_theirs() -> None:
    files = [path for name in THEIRS for path in (EXAMPLE / name, *(EXAMPLE / name).rglob("*")) if path.is_file()]
    assert len(files) >= len(THEIRS)
    assert [path.name for path in files if b"lockout" in path.read_bytes().lower()] == []
    ours = {path: path.read_text(encoding="utf-8") for path in (ROOT / "harness").rglob("*.py")}
    assert ours
    theirs = (PROPER, SLOPPY, f"examples/{EXAMPLE.name}")
    assert [path for path, text in ours.items() if any(word in text for word in theirs)] == []
