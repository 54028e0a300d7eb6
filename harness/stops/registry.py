"""Finds the stop conditions: every module of this package that registers one. No list is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

import harness.stops
from harness.stops.view import StopView

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Stop(Generic[A]):
    """One kind of stop condition. ``trips(view, args)`` is pure, and says why the run is to end, or None."""

    name: str
    Args: type[A]
    trips: Callable[[StopView, A], str | None]
    summary: str


_registered: dict[str, Stop[Any]] = {}


def stop(
    name: str, args: type[A]
) -> Callable[[Callable[[StopView, A], str | None]], Callable[[StopView, A], str | None]]:
    """Register the decorated function as the stop condition *name*, whose arguments are *args*.

    The first line of its docstring is what users read about it.
    """

    def register(trips: Callable[[StopView, A], str | None]) -> Callable[[StopView, A], str | None]:
        if name in _registered and _registered[name].trips.__module__ != trips.__module__:
            raise ValueError(f"two stop conditions are called {name!r}")
        _registered[name] = Stop(name, args, trips, (trips.__doc__ or "").strip().partition("\n")[0])
        return trips

    return register


@cache
def _discover() -> dict[str, Stop[Any]]:
    for module in pkgutil.iter_modules(harness.stops.__path__, "harness.stops."):
        importlib.import_module(module.name)
    return dict(sorted(_registered.items()))


def names() -> tuple[str, ...]:
    """The names of all stop conditions, sorted."""
    return tuple(_discover())


def get(name: str) -> Stop[Any]:
    """The stop condition called *name*. Raises KeyError for an unknown one."""
    return _discover()[name]
