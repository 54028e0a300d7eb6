from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from harness.scenario.document import read_document
from harness.scenario.schema import SCHEMA_FILE, render, scenario_schema
from harness.scenario.vocabulary import Vocabulary

from .conftest import GOOD, VOCABULARY


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = scenario_schema(VOCABULARY)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def is_valid(validator: jsonschema.Draft7Validator, folder: Path, *edits: tuple[str, str]) -> bool:
    text = GOOD
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "x.scenario.yaml"
    path.write_text(text)
    return validator.is_valid(read_document(path).data)


def test_a_good_scenario_is_valid(validator: jsonschema.Draft7Validator, tmp_path: Path) -> None:
    assert is_valid(validator, tmp_path)
    assert is_valid(validator, tmp_path, ("lab.yaml", "[lab.yaml, more.yaml]"))
    assert is_valid(validator, tmp_path, ("vault-sealed", "static-role-rotated"), ("for: 20s", "with: {role: r}"))
    assert is_valid(validator, tmp_path, ("fault: vault-sealed", "operator: break-glass-opened"))


@pytest.mark.parametrize(
    "edit",
    [
        ("fault: vault-sealed", "fault: vault-seeled"),
        ("fault: vault-sealed", "operator: vault-sealed"),
        ("    fault: vault-sealed\n", ""),
        ("    on: vault", "    operator: break-glass-opened\n    on: vault"),
        ("    for: 20s\n", ""),
        ("fault: vault-sealed", "fault: token-revoked"),
        ("for: 20s", "for: 20"),
        ("for: 20s", "for: 20s\n    with: {how: reset}"),
        ("fault: vault-sealed\n    on: vault\n    for: 20s", "fault: static-role-rotated\n    on: vault"),
        ("re_authenticates: {within: 10s, after: undo}", "re_authenticates: {after: undo}"),
        ("re_authenticates:", "re_autenticates:"),
        ("recovers_without_restart: {}", "recovers_without_restart: {x: 1}"),
        ("- any_workload_down_for: 120s", "- {}"),
        ("summary:", "sumary:"),
        ("name: vault-outage", "name: Vault Outage"),
    ],
)
def test_what_the_loader_refuses_an_editor_marks(
    validator: jsonschema.Draft7Validator, tmp_path: Path, edit: tuple[str, str]
) -> None:
    assert not is_valid(validator, tmp_path, edit)


def test_an_entry_must_expect_something(validator: jsonschema.Draft7Validator, tmp_path: Path) -> None:
    nothing = ("    re_authenticates: {within: 10s, after: undo}\n    accepted", "    accepted")
    assert not is_valid(validator, tmp_path, nothing)


def test_the_schema_speaks_draft_07() -> None:
    text = render(VOCABULARY)
    assert '"$schema": "http://json-schema.org/draft-07/schema#"' in text
    assert "$defs" not in text
    assert "prefixItems" not in text


def test_defaults_are_written_as_a_user_would() -> None:
    properties = scenario_schema(VOCABULARY)["properties"]
    assert properties["observe_for"]["default"] == "10s"


def test_the_schema_in_the_repository_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == render(Vocabulary.installed()), (
        "run: python -m harness.scenario.schema"
    )
