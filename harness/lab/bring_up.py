"""From a topology to a running, provisioned lab, and back to nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from docker.errors import APIError, NotFound
from docker.models.networks import Network

from harness.faults.locked_out import locked_out, unlock
from harness.lab import images
from harness.lab.containers import RUN_LABEL, RunContainers
from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.images.resolver import Mode, ResolvedImage
from harness.lab.lab import RunningLab
from harness.lab.override import Publication, override_text
from harness.lab.owner import owner
from harness.lab.ports import free_ports
from harness.lab.progress import Progress
from harness.lab.project import Project
from harness.lab.setup.components import set_up_break_glass, set_up_database, set_up_idp
from harness.lab.setup.identities import deliver_identities
from harness.lab.setup.vault import open_vault, provision_vault
from harness.lab.spec import LabSpec
from harness.topology.compose_output import read_config
from harness.topology.model import Service, Topology
from harness.topology.services import Administered, DatabaseBlock, IdpBlock, ResourceBlock
from harness.topology.vault import VaultBlock
from harness.topology.workload import WorkloadBlock

PORT_ATTEMPTS = 3
OWN_PREFIX = "lockout/"
PROJECT_LABEL = "com.docker.compose.project"


@dataclass(frozen=True, slots=True)
class ServiceImage:
    """Which image a service runs, and how it was obtained; ``resolved`` is None for one left to Compose."""

    service: str
    reference: str
    resolved: ResolvedImage | None


def logical_image(reference: str) -> str | None:
    """The entry of ``fixtures/images.yaml`` that a Compose file's image reference stands for."""
    if reference.startswith(OWN_PREFIX):
        return reference.removeprefix(OWN_PREFIX).split(":")[0]
    return images.by_pull_name(reference)


def resolve_images(
    topology: Topology, services: Collection[str], mode: Mode, engine: Engine, progress: Progress
) -> tuple[ServiceImage, ...]:
    """Every service's image, present in the engine when this returns (but for those left to Compose)."""
    names = {service: logical_image(topology.services[service].image) for service in sorted(services)}
    resolved = images.resolve([name for name in names.values() if name], mode, engine, progress)
    return tuple(
        ServiceImage(service, topology.services[service].image, resolved[name] if name else None)
        for service, name in names.items()
    )


def needed_ports(topology: Topology, services: Collection[str]) -> tuple[tuple[str, int], ...]:
    """(service, container port) of everything the harness must reach over the control network."""
    found: list[tuple[str, int]] = []
    for name in sorted(services):
        block = topology.services[name].block
        if isinstance(block, WorkloadBlock):
            probe = block.probe.http or block.probe.tcp
            if probe is not None:
                found.append((name, probe.port))
        elif isinstance(block, VaultBlock | IdpBlock) or (isinstance(block, ResourceBlock) and block.kind == "ledger"):
            found.append((name, block.port))
        if isinstance(block, Administered) and block.admin_port is not None:
            found.append((name, block.admin_port))
    return tuple(dict.fromkeys(found))


def start(
    make_spec: Callable[[Mapping[tuple[str, int], int]], LabSpec],
    project: Project,
    services: Collection[str],
    service_images: Collection[ServiceImage],
    progress: Progress,
    later: Collection[str] = (),
) -> LabSpec:
    """Create and start the containers. Ports are chosen here, anew when somebody else was quicker.

    Services in *later* get their ports, too, and no container yet.
    """
    progress.step("starting containers")
    known = {*services, *later}
    for attempt in range(1, PORT_ATTEMPTS + 1):
        wanted = needed_ports(make_spec({}).topology, known)
        spec = make_spec(dict(zip(wanted, free_ports(len(wanted)), strict=True)))
        spec.save()
        spec.override.write_text(_override(spec, known, service_images), encoding="utf-8")
        try:
            project.up(spec.override, sorted(services), spec.log)
        except EnvironmentUnusable as error:
            if "a port is taken" not in error.message or attempt == PORT_ATTEMPTS:
                raise
            # A container that Compose made anew would leave the volumes behind that its image asks for.
            project.down(spec.override, spec.log)
            continue
        break
    progress.done(f"{len(services)} containers started")
    return spec


def _override(spec: LabSpec, services: Collection[str], service_images: Collection[ServiceImage]) -> str:
    return override_text(
        spec.run,
        spec.project,
        read_config(spec.config),
        sorted(services),
        {entry.service: entry.resolved.ref for entry in service_images if entry.resolved},
        [Publication(service, port, host) for (service, port), host in spec.ports.items()],
        owner(),
    )


def clear_workloads(lab: RunningLab) -> None:
    """Take away every workload, its tokens and leases, and what wrong logins led to. Raises EnvironmentUnusable."""
    running = [lab.spec.topology.services[name] for name in sorted(lab.started) if name in lab.spec.topology.services]
    workloads = [one.name for one in running if isinstance(one.block, WorkloadBlock)]
    lab.containers.let_die(workloads)
    with _together() as pool:
        gone = [pool.submit(lab.containers.remove, name) for name in workloads]
        for future in gone:
            future.result()
    for service in running:
        if isinstance(service.block, VaultBlock):
            vault = lab.vault(service.name)
            for accessor in vault.accessors(lab.vault_roles(service.name, ())):
                try:
                    vault.revoke(accessor)
                except EnvironmentUnusable:
                    if vault.is_alive(accessor):  # else it came to its end by itself
                        raise
            if vault.holds_keys:  # whom a Vault of the user's locks out is the user's business
                unlock(vault, [role_id for _, role_id in locked_out(vault)])


