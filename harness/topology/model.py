"""The topology: the services of a system under test, and what lockout knows about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from harness.topology.break_glass import AnyProcedure
from harness.topology.services import (
    CaBlock,
    DatabaseBlock,
    DeskBlock,
    IdpBlock,
    ProxyBlock,
    ResourceBlock,
    WitnessBlock,
)
from harness.topology.vault import VaultBlock
from harness.topology.workload import AccessPath, WorkloadBlock

Block = (
    WorkloadBlock
    | VaultBlock
    | IdpBlock
    | ResourceBlock
    | DatabaseBlock
    | ProxyBlock
    | CaBlock
    | DeskBlock
    | WitnessBlock
)

EXTENSION = "x-lockout"

BLOCKS: Mapping[str, type[Block]] = MappingProxyType(
    {
        "workload": WorkloadBlock,
        "vault": VaultBlock,
        "idp": IdpBlock,
        "resource": ResourceBlock,
        "database": DatabaseBlock,
        "proxy": ProxyBlock,
        "ca": CaBlock,
        "desk": DeskBlock,
        "witness": WitnessBlock,
    }
)
"""The block each role has. The one list of roles."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A network a service is in, and the names it goes by there besides its own."""

    network: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    image: str  # empty when Compose builds it and no name is given
    block: Block | None  # None: lockout knows nothing about it
    networks: tuple[Attachment, ...] = ()
    depends_on: tuple[str, ...] = ()
    published: tuple[int, ...] = ()  # container ports that are published on the host

    @property
    def role(self) -> str | None:
        return self.block.role if self.block else None


@dataclass(frozen=True, slots=True)
class Topology:
    """What ``docker compose config`` and its ``x-lockout`` blocks describe."""

    services: Mapping[str, Service]
    sources: tuple[Path, ...] = ()
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what is in each of them
    procedures: Mapping[str, AnyProcedure] = field(default_factory=dict)  # emergency procedures by name

    @property
    def workloads(self) -> tuple[str, ...]:
        """Names of all workloads, sorted."""
        return tuple(service.name for service in self.by_role("workload"))

    def by_role(self, role: str) -> tuple[Service, ...]:
        """All services of *role*, sorted by name."""
        return tuple(self.services[name] for name in sorted(self.services) if self.services[name].role == role)

    def workload(self, name: str) -> WorkloadBlock:
        """The block of workload *name*. Raises KeyError when there is no such workload."""
        service = self.services.get(name)
        if service is None or not isinstance(service.block, WorkloadBlock):
            raise KeyError(name)
        return service.block

    def paths(self, workload: str) -> Mapping[str, AccessPath]:
        """The access paths of *workload* by name. Raises KeyError when there is no such workload."""
        return MappingProxyType({str(name): path for name, path in self.workload(workload).access.items()})

    def started_with(self, names: Iterable[str] | None) -> frozenset[str]:
        """What Compose starts for *names*: they and all they depend on; everything when *names* is None."""
        if names is None:
            return frozenset(self.services)
        started: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in self.services and name not in started:
                started.add(name)
                waiting.extend(self.services[name].depends_on)
        return frozenset(started)
