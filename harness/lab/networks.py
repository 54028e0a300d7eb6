"""The networks of one run: who is found in them, and under which names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docker.models.containers import Container

from harness.faults.ports import Endpoint
from harness.lab.containers import RUN_LABEL, SERVICE_LABEL, RunContainers
from harness.lab.errors import EnvironmentUnusable
from harness.lab.owner import OWNER_LABEL

STAND_IN_LABEL = "lockout.stand-in"  # with the network's name; it has no service's label, as it is none of the user's
LIFETIME = "86400"  # seconds; longer than any run


class RunNetworks:
    """Implements the Networks role. Raises EnvironmentUnusable for what the engine refuses."""

    def __init__(self, containers: RunContainers) -> None:
        self._containers = containers
        self._client = containers.client

    def endpoints(self, service: str) -> tuple[Endpoint, ...]:
        return self._endpoints({SERVICE_LABEL: service})

    def answering(self, name: str) -> tuple[Endpoint, ...]:
        return tuple(found for found in self._endpoints({}) if name in found.names)

    def leave(self, service: str, network: str) -> None:
        self._leave(self._found({SERVICE_LABEL: service}), network)

    def join(self, service: str, network: str, names: Sequence[str]) -> None:
        self._join(self._found({SERVICE_LABEL: service}), network, names)

    def stand_ins(self, network: str) -> tuple[Endpoint, ...]:
        return self._endpoints({STAND_IN_LABEL: network})

    def place_stand_in(self, network: str, like: str) -> Endpoint:
        model = self._found({SERVICE_LABEL: like})
        owned = {key: value for key, value in model.labels.items() if key == OWNER_LABEL}
        image = str(model.attrs["Image"])
        placed = self._containers.ask(
            lambda: self._client.containers.run(
                image,
                entrypoint=["sleep"],
                command=[LIFETIME],
                detach=True,
                network=network,
                labels={RUN_LABEL: self._containers.run, STAND_IN_LABEL: network, **owned},
                user="65532:65532",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                init=True,
            )
        )
        return next(end for end in self.stand_ins(network) if end.service == placed.name)

    def rename_stand_in(self, stand_in: Endpoint, names: Sequence[str]) -> None:
        for found in self._placed(stand_in):
            self._leave(found, stand_in.network)
            self._join(found, stand_in.network, names)

    def remove_stand_in(self, stand_in: Endpoint) -> None:
        for found in self._placed(stand_in):
            self._containers.ask(lambda found=found: found.remove(force=True, v=True))  # type: ignore[misc]

    def _placed(self, stand_in: Endpoint) -> list[Container]:
        return [one for one in self._listed({STAND_IN_LABEL: stand_in.network}) if one.name == stand_in.service]

    def _listed(self, labels: Mapping[str, str]) -> list[Container]:
        wanted = {RUN_LABEL: self._containers.run, **labels}
        filters: dict[str, Any] = {"label": [f"{key}={value}" for key, value in wanted.items()]}
        return self._containers.ask(
            lambda: self._client.containers.list(all=True, filters=filters, ignore_removed=True)
        )

    def _found(self, labels: Mapping[str, str]) -> Container:
        found = self._listed(labels)
        if not found:
            what = ", ".join(labels.values())
            raise EnvironmentUnusable(f"run {self._containers.run} has no container for '{what}'")
        return found[0]

    def _endpoints(self, labels: Mapping[str, str]) -> tuple[Endpoint, ...]:
        found = []
        for container in self._listed(labels):
            own = str(container.id)[:12]  # which the engine adds by itself
            service = container.labels.get(SERVICE_LABEL) or str(container.name)
            # Listed with their networks, but only an inspection tells the names.
            inspected = self._containers.ask(lambda c=container: self._client.api.inspect_container(str(c.id)))  # type: ignore[misc]
            for network, settings in sorted(inspected["NetworkSettings"]["Networks"].items()):
                names = tuple(name for name in settings.get("Aliases") or () if name != own)
                fixed = bool((settings.get("IPAMConfig") or {}).get("IPv4Address"))
                found.append(Endpoint(service, network, names, str(settings.get("IPAddress") or ""), fixed))
        return tuple(found)

    def _leave(self, container: Container, network: str) -> None:
        self._containers.ask(lambda: self._client.api.disconnect_container_from_network(str(container.id), network))

    def _join(self, container: Container, network: str, names: Sequence[str]) -> None:
        self._containers.ask(
            lambda: self._client.api.connect_container_to_network(str(container.id), network, aliases=list(names))
        )
