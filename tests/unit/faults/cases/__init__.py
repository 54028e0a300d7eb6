"""How the contract test aims each fault: one module beside each module of ``harness/faults``, with its ``CASES``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import tests.unit.faults.cases as here
from tests.unit.faults.cases.case import Case


def all_cases() -> Mapping[str, Case]:
    """Every case by the name of its fault."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(here.__path__):
        found |= getattr(importlib.import_module(f"{here.__name__}.{module.name}"), "CASES", {})
    return found
