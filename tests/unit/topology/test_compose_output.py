from __future__ import annotations

from pathlib import Path

import pytest

from harness.topology.compose_output import parse_config, read_config
from harness.topology.provision import Generated, KvSecrets
from harness.topology.vault import VaultBlock

from .conftest import COMPOSE


def test_the_key_on_stays_a_key() -> None:
    """Compose writes YAML 1.2, where it needs no quotes."""
    block = parse_config(COMPOSE, [Path("compose.yaml")]).services["vault"].block
    assert isinstance(block, VaultBlock)
    assert block.provision is not None
    kv = block.provision.secrets["kv"]
    assert isinstance(kv, KvSecrets)
    assert kv.entries["billing"]["password"] == Generated(generate="database-role", on="postgres", role="billing_app")


@pytest.mark.parametrize(
    ("written", "value"),
    [("no", "no"), ("on", "on"), ("true", True), ("False", False), ("8080", 8080), ("2027-06-30", "2027-06-30")],
)
def test_values_are_those_of_yaml_1_2(written: str, value: object) -> None:
    assert read_config(f"x: {written}") == {"x": value}


def test_doubled_dollars_are_taken_back() -> None:
    assert read_config("a: [{b: $$x costs $$$$5}]") == {"a": [{"b": "$x costs $$5"}]}


@pytest.mark.parametrize("text", ["", "[]", "hello"])
def test_what_is_no_mapping_is_an_empty_project(text: str) -> None:
    assert read_config(text) == {}
