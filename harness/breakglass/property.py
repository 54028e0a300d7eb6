"""The thirteen properties of break-glass: one module of ``properties`` each. No list is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import harness.breakglass.properties
from harness.breakglass.view import Drill
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Finding, inconclusive

Check = Callable[[Drill], Finding]


@dataclass(frozen=True, slots=True)
class Property:
    """``check`` is pure; missing evidence makes it inconclusive, never a pass. ``summary`` is one line for people."""

    number: int  # as in the failure catalogue, section 5
    name: str
    title: str
    check: Check
    summary: str


_found: dict[int, Property] = {}


def prop(number: int, name: str, title: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of a property. The first line of its docstring is its summary."""

    def register(check: Check) -> Check:
        if number in _found and _found[number].check.__module__ != check.__module__:
            raise ValueError(f"two checks are number {number}")
        summary = (check.__doc__ or "").strip().partition("\n")[0]
        _found[number] = Property(number, name, title, check, summary)
        return check

    return register


@cache
def properties() -> tuple[Property, ...]:
    """All of them, in the order of their numbers."""
    for module in pkgutil.iter_modules(harness.breakglass.properties.__path__):
        importlib.import_module(f"{harness.breakglass.properties.__name__}.{module.name}")
    return tuple(_found[number] for number in sorted(_found))


def judged(one: Property, drill: Drill) -> Finding:
    """What *one* comes to in *drill*. A check that crashes has shown nothing."""
    try:
        return one.check(drill)
    except CannotTellError as reason:
        return inconclusive(str(reason))
    except Exception as error:  # noqa: BLE001
        return inconclusive(f"the check crashed: {type(error).__name__}: {error}")
