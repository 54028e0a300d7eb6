"""The ways in which a run can end, and what is to be expected of each."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.lab.lab import RunningLab

Process = subprocess.Popen[str]


@dataclass(frozen=True)
class Ending:
    """``bring_about`` gets the process, its trigger, the lab and the target, once the fault bites."""

    name: str
    bring_about: Callable[[Process, Path, RunningLab, str], object]
    word: str  # how the process says that it ended; empty for one that cannot say it
    lasts: float = 60.0  # seconds for which the fault is planned: longer than anybody waits
    heals: bool = False  # the process may leave the fault on, for heal to undo
    undo_within: float = 30.0  # seconds that the process tries to undo


def _nothing(process: Process, trigger: Path, lab: RunningLab, target: str) -> None:
    """It goes on to its end."""


def _trigger(process: Process, trigger: Path, lab: RunningLab, target: str) -> None:
    trigger.touch()


def _by_signal(number: signal.Signals) -> Callable[[Process, Path, RunningLab, str], object]:
    return lambda process, trigger, lab, target: os.kill(process.pid, number)


def _target_dies(process: Process, trigger: Path, lab: RunningLab, target: str) -> None:
    """Its container is killed by somebody, and then the user gives up."""
    if lab.containers.state(target) == "paused":
        lab.containers.unpause(target)  # the engine kills no paused one
    if lab.containers.state(target) == "running":
        lab.containers.kill(target)
    os.kill(process.pid, signal.SIGTERM)


ENDINGS = {
    ending.name: ending
    for ending in (
        Ending("completes", _nothing, "completed", lasts=6.0),
        Ending("probe-raises", _trigger, "crashed"),
        Ending("engine-exception", _trigger, ""),
        Ending("SIGINT", _by_signal(signal.SIGINT), "interrupted"),
        Ending("SIGTERM", _by_signal(signal.SIGTERM), "interrupted"),
        Ending("SIGHUP", _by_signal(signal.SIGHUP), "interrupted"),
        Ending("SIGKILL", _by_signal(signal.SIGKILL), "", heals=True),
        Ending("target-dies", _target_dies, "interrupted", heals=True, undo_within=3.0),
    )
}
"""``completes`` stands for the failed assertion: verdicts are made from the history, after everything is undone.

That the engine is restarted ends every container, whatever fault is on: ``tests/integration/test_bad_luck.py``.
"""
