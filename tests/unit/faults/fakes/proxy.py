"""A fault proxy of plain data."""

from __future__ import annotations

from dataclasses import dataclass

from tests.unit.faults.fakes.world import World


@dataclass
class Cut:
    route: str
    clients: tuple[str, ...]
    how: str
    caught: int = 0


class FakeProxy:
    def __init__(self, world: World) -> None:
        self._world = world
        self.cuts: dict[str, Cut] = {}

    def cut(self, cut: str, route: str, clients: tuple[str, ...], how: str) -> None:
        self._world.write(f"cut {cut}")
        self.cuts[cut] = Cut(route, clients, how)

    def caught(self, cut: str) -> int | None:
        self._world.ask()
        return self.cuts[cut].caught if cut in self.cuts else None

    def heal(self, cut: str) -> None:
        self._world.write(f"heal {cut}")
        self.cuts.pop(cut, None)

    def connect(self, route: str, client: str) -> None:
        """A workload tries to get through."""
        for cut in self.cuts.values():
            if cut.route == route and (not cut.clients or client in cut.clients):
                cut.caught += 1
