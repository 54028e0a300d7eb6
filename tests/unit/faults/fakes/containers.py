"""Containers whose state is a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from harness.faults.ports import Disk, Variable
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.fakes.world import World


class FakeContainers:
    def __init__(self, world: World, services: tuple[str, ...]) -> None:
        self._world = world
        self.states = dict.fromkeys(services, "running")
        self.at = {service: (f"10.0.0.{number}",) for number, service in enumerate(services, start=2)}
        self.files: dict[tuple[str, str], str] = {}
        self.modes: dict[tuple[str, str], int] = {}
        self.answers: dict[str, Callable[[Sequence[str], str], str]] = {}
        self.died: Callable[[str], None] = lambda service: None
        self.came_up: Callable[[str], None] = lambda service: None
        self.starts: dict[str, int] = {}
        self.environments: dict[str, dict[str, str]] = {}
        self.log_lines: dict[str, list[str]] = {}
        self.disks: dict[str, Disk] = {}  # by path, in every container
        self.limits: dict[str, float] = {}
        self.lacks: set[tuple[str, str]] = set()  # (service, program)

    def state(self, service: str) -> str:
        self._world.ask()
        return self.states.get(service, "missing")

    def _change(self, what: str, service: str, allowed: set[str], new: str) -> None:
        self._world.write(f"{what} {service}")
        if self.state(service) not in allowed:
            raise EnvironmentUnusable(f"cannot {what} {service}: it is {self.state(service)}")
        self.states[service] = new
        if new == "exited":
            self.died(service)

    def kill(self, service: str) -> None:
        self._change("kill", service, {"running"}, "exited")

    def pause(self, service: str) -> None:
        self._change("pause", service, {"running"}, "paused")

    def unpause(self, service: str) -> None:
        self._change("unpause", service, {"paused"}, "running")

    def stop(self, service: str, grace: float) -> None:
        self._change("stop", service, {"running", "exited"}, "exited")

    def start(self, service: str) -> None:
        was = self.states.get(service)
        self._change("start", service, {"exited", "running", "created"}, "running")
        if was != "running":
            self.starts[service] = self.starts.get(service, 0) + 1
            self.came_up(service)

    def started_at(self, service: str) -> str:
        self._world.ask()
        return f"2026-11-22T10:00:{self.starts.get(service, 0):02}Z"

    def disk(self, service: str, path: str) -> Disk | None:
        self._world.ask()
        return self.disks.get(path)

    def cpus(self, service: str) -> float:
        self._world.ask()
        return self.limits.get(service, 0.0)

    def limit_cpus(self, service: str, cpus: float) -> None:
        self._world.write(f"limit-cpus {service} {cpus:g}")
        self.limits[service] = cpus

    def environment(self, service: str) -> tuple[Variable, ...]:
        self._world.ask()
        found = self.environments.get(service, {}) if self.states.get(service) == "running" else {}
        return tuple(Variable(name, value, "its first process") for name, value in sorted(found.items()))

    def logs(self, service: str, tail: int) -> str:
        self._world.ask()
        return "\n".join(self.log_lines.get(service, [])[-tail:])

    def addresses(self, service: str) -> tuple[str, ...]:
        self._world.ask()
        return self.at.get(service, ())

    def signal(self, service: str, name: str) -> None:
        self._world.write(f"signal {service} {name}")

    def execute(self, service: str, command: Sequence[str], stdin: str = "", user: str = "") -> str:
        """What the test put into ``answers`` for the first word that fits; a command in the container is a write."""
        self._world.write(f"run {service} {' '.join(command)}")
        if self.states.get(service) in ("exited", "paused"):
            raise EnvironmentUnusable(f"{service}: {command[0]} failed: it is {self.states[service]}")
        for words, answer in self.answers.items():
            if words in " ".join(command):
                return answer(command, stdin)
        return ""

    def can_run(self, service: str, program: str) -> bool:
        self._world.ask()
        return (service, program) not in self.lacks

    def read(self, service: str, path: str) -> str | None:
        self._world.ask()
        return self.files.get((service, path))

    def write_files(self, service: str, files: Mapping[str, str]) -> None:
        self._world.write(f"write-files {service} {' '.join(sorted(files))}")
        self.files.update({(service, path): text for path, text in files.items()})
        self.modes.update({(service, path): 0o400 for path in files})

    def mode(self, service: str, path: str) -> int | None:
        self._world.ask()
        return self.modes.get((service, path), 0o400) if (service, path) in self.files else None
