"""The figures, one module each. A module here with ``FIGURE`` is one: there is no list."""

from __future__ import annotations

import importlib
import pkgutil

from benchmarks.result import Figure


def figures() -> dict[str, Figure]:
    """All figures by name, in the order of their names."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    found: list[Figure] = [module.FIGURE for module in modules if hasattr(module, "FIGURE")]
    return {figure.name: figure for figure in sorted(found, key=lambda figure: figure.name)}
