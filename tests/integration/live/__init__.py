"""How the live test aims each fault at a real lab: one module beside each of ``harness/faults``, with its ``AIMS``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import tests.integration.live as here
from tests.integration.live.aim import Aim


def all_aims() -> Mapping[str, Aim]:
    """Every aim by the name of its fault."""
    found: dict[str, Aim] = {}
    for module in pkgutil.iter_modules(here.__path__):
        found |= getattr(importlib.import_module(f"{here.__name__}.{module.name}"), "AIMS", {})
    return found
