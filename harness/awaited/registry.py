"""Finds the observations: every module of this package that registers one. No list is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import harness.awaited
from harness.awaited.args import AwaitedArgs
from harness.awaited.view import View

A = TypeVar("A", bound=AwaitedArgs)
Sees = Callable[[View, A], str | None]


@dataclass(frozen=True, slots=True)
class Observation(Generic[A]):
    """One thing that a step may wait for. ``seen(view, args)`` is pure, and gives the evidence, or None as yet."""

    name: str
    Args: type[A]
    seen: Sees[A]
    summary: str


_registered: dict[str, Observation[Any]] = {}


def observation(name: str, args: type[A]) -> Callable[[Sees[A]], Sees[A]]:
    """Register the decorated function as the observation *name*, whose arguments are *args*.

    The first line of its docstring is what users read about it.
    """

    def register(seen: Sees[A]) -> Sees[A]:
        if name in _registered and _registered[name].seen.__module__ != seen.__module__:
            raise ValueError(f"two observations are called {name!r}")
        _registered[name] = Observation(name, args, seen, (seen.__doc__ or "").strip().partition("\n")[0])
        return seen

    return register


@cache
def _discover() -> dict[str, Observation[Any]]:
    for module in pkgutil.iter_modules(harness.awaited.__path__, "harness.awaited."):
        importlib.import_module(module.name)
    return dict(sorted(_registered.items()))


def names() -> tuple[str, ...]:
    """The names of all observations, sorted."""
    return tuple(_discover())


def get(name: str) -> Observation[Any]:
    """The observation called *name*. Raises KeyError for an unknown one."""
    return _discover()[name]
