"""Which faults, expectations, stop conditions and observations a scenario may name: what the loader needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel

from harness.awaited.args import AwaitedArgs
from harness.scenario.base import LONGEST_FAULT, StrictModel
from harness.scenario.effect import UNFORESEEN, Effect

Holds = Callable[[str, Any], frozenset[str]]
"""What a fault has to itself while it lasts, given its target and its arguments."""

Services = Callable[[str, Any], frozenset[str]]
"""Services that a fault takes down, or needs up to be taken back, given its target and its arguments."""

Foresees = Callable[[str, Any], Effect | None]
"""What a fault takes away while it lasts, given its target and its arguments; None when no topology tells."""


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
    @property
    def takes_down(self) -> Services: ...
    @property
    def needs_up(self) -> Services: ...
    @property
    def effect(self) -> Foresees: ...
    @property
    def unforeseen(self) -> str: ...


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


class AwaitedSource(Protocol):
    """The part of an observation that scenarios depend on."""

    @property
    def name(self) -> str: ...
    @property
    def Args(self) -> type[AwaitedArgs]: ...  # noqa: N802
    @property
    def summary(self) -> str: ...


def nothing(target: str, args: StrictModel) -> frozenset[str]:
    """For faults that hold nothing, take nothing down or need nothing."""
    del target, args
    return frozenset()


def foresees_nothing(target: str, args: StrictModel) -> Effect | None:
    """For faults of which nobody can tell what they take away."""
    del target, args
    return None


@dataclass(frozen=True, slots=True)
class FaultKind:
    name: str
    roles: frozenset[str]  # x-lockout roles it may be aimed at
    args: type[StrictModel]
    instant: bool = False  # cannot be taken back, so it has no duration
    operator: bool = False  # the planned act of a person
    summary: str = ""
    longest: float = LONGEST_FAULT  # seconds until it has to be undone
    holds: Holds = nothing
    takes_down: Services = nothing
    needs_up: Services = nothing
    effect: Foresees = foresees_nothing
    unforeseen: str = UNFORESEEN


@dataclass(frozen=True, slots=True)
class ExpectationKind:
    name: str
    args: type[StrictModel]
    summary: str = ""

    @property
    def about_run(self) -> bool:
        """Whether it is about the run as a whole, and not about one workload."""
        return bool(getattr(self.args, "about_run", False))


class NamedKind(Protocol):
    """What may be written as a name with its arguments."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> type[BaseModel]: ...
    @property
    def summary(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StopKind:
    name: str
    args: type[BaseModel]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class AwaitedKind:
    name: str
    args: type[AwaitedArgs]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names a scenario may use, and the arguments each takes."""

    faults: Mapping[str, FaultKind]
    expectations: Mapping[str, ExpectationKind]
    stops: Mapping[str, StopKind]
    awaited: Mapping[str, AwaitedKind]

    @classmethod
    def of(
        cls,
        faults: Iterable[FaultKind],
        expectations: Iterable[ExpectationKind],
        stops: Iterable[StopKind] = (),
        awaited: Iterable[AwaitedKind] = (),
    ) -> Vocabulary:
        return cls(
            MappingProxyType({kind.name: kind for kind in faults}),
            MappingProxyType({kind.name: kind for kind in expectations}),
            MappingProxyType({kind.name: kind for kind in stops}),
            MappingProxyType({kind.name: kind for kind in awaited}),
        )

    @classmethod
    def installed(cls) -> Vocabulary:
        """Everything the registries find. Imports them only now, because they are slow to import."""
        from harness.awaited import registry as awaited
        from harness.checks import registry as checks
        from harness.faults import registry as faults
        from harness.stops import registry as stops

        return cls.of(
            [_fault_kind(faults.get(name)) for name in faults.fault_names()],
            [_expectation_kind(checks.get(name)) for name in checks.names()],
            [_stop_kind(stops.get(name)) for name in stops.names()],
            [_awaited_kind(awaited.get(name)) for name in awaited.names()],
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
        takes_down=source.takes_down,
        needs_up=source.needs_up,
        effect=source.effect,
        unforeseen=source.unforeseen,
    )


def _expectation_kind(source: ExpectationSource) -> ExpectationKind:
    return ExpectationKind(name=source.name, args=source.Args, summary=source.summary)


def _stop_kind(source: StopSource) -> StopKind:
    return StopKind(name=source.name, args=source.Args, summary=source.summary)


def _awaited_kind(source: AwaitedSource) -> AwaitedKind:
    return AwaitedKind(name=source.name, args=source.Args, summary=source.summary)
