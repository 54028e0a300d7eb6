"""Reads what ``docker compose config`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from harness.topology.model import Topology
from harness.topology.parse import parse_topology


class _Loader(yaml.CSafeLoader):
    """Reads ``on`` and ``2027-06-30`` as text, as Compose does, which need not quote them."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's way)
        first: [
            (tag, pattern)
            for tag, pattern in entries
            if not (tag.endswith(":bool") and first not in "tTfF") and not tag.endswith(":timestamp")
        ]
        for first, entries in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def read_config(text: str) -> Mapping[str, object]:
    """The merged Compose project as plain data.

    Compose writes a literal ``$`` as ``$$``, so that its output can be its input again; that is taken back.
    """
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)
    if not isinstance(document, dict):
        return {}
    plain = _unescaped(document)
    return plain if isinstance(plain, dict) else {}


def parse_config(text: str, sources: Sequence[Path]) -> Topology:
    """The topology in Compose's output *text*. Raises TopologyError with places in *sources*."""
    return parse_topology(read_config(text), sources)


def _unescaped(value: object) -> object:
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {str(key): _unescaped(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_unescaped(entry) for entry in value]
    return value
