"""An identity provider of plain data."""

from __future__ import annotations

from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.fakes.containers import FakeContainers
from tests.unit.faults.fakes.world import World


class FakeIdp:
    def __init__(self, world: World, name: str, containers: FakeContainers) -> None:
        self._world = world
        self._name = name
        self._containers = containers
        self.keys = {"kid-1": True}  # kid -> published
        self.active = "kid-1"

    def _act(self) -> None:
        if not self.is_serving():
            raise EnvironmentUnusable(f"{self._name} gave no answer")

    def active_key(self) -> str:
        self._act()
        return self.active

    def published_keys(self) -> frozenset[str]:
        self._act()
        return frozenset(kid for kid, published in self.keys.items() if published)

    def rotate_key(self) -> str:
        self._act()
        self._world.write("rotate-key")
        self.active = f"kid-{len(self.keys) + 1}"
        self.keys[self.active] = True
        return self.active

    def publish_key(self, kid: str, published: bool) -> None:
        self._act()
        self._world.write(f"publish {kid} {published}")
        self.keys[kid] = published

    def is_serving(self) -> bool:
        return not self._world.silent and self._containers.states[self._name] == "running"
