"""Networks of plain data, in which the engine gives out the lowest address that is free."""

from __future__ import annotations

from collections.abc import Sequence

from harness.faults.ports import Endpoint
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.fakes.world import World

STAND_IN = "stand-in-"


class FakeNetworks:
    """In ``auth``, ``proxy`` answers to the names of Vault and of the identity provider, and the workloads are."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ends: dict[tuple[str, str], Endpoint] = {}
        for service, names in (
            ("orders", ("orders",)),
            ("proxy", ("proxy", "vault", "idp")),
            ("billing", ("billing",)),
        ):
            self._enter(service, "auth", names)
        self._enter("proxy", "upstream", ("proxy",))
        self._enter("vault", "upstream", ("vault",))  # where no workload is
        self._placed = 0

    def _enter(self, service: str, network: str, names: Sequence[str]) -> Endpoint:
        taken = {end.address for (_, where), end in self.ends.items() if where == network}
        address = next(f"10.1.0.{number}" for number in range(2, 255) if f"10.1.0.{number}" not in taken)
        self.ends[service, network] = Endpoint(service, network, tuple(names), address)
        return self.ends[service, network]

    def lookup(self, name: str, network: str = "auth") -> str:
        """The address under which a workload finds *name*; empty when there is none."""
        return next((end.address for end in self.ends.values() if end.network == network and name in end.names), "")

    def endpoints(self, service: str) -> tuple[Endpoint, ...]:
        self._world.ask()
        return tuple(end for (owner, _), end in self.ends.items() if owner == service)

    def answering(self, name: str) -> tuple[Endpoint, ...]:
        self._world.ask()
        return tuple(end for end in self.ends.values() if name in end.names)

    def leave(self, service: str, network: str) -> None:
        self._world.write(f"leave {service} {network}")
        if self.ends.pop((service, network), None) is None:
            raise EnvironmentUnusable(f"{service} is not in {network}")

    def join(self, service: str, network: str, names: Sequence[str]) -> None:
        self._world.write(f"join {service} {network} {' '.join(names)}")
        if (service, network) in self.ends:
            raise EnvironmentUnusable(f"{service} is in {network} already")
        self._enter(service, network, names)

    def stand_ins(self, network: str) -> tuple[Endpoint, ...]:
        self._world.ask()
        return tuple(end for end in self.ends.values() if end.service.startswith(STAND_IN) and end.network == network)

    def place_stand_in(self, network: str, like: str) -> Endpoint:
        self._world.write(f"place-stand-in {network}")
        assert (like, network) in self.ends
        self._placed += 1
        return self._enter(f"{STAND_IN}{self._placed}", network, ())

    def rename_stand_in(self, stand_in: Endpoint, names: Sequence[str]) -> None:
        self._world.write(f"rename-stand-in {' '.join(names)}")
        del self.ends[stand_in.service, stand_in.network]
        self._enter(stand_in.service, stand_in.network, names)

    def remove_stand_in(self, stand_in: Endpoint) -> None:
        self._world.write(f"remove {stand_in.service}")
        self.ends.pop((stand_in.service, stand_in.network), None)
