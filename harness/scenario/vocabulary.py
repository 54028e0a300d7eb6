"""Which faults and expectations a scenario may name: what the loader needs to know of the two registries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from harness.scenario.base import StrictModel


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


class ExpectationSource(Protocol):
    """The part of an expectation that scenarios depend on."""

    @property
    def name(self) -> str: ...
    @property
    def Args(self) -> type[StrictModel]: ...  # noqa: N802
    @property
    def summary(self) -> str: ...


@dataclass(frozen=True, slots=True)
class FaultKind:
    name: str
    roles: frozenset[str]  # x-lockout roles it may be aimed at
    args: type[StrictModel]
    instant: bool = False  # cannot be taken back, so it has no duration
    operator: bool = False  # the planned act of a person
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ExpectationKind:
    name: str
    args: type[StrictModel]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names a scenario may use, and the arguments each takes."""

    faults: Mapping[str, FaultKind]
    expectations: Mapping[str, ExpectationKind]

    @classmethod
    def of(cls, faults: Iterable[FaultKind], expectations: Iterable[ExpectationKind]) -> Vocabulary:
        return cls(
            MappingProxyType({kind.name: kind for kind in faults}),
            MappingProxyType({kind.name: kind for kind in expectations}),
        )

    @classmethod
    def installed(cls) -> Vocabulary:
        """Everything the two registries find. Imports them only now, because they are slow to import."""
        from harness.checks import registry as checks
        from harness.faults import registry as faults

        return cls.of(
            [_fault_kind(faults.get(name)) for name in faults.fault_names()],
            [_expectation_kind(checks.get(name)) for name in checks.names()],
        )


def _fault_kind(source: FaultSource) -> FaultKind:
    return FaultKind(
        name=source.name,
        roles=source.roles,
        args=source.Args,
        instant=source.instant,
        operator=source.operator,
        summary=source.summary,
    )


def _expectation_kind(source: ExpectationSource) -> ExpectationKind:
    return ExpectationKind(name=source.name, args=source.Args, summary=source.summary)
