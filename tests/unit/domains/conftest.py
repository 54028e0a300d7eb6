"""Topologies from Compose texts, without Compose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.topology.compose_output import parse_config
from harness.topology.model import Topology

Read = Callable[[str], Topology]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The topology of a Compose text, which then stands in ``compose.yaml``."""

    def _read(text: str) -> Topology:
        file = tmp_path / "compose.yaml"
        file.write_text(text, encoding="utf-8")
        return parse_config(text, [file])

    return _read
