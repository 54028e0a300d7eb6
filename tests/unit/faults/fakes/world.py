"""What all parts of the fake share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.lab.errors import EnvironmentUnusable

STORED_PASSWORD = "sentinel-stored-password"
MINTED = "sentinel-minted-password"


@dataclass
class World:
    """What all parts of the fake share."""

    writes: list[str] = field(default_factory=list)
    fail_at: int | None = None  # the write with this number fails, and has no effect
    silent: bool = False
    before_write: Callable[[str], None] = lambda what: None

    def ask(self) -> None:
        if self.silent:
            raise EnvironmentUnusable("no answer")

    def write(self, what: str) -> None:
        self.ask()
        self.before_write(what)
        if self.fail_at == len(self.writes):
            self.writes.append(f"failed: {what}")
            raise EnvironmentUnusable(f"{what} was refused")
        self.writes.append(what)
