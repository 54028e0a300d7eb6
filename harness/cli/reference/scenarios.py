"""The page about the scenarios that come with lockout."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from harness.cli.reference.markdown import table
from harness.scenario.catalogue import CatalogueEntry, find_scenarios
from harness.scenario.document import read_document
from harness.scenario.problems import ScenarioError

ROOT = Path(__file__).parents[3] / "scenarios"

TITLES = {
    "break-glass": "Break-glass",
    "failover": "Fail-over",
    "idp": "Identity provider and OIDC",
    "network": "Network, DNS, clock",
    "pki": "PKI and TLS",
    "rotation": "Rotation misfire",
    "state": "Vault state and configuration",
    "tokens": "Tokens and leases",
    "vault": "Vault availability",
    "workload": "Workload side and legacy",
}


def scenarios() -> list[str]:
    entries = find_scenarios(ROOT)
    lines = [
        "# Scenarios",
        "",
        f"The {len(entries)} scenarios in `scenarios/`, by folder. Each has at least one workload that is expected to",
        "come through, and at least one that makes a mistake found in a real project; that one is an accepted risk.",
        "`lockout plan NAME` shows what a run would do. Those with the same topology share a lab when they are run in",
        "one command.",
        "",
    ]
    for group, members in groupby(entries, key=lambda entry: entry.group):
        lines += [f"## {TITLES.get(group, group)}", ""]
        lines += table(("scenario", "what happens", "topology"), [_row(entry) for entry in members])
    return lines


def _row(entry: CatalogueEntry) -> tuple[str, str, str]:
    return f"`{entry.name}`", entry.summary, _topology(entry.path)


def _topology(path: Path) -> str:
    try:
        given = read_document(path).data.get("topology")
    except ScenarioError:
        return ""
    files = given if isinstance(given, list) else [given]
    return ", ".join(f"`{Path(str(file)).name}`" for file in files)
