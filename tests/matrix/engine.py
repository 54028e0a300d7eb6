"""Restarts the container engine, if lockout itself started it and nobody else has anything on it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import docker

from harness.lab.containers import RUN_LABEL
from harness.lab.engine import ensure_engine
from harness.lab.engine_start import Record, birth_of, recorded
from harness.lab.waiting import wait_for
from harness.run.healing import living_runs

STOPS_WITHIN = 60.0  # seconds; it gives every container time to end
NOT_OURS = "lockout did not start this engine"
NOT_ASKED = "nobody said --restart-engine, which ends whatever else is on the engine"


class Refused(Exception):  # noqa: N818
    """The engine may not be restarted; the message says why."""


def cannot_restart(client: docker.DockerClient, run: str = "") -> str:
    """Why the engine may not be restarted, if so. Containers of *run* may be on it, those of others may not.

    Nor may another run be open: it may have no container yet, or none any more. A command that is between two of its
    runs cannot be seen: it is for people to know what else the machine does, and so this is never done unasked.
    """
    if recorded() is None:
        return NOT_OURS
    others = {str(one.labels.get(RUN_LABEL, one.name)) for one in client.containers.list(ignore_removed=True)} - {run}
    if others:
        return f"others have containers on this engine: {', '.join(sorted(others))}"
    going_on = living_runs() - {run}
    return f"other runs are going on: {', '.join(sorted(going_on))}" if going_on else ""


def restart_engine(client: docker.DockerClient, run: str) -> None:
    """As ``systemctl restart docker``, with nothing on it but what is of *run*.

    Raises Refused, RuntimeError when it does not end, and EnvironmentUnusable when it does not start again.
    """
    engine = recorded()
    if (reason := cannot_restart(client, run)) or engine is None:
        raise Refused(reason or NOT_OURS)
    os.kill(engine.pid, signal.SIGTERM)
    if wait_for(lambda: _has_ended(engine), STOPS_WITHIN, poll=0.1) is None:
        raise RuntimeError(f"the engine did not end within {STOPS_WITHIN:g} s")
    ensure_engine()


def _has_ended(engine: Record) -> bool:
    """One that this process itself started stays as a zombie until it is asked about."""
    with suppress(ChildProcessError):
        os.waitpid(engine.pid, os.WNOHANG)
    return birth_of(engine.pid) != engine.birth or _state(engine.pid) == "Z"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def on_it(client: docker.DockerClient) -> frozenset[str]:
    """Every container, network and volume of the engine, whoever made it."""
    containers = (f"container {one.name}" for one in client.containers.list(all=True, ignore_removed=True))
    networks = (f"network {one.name}" for one in client.networks.list())
    volumes = (f"volume {one.name}" for one in client.volumes.list())
    return frozenset((*containers, *networks, *volumes))
