from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.scenario.catalogue import (
    CatalogueEntry,
    UnknownScenarioError,
    find_scenarios,
    resolve_scenario,
    scenario_files,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("vault/vault-outage", "vault/revoked-token", "idp/idp-outage", "smoke"):
        path = tmp_path / f"{name}.scenario.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"name: {path.name.split('.')[0]}\nsummary: About {path.name.split('.')[0]}.\n")
    (tmp_path / "vault" / "notes.yaml").write_text("name: not-a-scenario\n")
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    (hidden / "old.scenario.yaml").write_text("name: old\n")
    return tmp_path


def test_scenarios_are_listed_by_group_and_name(root: Path) -> None:
    assert [(entry.group, entry.name, entry.summary) for entry in find_scenarios(root)] == [
        ("", "smoke", "About smoke."),
        ("idp", "idp-outage", "About idp-outage."),
        ("vault", "revoked-token", "About revoked-token."),
        ("vault", "vault-outage", "About vault-outage."),
    ]


def test_a_broken_file_is_listed_with_its_problem(root: Path) -> None:
    path = root / "vault" / "vault-outage.scenario.yaml"
    path.write_text("name: [")
    assert find_scenarios(root)[-1] == CatalogueEntry(
        "vault-outage",
        "vault",
        path,
        "",
        "vault-outage.scenario.yaml:1:8: not valid YAML: did not find expected node content, while parsing a flow node",
    )


def test_a_summary_that_is_no_text_is_left_out(root: Path) -> None:
    (root / "smoke.scenario.yaml").write_text("summary: [a]\n")
    assert find_scenarios(root)[0].summary == ""


def test_a_missing_folder_has_no_scenarios(tmp_path: Path) -> None:
    assert find_scenarios(tmp_path / "nowhere") == ()
    assert scenario_files(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("given", ["vault-outage", "vault/vault-outage", "vault-outage.scenario.yaml"])
def test_a_scenario_is_found_by_name(root: Path, given: str) -> None:
    assert resolve_scenario(given, root) == root / "vault" / "vault-outage.scenario.yaml"


def test_a_scenario_is_found_by_path(root: Path) -> None:
    path = root / "vault" / "vault-outage.scenario.yaml"
    assert resolve_scenario(str(path), root / "idp") == path


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("vault-outge", "unknown scenario 'vault-outge', did you mean 'vault-outage'?"),
        ("VAULT_OUTAGE", "unknown scenario 'VAULT_OUTAGE', did you mean 'vault-outage'?"),
        ("vault/revoked", "unknown scenario 'vault/revoked', did you mean 'vault/revoked-token'?"),
        ("quake", "unknown scenario 'quake'; known: idp-outage, revoked-token, smoke, vault-outage"),
        ("gone.scenario.yaml", "no such file: gone.scenario.yaml"),
    ],
)
def test_an_unknown_scenario_gets_a_suggestion(root: Path, given: str, message: str) -> None:
    with pytest.raises(UnknownScenarioError) as caught:
        resolve_scenario(given, root)
    assert str(caught.value) == message


def test_a_name_in_two_groups_is_ambiguous(root: Path) -> None:
    (root / "idp" / "vault-outage.scenario.yaml").write_text("name: vault-outage\n")
    with pytest.raises(UnknownScenarioError) as caught:
        resolve_scenario("vault-outage", root)
    assert str(caught.value) == "'vault-outage' could be any of: idp/vault-outage, vault/vault-outage"
    assert resolve_scenario("idp/vault-outage", root).parent.name == "idp"


def test_no_scenarios_at_all(tmp_path: Path) -> None:
    with pytest.raises(UnknownScenarioError) as caught:
        resolve_scenario("x", tmp_path)
    assert str(caught.value) == f"unknown scenario 'x'; there are no scenarios in {tmp_path}"


def test_listing_does_without_slow_imports() -> None:
    code = "import sys, harness.scenario.catalogue; print([m for m in ('pydantic', 'click') if m in sys.modules])"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
