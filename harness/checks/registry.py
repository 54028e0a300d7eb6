"""Finds the expectations: every module of this package that registers one. No list is kept anywhere."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import harness.checks
from harness.checks.verdict import Finding, inconclusive

if TYPE_CHECKING:
    from harness.checks.args import ExpectationArgs
    from harness.history.index import History

    A = TypeVar("A", bound=ExpectationArgs)
else:
    A = TypeVar("A")

S = TypeVar("S")
"""What a claim is about: the name of a workload or, if it is about the run, what was found about workloads."""


class CannotTellError(Exception):
    """Raised by a check when the evidence does not suffice; its message is the reason. Makes it inconclusive."""


@dataclass(frozen=True, slots=True)
class Expectation(Generic[A]):
    """One kind of claim. ``check(history, workload, args)`` is pure; ``summary`` is one line for people.

    If its ``Args`` are about the run as a whole, it is ``check(history, results, args)``, with the results of all
    claims about workloads.
    """

    name: str
    Args: type[A]
    check: Callable[[History, Any, A], Finding]
    summary: str


_registered: dict[str, Expectation[Any]] = {}


def expectation(
    name: str, args: type[A]
) -> Callable[[Callable[[History, S, A], Finding]], Callable[[History, S, A], Finding]]:
    """Register the decorated function as the check of the expectation *name*, whose arguments are *args*.

    The first line of its docstring is what users read about the expectation.
    """

    def register(check: Callable[[History, S, A], Finding]) -> Callable[[History, S, A], Finding]:
        @wraps(check)
        def telling(history: History, subject: S, args: A) -> Finding:
            try:
                return check(history, subject, args)
            except CannotTellError as reason:
                return inconclusive(str(reason))

        if name in _registered and _registered[name].check.__module__ != check.__module__:
            raise ValueError(f"two checks are called {name!r}")
        summary = (check.__doc__ or "").strip().partition("\n")[0]
        _registered[name] = Expectation(name, args, telling, summary)
        return telling

    return register


@cache
def _discover() -> dict[str, Expectation[Any]]:
    for module in pkgutil.iter_modules(harness.checks.__path__, "harness.checks."):
        importlib.import_module(module.name)
    return dict(sorted(_registered.items()))


def names() -> tuple[str, ...]:
    """The names of all expectations, sorted."""
    return tuple(_discover())


def get(name: str) -> Expectation[Any]:
    """The expectation called *name*.

    Raises:
        LookupError: there is none; the message says which name may be meant.
    """
    if found := _discover().get(name):
        return found
    near = difflib.get_close_matches(name, names(), 1)
    raise LookupError(f"unknown expectation {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