def start_workloads(lab: RunningLab, project: Project, services: Collection[str], progress: Progress) -> None:
    """Make and start the workloads among *services* in a lab that runs. Raises EnvironmentUnusable."""
    progress.step("starting workloads in the running lab")
    wanted = [name for name in sorted(services) if isinstance(lab.spec.topology.services[name].block, WorkloadBlock)]
    project.up(lab.spec.override, wanted, lab.spec.log, alone=True)


def hand_out_identities(lab: RunningLab, services: Collection[str]) -> None:
    """Give the workloads among *services* what they log in with. Raises EnvironmentUnusable."""
    with _together() as pool:
        for future in [pool.submit(_workload, lab, lab.spec.topology.services[name]) for name in sorted(services)]:
            future.result()


def set_up(lab: RunningLab, services: Collection[str], progress: Progress, ready: Callable[[str], None]) -> None:
    """Provision every component and hand the workloads their identities. ``ready`` is told each service's name.

    Components that do not need each other are set up side by side. Raises EnvironmentUnusable.
    """
    progress.step("setting up Vault, identity provider and database")
    running = [lab.spec.topology.services[name] for name in sorted(services)]
    with _together() as pool:
        first = (_open_vault, _database, _idp)
        for future in [pool.submit(step, lab, service, ready) for step in first for service in running]:
            future.result()
        # Vault's database engine logs in to the databases, and its JWT method asks the IdP: so this comes after them.
        second = (_provision_vault, _resource)
        for future in [pool.submit(step, lab, service, ready) for step in second for service in running]:
            future.result()
    hand_out_identities(lab, services)
    progress.done("lab is set up")


@contextmanager
def _together() -> Iterator[ThreadPoolExecutor]:
    """A pool that, when something fails, does not begin what has not begun."""
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="set-up")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _database(lab: RunningLab, service: Service, ready: Callable[[str], None]) -> None:
    if isinstance(service.block, DatabaseBlock):
        set_up_database(lab, service.name, service.block)
        ready(service.name)


def _idp(lab: RunningLab, service: Service, ready: Callable[[str], None]) -> None:
    if isinstance(service.block, IdpBlock):
        set_up_idp(lab, service.name, service.block)
        ready(service.name)


def _open_vault(lab: RunningLab, service: Service, ready: Callable[[str], None]) -> None:
    del ready  # only when it is provisioned, too
    if isinstance(service.block, VaultBlock):
        open_vault(lab, service.name, service.block)


def _provision_vault(lab: RunningLab, service: Service, ready: Callable[[str], None]) -> None:
    if isinstance(service.block, VaultBlock):
        provision_vault(lab, service.name, service.block)
        ready(service.name)


def _resource(lab: RunningLab, service: Service, ready: Callable[[str], None]) -> None:
    if isinstance(service.block, ResourceBlock):
        set_up_break_glass(lab, service.name)
        ready(service.name)


def _workload(lab: RunningLab, service: Service) -> None:
    if isinstance(service.block, WorkloadBlock):
        deliver_identities(lab, service.name)


def tear_down(spec: LabSpec, project: Project | None, containers: RunContainers) -> tuple[str, ...]:
    """Remove everything of the run; returns what would not go, in words. Never raises for what is already gone."""
    containers.let_die()
    if project is not None:
        # What Compose leaves is removed by label below, and what stays even then is reported.
        with suppress(EnvironmentUnusable, OSError):  # OSError: a full disk takes no log of it
            project.down(spec.override, spec.log)
    return remove_by_label(containers)


def remove_by_label(containers: RunContainers) -> tuple[str, ...]:
    """Remove containers, networks and volumes that carry the run's label; returns what is still there, in words.

    Images that Compose built for the run go, too, but for those to which the user's files give a name.
    Raises EngineGone when the engine does not answer.
    """
    containers.let_die()
    return containers.ask(partial(_remove_all, containers))


def _remove_all(containers: RunContainers) -> tuple[str, ...]:
    client = containers.client
    label: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={containers.run}"}
    left: list[str] = []
    # ignore_removed: one that vanishes between the listing and the look at it is what is wanted.
    for container in client.containers.list(all=True, filters=label, ignore_removed=True):
        _try(partial(container.remove, force=True, v=True), f"container {container.name}", left)
    for network in client.networks.list(filters=label):
        _remove_network(network, left)
    for volume in client.volumes.list(filters=label):
        _try(partial(volume.remove, force=True), f"volume {volume.name}", left)
    project = f"lockout-{containers.run}"
    for image in client.images.list(filters={"label": f"{PROJECT_LABEL}={project}"}):
        for tag in image.tags:
            if tag.startswith(f"{project}-"):
                _try(partial(client.images.remove, tag), f"image {tag}", left)
    return tuple(left)


def _remove_network(network: Network, left: list[str]) -> None:
    """A container that died while it was being connected can leave an endpoint behind: that goes first."""
    with suppress(APIError):
        network.reload()
    for container in (network.attrs or {}).get("Containers") or {}:
        with suppress(APIError):
            network.disconnect(container, force=True)
    _try(network.remove, f"network {network.name}", left)


def _try(remove: Callable[[], object], what: str, left: list[str]) -> None:
    try:
        remove()
    except NotFound:
        return
    except APIError as error:
        left.append(f"{what}: {error.explanation}")
