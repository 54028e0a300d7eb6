"""What a lab is made of, as data: enough to find and administer it again from another process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.lab.errors import EnvironmentUnusable
from harness.lab.store import write_atomically
from harness.topology.compose_output import parse_config, read_config
from harness.topology.model import Topology


@dataclass(frozen=True, slots=True)
class LabSpec:
    """``ports`` maps (service, container port) to the port on 127.0.0.1. ``config`` is Compose's merged YAML."""

    run: str
    project: str
    folder: Path  # the run folder
    files: tuple[Path, ...]
    environ: Mapping[str, str]
    config: str
    topology: Topology
    ports: Mapping[tuple[str, int], int]

    @property
    def override(self) -> Path:
        return self.folder / "lab" / "override.yaml"

    @property
    def log(self) -> Path:
        return self.folder / "lab" / "compose.log"

    def save(self) -> None:
        """Write what ``lockout heal`` needs, to be there after a power cut, too; no secret is among it."""
        document = {
            "run": self.run,
            "project": self.project,
            "files": [str(file) for file in self.files],
            "environ": dict(self.environ),
            "ports": [[service, port, host] for (service, port), host in self.ports.items()],
        }
        folder = self.folder / "lab"
        write_atomically(folder / "config.yaml", _public(self.config), durable=True, shared=True)
        write_atomically(folder / "lab.json", json.dumps(document, indent=2), durable=True, shared=True)


_KEPT = ("image", "networks", "depends_on", "ports", "x-lockout")
_DROPPED = ("provision", "setup")
_NOT_KEPT = "[not kept]"


def _public(config: str) -> str:
    """What a topology is read from, and no more of Compose's output: the rest is where people have their secrets.

    Environment variables come interpolated, and an administrative token may be written out; that one is kept with
    the secrets of the run. What a lab is provisioned with is not needed to take it down, nor is what a probe says.
    """
    document = read_config(config)
    services = document.get("services")
    kept: dict[str, dict[str, object]] = {}
    for name, settings in services.items() if isinstance(services, dict) else ():
        kept[name] = {key: settings[key] for key in _KEPT if key in settings}
        block = kept[name].get("x-lockout")
        if isinstance(block, dict):
            block = {key: value for key, value in block.items() if key not in _DROPPED}
            if "literal" in (block.get("admin_token") or {}):
                block["admin_token"] = {"literal": "[kept with the secrets of the run]"}
            if "probe" in block:
                block["probe"] = _public_probe(block["probe"])
            kept[name]["x-lockout"] = block
    estate = document.get("x-lockout")
    public: dict[str, object] = {"services": kept}
    if isinstance(estate, dict) and "break_glass" in estate:  # an attempt that was not closed has to be
        public["x-lockout"] = {"break_glass": estate["break_glass"]}
    return yaml.safe_dump(public, sort_keys=False).replace("$", "$$")  # escaped as Compose does it


def _public_probe(probe: Mapping[str, object]) -> dict[str, object]:
    """*probe* without its headers' values and its command, which may hold credentials."""
    public = dict(probe)
    http = public.get("http")
    if isinstance(http, dict):
        public["http"] = http | {"headers": dict.fromkeys(http.get("headers") or {}, _NOT_KEPT)}
    if "command" in public:
        public["command"] = [_NOT_KEPT]
    return public


def load_spec(folder: Path) -> LabSpec:
    """The lab of the run in *folder*.

    Raises EnvironmentUnusable when it was never written whole, and TopologyError when it does not fit this version.
    """
    try:
        document = json.loads((folder / "lab" / "lab.json").read_text(encoding="utf-8"))
        config = (folder / "lab" / "config.yaml").read_text(encoding="utf-8")
        files = tuple(Path(file) for file in document["files"])
        topology = parse_config(config, files)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise EnvironmentUnusable(f"{folder}: no description of its lab ({error})") from error
    return LabSpec(
        run=document["run"],
        project=document["project"],
        folder=folder,
        files=files,
        environ=document["environ"],
        config=config,
        topology=topology,
        ports={(service, port): host for service, port, host in document["ports"]},
    )
