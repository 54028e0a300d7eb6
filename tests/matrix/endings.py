"""The ways in which a run can end, and what is to be expected of each."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.lab.lab import RunningLab
from tests.matrix.engine import restart_engine

Process = subprocess.Popen[str]


@dataclass(frozen=True)
class Ending:
    """``bring_about`` gets the process, its trigger, the lab and the target, once the fault bites."""

    name: str
    bring_about: Callable[[Process, Path, RunningLab, str], object]
    word: str  # how the process says that it ended; empty where it cannot say it, or ends in several ways
    in_time: bool = False  # the fault is planned to end when it has bitten, and else later than anybody waits
    heals: bool = False  # the process may leave the fault on, for heal to undo
    undo_within: float = 30.0  # seconds that the process tries to undo
    verify_within: float = 5.0  # seconds for which it waits until all workloads are well again
    ends_lab: bool = False  # no container outlives it: what is left to be done is to remove the lab


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


def _engine_restarts(process: Process, trigger: Path, lab: RunningLab, target: str) -> None:
    restart_engine(lab.containers.client, lab.spec.run)


ENDINGS = {
    ending.name: ending
    for ending in (
        Ending("completes", _nothing, "completed", in_time=True),
        Ending("probe-raises", _trigger, "crashed"),
        Ending("engine-exception", _trigger, ""),
        Ending("SIGINT", _by_signal(signal.SIGINT), "interrupted"),
        Ending("SIGTERM", _by_signal(signal.SIGTERM), "interrupted"),
        Ending("SIGHUP", _by_signal(signal.SIGHUP), "interrupted"),
        Ending("SIGKILL", _by_signal(signal.SIGKILL), "", heals=True),
        Ending("target-dies", _target_dies, "", heals=True, undo_within=3.0, verify_within=1.0),
        Ending(
            "engine-restarted",
            _engine_restarts,
            "crashed",
            heals=True,
            undo_within=1.0,
            verify_within=1.0,
            ends_lab=True,
        ),
    )
}
"""``completes`` stands for the failed assertion: verdicts are made from the history, after everything is undone."""
