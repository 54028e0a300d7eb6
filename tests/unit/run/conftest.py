"""Conductors that do not take their time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.lab import waiting
from harness.run import active, conductor


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "TICK", 0.005)
    monkeypatch.setattr(conductor, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(conductor, "VERIFY_DEADLINE", 0.1)
    monkeypatch.setattr(conductor, "STEADY_DEADLINE", 0.1)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undoing is given up after a moment."""

    def wait_for(condition: Callable[[], object], deadline: float, poll: float = 0.01) -> object:
        return waiting.wait_for(condition, min(deadline, 0.05), poll=0.01)

    monkeypatch.setattr(active, "wait_for", wait_for)
    monkeypatch.setattr(active, "UNDO_DEADLINE", 0.1)
