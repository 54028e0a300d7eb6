"""What the floor is to build: the same files, images, ports and blocks as a run of lockout, written out as data."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from harness.lab.bring_up import needed_ports
from harness.lab.override import Publication, override_text
from harness.lab.ports import free_ports
from harness.run.prepare import Prepared
from harness.topology.compose_output import read_config


def write_floor_spec(
    prepared: Prepared, images: Mapping[str, str], into: Path, compose: Sequence[str], environ: Mapping[str, str]
) -> Path:
    """Write ``floor.json`` and an override into folder *into*; returns the former's path.

    *images* are those that a run used, by service. Containers carry a run label, so that ``lockout gc`` finds what
    a killed benchmark leaves.
    """
    run = f"bench-floor-{secrets.token_hex(3)}"
    project = f"lockout-{run}"
    config = read_config(prepared.config)
    services = sorted(prepared.services)
    wanted = needed_ports(prepared.topology, services)
    ports = dict(zip(wanted, free_ports(len(wanted)), strict=True))
    published = [Publication(service, port, host) for (service, port), host in ports.items()]
    override = into / "override.yaml"
    override.write_text(override_text(run, project, config, services, images, published), encoding="utf-8")
    files = [str(file) for file in prepared.loaded.topology_files]
    command = [*compose, "--project-name", project, "--project-directory", str(Path(files[0]).parent)]
    for file in [*files, str(override)]:
        command += ["--file", file]
    quiet = {"COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain"}
    spec = {
        "compose": command,
        "environ": {**prepared.loaded.scenario.env, **environ, **quiet},
        "services": blocks(config, services),
        "ports": {f"{service}:{port}": host for (service, port), host in ports.items()},
    }
    path = into / "floor.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path


def blocks(config: Mapping[str, object], services: Collection[str]) -> dict[str, object]:
    """The ``x-lockout`` block of each of *services*, empty for one without."""
    known = config.get("services")
    found: dict[str, object] = {}
    for name in services:
        service = known.get(name) if isinstance(known, Mapping) else None
        found[name] = service.get("x-lockout", {}) if isinstance(service, Mapping) else {}
    return found
