"""What lockout needs and whether it is there: facts for `lockout doctor`. Asks and looks, changes nothing."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import docker.errors
import requests.exceptions

from harness.lab import apt, images
from harness.lab.containers import RUN_LABEL
from harness.lab.engine import (
    DISK_WARN,
    GB,
    Candidate,
    Engine,
    Failure,
    disk_problem,
    find_engine,
    free_space,
    refusal,
    user_in_docker_group,
)
from harness.lab.engine_start import Means, means_here, recorded
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lever import pulled
from harness.lab.plugins import MINIMUM, Compose, dotted, find_compose, how_to_get, way_to_get
from harness.lab.store import cache_dir

Status = Literal["ok", "todo", "missing", "warn"]


@dataclass(frozen=True, slots=True)
class Check:
    """One prerequisite. `ok`: there; `todo`: lockout will do it; `missing`: you must; `warn`: works, but look at it.

    `what` says what was found, `why` what would be done about it and why (may be empty for `ok`).
    """

    name: str
    status: Status
    what: str
    why: str = ""


def examine(names: Iterable[str] | None = None, mode: images.Mode = "auto") -> list[Check]:
    """All checks, in the order in which a run needs the things. `names`: which images (None: all)."""
    found = find_engine()
    engine = found if isinstance(found, Engine) else None
    checks = [check_python(sys.version_info[:3])]
    if engine is not None:
        checks.append(engine_present(engine))
        checks.append(disk(engine, free_space(engine)))
    elif isinstance(found, list):
        checks.append(engine_absent(found, means_here(os.environ), apt.read_system(), user_in_docker_group()))
    checks.append(compose(*find_compose(), way_to_get()))
    checks += lever_checks()
    checks += image_checks(engine, list(images.load_catalogue().images) if names is None else list(names), mode)
    if engine is not None:
        checks.append(leftover_check(_ask_leftovers(engine)))
    return checks


def check_python(version: tuple[int, ...]) -> Check:
    text = f"Python {'.'.join(map(str, version))} in {sys.prefix} on {platform.system()} {platform.machine()}"
    if version < (3, 11):
        return Check("python", "missing", text, "3.11 or newer is needed: make test-unit makes the environment")
    return Check("python", "ok", text)


def engine_present(engine: Engine) -> Check:
    text = f"{engine.version} (API {engine.api_version}, {engine.arch}) at {engine.host}, found by {engine.source}"
    record = recorded() if engine.started_by_lockout else None
    return Check("engine", "ok", text, f"started by lockout, process {record.pid}, log {record.log}" if record else "")


def engine_absent(
    failures: list[tuple[Candidate, Failure]], means: Means, system: apt.System, docker_group: bool
) -> Check:
    there = [f"{place.source}: {failure.why}" for place, failure in failures if failure.kind != "absent"]
    tried = "; ".join(there) or "no socket at any of the usual places"
    error = refusal(failures, means, system, docker_group)
    if error is not None:
        return Check("engine", "missing", error.message, ". ".join(error.hints))
    if means == "install":
        why = "would install Debian's docker.io, iproute2, iptables and start it (LOCKOUT_INSTALL_ENGINE=never forbids)"
    else:
        why = "would start the installed dockerd"
    return Check("engine", "todo", f"none is reachable ({tried})", why)


def disk(engine: Engine, free: int | None) -> Check:
    if free is None:
        return Check("disk", "ok", "the engine's storage cannot be seen from here: its free space is not known")
    text = f"{free / GB:.1f} GB free in {engine.root_dir}; lockout's cache is {cache_dir()}"
    if disk_problem(engine, free) is not None:
        return Check(
            "disk", "missing", text, "a lab needs at least 1 GB: free some, docker system df shows what is used"
        )
    if free < DISK_WARN:
        return Check("disk", "warn", text, "images and volumes may fill it")
    return Check("disk", "ok", text)


def compose(found: Compose | None, words: str, way: str | None) -> Check:
    if found is not None:
        return Check("compose", "ok", words)
    text = f"{words}; {dotted(MINIMUM)} or newer is needed"
    if way is None:
        return Check("compose", "missing", text, ". ".join(how_to_get()))
    return Check("compose", "todo", text, f"would {way}")


def lever_checks() -> list[Check]:
    """Nothing to tell as long as nobody has pulled the stop lever."""
    lever = pulled()
    if lever is None:
        return []
    return [
        Check(
            "lever",
            "missing",
            f"runs are refused: the stop lever is {lever}",
            f"lockout stop --release, or remove {lever.path}",
        )
    ]


def image_checks(engine: Engine | None, names: list[str], mode: images.Mode) -> list[Check]:
    """One check per image, and per base that would have to be made for it."""
    if engine is None:
        return [
            Check(f"image {name}", "todo", "not known without an engine", "present, then pull, then build")
            for name in names
        ]
    try:
        return [_image_check(item) for item in images.plan(names, mode, engine)]
    except EnvironmentUnusable as err:
        return [Check("images", "missing", str(err))]


def _image_check(item: images.PlannedImage) -> Check:
    name = f"image {item.name}"
    if item.action in ("use-public", "use-local"):
        return Check(name, "ok", item.ref, item.why)
    if item.action == "impossible" or item.lacking:
        return Check(name, "missing", item.ref, ". ".join((item.why, *item.lacking)))
    verb = "would pull it" if item.action == "pull" else "would build it"
    return Check(name, "todo", item.ref, f"{verb}: {item.why}")


def leftover_check(lines: list[str]) -> Check:
    if not lines:
        return Check("leftovers", "ok", "no container, network or volume of a run is left")
    advice = "a run is going on, or one was killed: lockout heal, then lockout gc (--all for what others left)"
    return Check("leftovers", "warn", "; ".join(lines), advice)


def leftovers() -> list[str]:
    """Containers, networks and volumes that carry a run's label, whoever made them; empty if there is no engine."""
    found = find_engine()
    return _ask_leftovers(found) if isinstance(found, Engine) else []


def _ask_leftovers(engine: Engine) -> list[str]:
    wanted: dict[str, str | list[str] | bool] = {"label": RUN_LABEL}
    lines = []
    try:
        for container in engine.client.containers.list(all=True, filters=wanted, ignore_removed=True):
            lines.append(f"container {container.name} (run {container.labels.get(RUN_LABEL, '?')})")
        for network in engine.client.networks.list(filters=wanted):
            lines.append(f"network {network.name}")
        for volume in engine.client.volumes.list(filters=wanted):
            lines.append(f"volume {volume.name}")
    except (docker.errors.DockerException, requests.exceptions.RequestException) as err:
        return [f"the engine could not be asked: {err}"]
    return sorted(lines)
