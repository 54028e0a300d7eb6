"""Finds faults: every module of this package may define some, and no list is kept anywhere."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

import harness.faults
from harness.faults.base import AnyFault, Fault


@cache
def _all() -> dict[str, AnyFault]:
    for module in pkgutil.iter_modules(harness.faults.__path__):
        importlib.import_module(f"harness.faults.{module.name}")
    return {fault.name: fault for fault in sorted(_instances(Fault), key=lambda found: found.name)}


def _instances(base: type[Any]) -> list[AnyFault]:
    found: list[AnyFault] = []
    for subclass in base.__subclasses__():
        shared = subclass.__name__.startswith("_")  # what the faults of a family have in common
        if not shared and not inspect.isabstract(subclass):
            found.append(subclass())
        found.extend(_instances(subclass))
    return found


def fault_names() -> tuple[str, ...]:
    return tuple(_all())


def get(name: str) -> AnyFault:
    """The fault called *name*. Raises KeyError for an unknown one."""
    return _all()[name]
