"""Start a container engine on this machine, and remember that lockout did."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from harness.lab import apt
from harness.lab.process import output_of
from harness.lab.store import make_dir, state_dir, write_atomically

Means = Literal["start", "install", "forbidden", "none"]
DEADLINE = 30.0  # seconds
SYSTEMD = Path("/run/systemd/system")
POLL = 0.1  # seconds
LOG_LIMIT = 10_000_000  # bytes
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """The engine that lockout started: process id, that process's start time (clock ticks since boot), log file."""

    pid: int
    birth: int
    log: str


def means_here(environ: Mapping[str, str]) -> Means:
    """What lockout may do on this machine when no engine answers."""
    if os.geteuid() != 0:
        return "none"
    if shutil.which("dockerd"):
        return "start"
    if not apt.can_install():
        return "none"
    return "forbidden" if environ.get("LOCKOUT_INSTALL_ENGINE", "").lower() == "never" else "install"


def start_daemon(ask: Callable[[], T | None]) -> T | str:
    """Start dockerd (by systemd where that runs) and wait until `ask` gives an engine.

    If it ends or does not answer within 30 s, half a sentence that says so.
    """
    deadline = time.monotonic() + DEADLINE
    process: subprocess.Popen[bytes] | None = None
    if SYSTEMD.is_dir():
        output_of(["systemctl", "start", "docker"], timeout=DEADLINE)
    else:
        process = _spawn()
    while time.monotonic() < deadline:
        engine = ask()
        if engine is not None:
            return engine
        if process is not None and process.poll() is not None:
            return f"ended at once (exit {process.returncode})"
        time.sleep(POLL)
    return f"does not answer within {DEADLINE:g} s"


def _spawn() -> subprocess.Popen[bytes]:
    log = daemon_log()
    make_dir(log.parent)
    with suppress(OSError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as sink:
        # a session of its own: Ctrl-C and the end of the terminal must not reach it
        process = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True, cwd="/"
        )
    record = {"pid": process.pid, "birth": birth_of(process.pid) or 0, "log": str(log)}
    write_atomically(state_dir() / "engine.json", json.dumps(record))
    return process


def daemon_log() -> Path:
    return state_dir() / "dockerd.log"


def last_lines(count: int = 8) -> tuple[str, ...]:
    """The end of the engine's log: what it complained of; if there is no such line, whatever it said last."""
    with suppress(OSError):
        lines = daemon_log().read_text(encoding="utf-8", errors="replace").splitlines()[-100:]
        complaints = [line for line in lines if not re.search(r"level=(info|debug)|module=grpc", line)]
        return tuple((complaints or lines)[-count:])
    return ()


def start_hints() -> tuple[str, ...]:
    if SYSTEMD.is_dir():
        return ("see: journalctl -u docker -n 50",)
    return (f"full log: {daemon_log()}", "inside a container, an engine needs that container to be privileged")


def birth_of(pid: int) -> int | None:
    """When a process started, in clock ticks since boot: with the pid, it names one process. None if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(text.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def recorded() -> Record | None:
    """The engine that lockout started, if it still runs."""
    try:
        data = json.loads((state_dir() / "engine.json").read_text(encoding="utf-8"))
        record = Record(int(data["pid"]), int(data["birth"]), str(data["log"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if record.birth and birth_of(record.pid) == record.birth else None


def was_started_by_lockout() -> bool:
    return recorded() is not None
