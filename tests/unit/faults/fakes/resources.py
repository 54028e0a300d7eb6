"""Ledger and database of plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from tests.unit.faults.fakes.world import STORED_PASSWORD, World

VAULT_LOGIN = f"{STORED_PASSWORD}-of-vault"


class FakeLedger:
    def __init__(self, world: World) -> None:
        self._world = world
        self.opened: tuple[float, str] | None = None
        self.verdict: Callable[[str], str] = lambda token: ""
        self.counts: Counter[str] = Counter()
        self.fetches = 0

    def open_break_glass(self, seconds: float, reason: str) -> None:
        self._world.write("open")
        self.opened = (seconds, reason)

    def close_break_glass(self) -> None:
        self._world.write("close")
        self.opened = None

    def break_glass_is_open(self) -> bool:
        self._world.ask()
        return self.opened is not None

    def judge(self, token: str) -> str:
        self._world.ask()
        reason = self.verdict(token)
        self.counts[reason] += bool(reason)
        self.fetches += reason == "unknown_key"
        return reason

    def flood(self, tokens: Sequence[str], per_second: float) -> int:
        assert per_second > 0
        self._world.write(f"flood {len(tokens)}")
        for token in tokens:
            self.judge(token)
        return len(tokens)

    def refused(self) -> Mapping[str, int]:
        self._world.ask()
        return dict(self.counts)

    def key_fetches(self) -> int:
        self._world.ask()
        return self.fetches


class FakeDatabase:
    def __init__(self, world: World) -> None:
        self._world = world
        self.passwords = {"billing_app": STORED_PASSWORD, "vault_admin": VAULT_LOGIN}
        self.busy: set[str] = set()  # who has a connection

    def set_password(self, role: str, password: str) -> None:
        self._world.write(f"set-password {role}")
        self.passwords[role] = password.removeprefix("hash-of-")

    def password_hash(self, role: str) -> str | None:
        self._world.ask()
        return f"hash-of-{self.passwords[role]}" if role in self.passwords else None

    def end_sessions(self, role: str) -> None:
        self._world.write(f"end-sessions {role}")
        self.busy.discard(role)

    def login_roles(self) -> frozenset[str]:
        self._world.ask()
        return frozenset(self.passwords)

    def roles_in_session(self) -> frozenset[str]:
        self._world.ask()
        return frozenset(self.busy)

    def drop_roles(self, roles: Iterable[str]) -> None:
        for role in roles:
            self._world.write(f"drop-role {role}")
            self.busy.discard(role)
            self.passwords.pop(role, None)

    def accepts(self, role: str, password: str) -> bool:
        self._world.ask()
        return self.passwords.get(role) == password
