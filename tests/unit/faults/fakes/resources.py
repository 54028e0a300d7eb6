"""Ledger and database of plain data."""

from __future__ import annotations

from tests.unit.faults.fakes.world import STORED_PASSWORD, World


class FakeLedger:
    def __init__(self, world: World) -> None:
        self._world = world
        self.opened: tuple[float, str] | None = None

    def open_break_glass(self, seconds: float, reason: str) -> None:
        self._world.write("open")
        self.opened = (seconds, reason)

    def close_break_glass(self) -> None:
        self._world.write("close")
        self.opened = None

    def break_glass_is_open(self) -> bool:
        self._world.ask()
        return self.opened is not None


class FakeDatabase:
    def __init__(self, world: World) -> None:
        self._world = world
        self.passwords = {"billing_app": STORED_PASSWORD}

    def set_password(self, role: str, password: str) -> None:
        self._world.write(f"set-password {role}")
        self.passwords[role] = password

    def accepts(self, role: str, password: str) -> bool:
        self._world.ask()
        return self.passwords.get(role) == password
