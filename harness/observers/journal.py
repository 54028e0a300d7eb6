"""Journals: what a component writes to its standard output about requests, one JSON object a line.

An observer of a journal is one module in this package with a parser registered for an ``x-lockout`` role. A parser
is pure: a line, a stamp and the attribution in, an event or nothing out.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import harness.observers
from harness.history.clock import Stamp
from harness.history.events import AnyEvent
from harness.observers.attribution import Attribution

Parser = Callable[[str, dict[str, Any], Stamp, Attribution], AnyEvent | None]


@dataclass(frozen=True, slots=True)
class Journal:
    """``name`` is the observer's name in events (``vault-audit``); ``parse`` gets the service, and the line's JSON."""

    name: str
    role: str
    parse: Parser


_found: dict[str, Journal] = {}


def journal(name: str, role: str) -> Callable[[Parser], Parser]:
    """Register the decorated parser for services whose role is *role*."""

    def register(parse: Parser) -> Parser:
        _found[role] = Journal(name, role, parse)
        return parse

    return register


@cache
def journals() -> dict[str, Journal]:
    """All journals by role."""
    for module in pkgutil.iter_modules(harness.observers.__path__):
        importlib.import_module(f"harness.observers.{module.name}")
    return dict(_found)


def parse_line(entry: Journal, service: str, line: str, stamp: Stamp, who: Attribution) -> AnyEvent | None:
    """The event that *line* tells of; None for lines that are no journal entries, or of no interest.

    Raises ValueError or RecursionError for one that begins like an entry and cannot be read, and whatever the parser
    does for one that is not as entries are.
    """
    if not line.startswith('{"'):
        return None
    return entry.parse(service, json.loads(line), stamp, who)
