"""What lockout adds to a user's Compose files, as one more Compose file: labels, images, loopback ports.

The user's own files are never changed, and the user's own system may run beside the lab: whatever has a name or a port
of its own on the host gets another one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml

from harness.lab.containers import RUN_LABEL
from harness.lab.owner import OWNER_LABEL


@dataclass(frozen=True, slots=True)
class Publication:
    """A container port that the harness must reach, and where it is to be found on the host."""

    service: str
    container_port: int
    host_port: int


class _Instead(list[str]):
    """A list that takes the place of the user's; Compose would otherwise add to it."""


class _Removed:
    """A setting of the user's that is taken away."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (PyYAML's way)
        return True


_Dumper.add_representer(_Instead, lambda dumper, data: dumper.represent_sequence("!override", data))
_Dumper.add_representer(_Removed, lambda dumper, _data: dumper.represent_scalar("!reset", "null"))


def override_text(
    run: str,
    project: str,
    config: Mapping[str, object],
    services: Iterable[str],
    images: Mapping[str, str],
    publications: Iterable[Publication],
    owner: str = "",
) -> str:
    """The override as YAML. *config* is the user's merged Compose project, *project* the name the lab goes by.

    *images* maps a service to the exact reference that was resolved for it. Such a service is never pulled or
    built by Compose: what runs is what the run record names. Networks and volumes that the user calls external are
    not the lab's: they are neither labelled nor renamed, and survive it. Without an *owner*, whoever removes what
    runs have left takes it for his own.
    """
    labels = {RUN_LABEL: run} | ({OWNER_LABEL: owner} if owner else {})
    ports: dict[str, list[str]] = {}
    for publication in publications:
        ports.setdefault(publication.service, []).append(
            f"127.0.0.1:{publication.host_port}:{publication.container_port}"
        )
    theirs = _mapping(config.get("services"))
    document: dict[str, object] = {}
    document["services"] = {
        service: {
            "labels": labels,
            **({"image": images[service], "pull_policy": "never"} if service in images else {}),
            **_ports(ports.get(service, []), _mapping(theirs.get(service))),
            **({"container_name": _Removed()} if "container_name" in _mapping(theirs.get(service)) else {}),
        }
        for service in services
    }
    for section in ("networks", "volumes"):
        document[section] = {
            name: {"name": f"{project}_{name}", "labels": labels}
            for name, settings in sorted(_mapping(config.get(section)).items())
            if not _mapping(settings).get("external")
        }
    return yaml.dump({key: value for key, value in document.items() if value}, Dumper=_Dumper, sort_keys=False)


def _ports(ours: list[str], theirs: Mapping[str, object]) -> dict[str, object]:
    if "ports" in theirs:
        return {"ports": _Instead(ours) if ours else _Removed()}
    return {"ports": ours} if ours else {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
