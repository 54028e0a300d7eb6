"""Which faults, expectations and stop conditions a scenario may name: what the loader needs to know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel

from harness.scenario.base import LONGEST_FAULT, StrictModel

Holds = Callable[[str, Any], frozenset[str]]
"""What a fault has to itself while it lasts, given its target and its arguments."""


class FaultSource(Protocol):
    """The part of a fault that scenarios depend on. Classes and instances of ``harness.faults`` satisfy it."""

    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def Args(self) -> type[StrictModel]: ...  # noqa: N802 (a class, named by the registry)
    @property
    def instant(self) -> bool: ...
    @property
    def operator(self) -> bool: ...
    @property
    def summary(self) -> str: ...
    @property
    def longest(self) -> float: ...
    @property
    def holds(self) -> Holds: ...


class ExpectationSource(Protocol):
    """The part of an expectation that scenarios depend on."""

    @property
    def name(self) -> str: ...
    @property
    def Args(self) -> type[StrictModel]: ...  # noqa: N802
    @property
    def summary(self) -> str: ...


class StopSource(Protocol):
    """The part of a stop condition that scenarios depend on."""

    @property
    def name(self) -> str: ...
    @property
    def Args(self) -> type[BaseModel]: ...  # noqa: N802
    @property
    def summary(self) -> str: ...


def holds_nothing(target: str, args: StrictModel) -> frozenset[str]:
    """For faults that are in nobody's way."""
    del target, args
    return frozenset()


@dataclass(frozen=True, slots=True)
class FaultKind:
    name: str
    roles: frozenset[str]  # x-lockout roles it may be aimed at
    args: type[StrictModel]
    instant: bool = False  # cannot be taken back, so it has no duration
    operator: bool = False  # the planned act of a person
    summary: str = ""
    longest: float = LONGEST_FAULT  # seconds until it has to be undone
    holds: Holds = holds_nothing


@dataclass(frozen=True, slots=True)
class ExpectationKind:
    name: str
    args: type[StrictModel]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class StopKind:
    name: str
    args: type[BaseModel]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names a scenario may use, and the arguments each takes."""

    faults: Mapping[str, FaultKind]
    expectations: Mapping[str, ExpectationKind]
    stops: Mapping[str, StopKind]

    @classmethod
    def of(
        cls, faults: Iterable[FaultKind], expectations: Iterable[ExpectationKind], stops: Iterable[StopKind] = ()
    ) -> Vocabulary:
        return cls(
            MappingProxyType({kind.name: kind for kind in faults}),
            MappingProxyType({kind.name: kind for kind in expectations}),
            MappingProxyType({kind.name: kind for kind in stops}),
        )

    @classmethod
    def installed(cls) -> Vocabulary:
        """Everything the registries find. Imports them only now, because they are slow to import."""
        from harness.checks import registry as checks
        from harness.faults import registry as faults
        from harness.stops import registry as stops

        return cls.of(
            [_fault_kind(faults.get(name)) for name in faults.fault_names()],
            [_expectation_kind(checks.get(name)) for name in checks.names()],
            [_stop_kind(stops.get(name)) for name in stops.names()],
        )


def _fault_kind(source: FaultSource) -> FaultKind:
    return FaultKind(
        name=source.name,
        roles=source.roles,
        args=source.Args,
        instant=source.instant,
        operator=source.operator,
        summary=source.summary,
        longest=source.longest,
        holds=source.holds,
    )


def _expectation_kind(source: ExpectationSource) -> ExpectationKind:
    return ExpectationKind(name=source.name, args=source.Args, summary=source.summary)


def _stop_kind(source: StopSource) -> StopKind:
    return StopKind(name=source.name, args=source.Args, summary=source.summary)
