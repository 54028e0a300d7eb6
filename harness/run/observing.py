"""All observers of a run together: the engine's events, and every container's output."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from harness.history.redaction import Redactor
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.observers.attribution import Attribution
from harness.observers.docker_events import EngineWatcher
from harness.observers.journal import journals
from harness.observers.logs import LogFollower
from harness.run.journal import RunJournal
from harness.topology.model import Topology
from harness.topology.workload import BreakGlassIdentity, IdpIdentity, VaultIdentity, WorkloadBlock


class Observers:
    """Starts with the containers and ends after them, so that their last words are read, too."""

    def __init__(
        self,
        lab: RunningLab,
        services: Collection[str],
        journal: RunJournal,
        redactor: Redactor,
        logs: Path,
        by_lockout: Callable[[str], bool],
        since: float = 0.0,
    ) -> None:
        """*since*, by the engine's clock, is when a lab that is used once more was handed to this run."""
        self._lab = lab
        self._who = attribution(lab.spec.topology)
        logs.mkdir(parents=True, exist_ok=True)
        known = journals()
        self._followers = {}
        for name in sorted(services):
            service = lab.spec.topology.services[name]
            self._followers[name] = LogFollower(
                service=name,
                journal=known.get(service.role or ""),
                is_workload=isinstance(service.block, WorkloadBlock),
                containers=lab.containers,
                clock=journal.clock,
                who=self._who,
                censor=redactor,
                emit=journal.emit,
                folder=logs,
                since=since,
            )
        self.engine = EngineWatcher(lab.containers, journal.clock, journal.emit, by_lockout, self._container_started)

    def start(self) -> None:
        for name, follower in self._followers.items():
            self._note_addresses(name)
            follower.start()
        self.engine.start()

    def announce_end(self) -> None:
        """Containers are about to go: their streams ending is no loss of evidence from now on."""
        self.engine.stop()
        for follower in self._followers.values():
            follower.ending()

    def stop(self, deadline: float, endless: bool = False) -> None:
        """Wait until all has been read, for *deadline* seconds at most: what goes on running never stops talking.

        More than that is lost, and told as a gap, unless the containers go on running by intent (*endless*).
        """
        for follower in self._followers.values():
            follower.ending()
        end = time.monotonic() + deadline
        for follower in self._followers.values():
            follower.stop(max(0.0, end - time.monotonic()), endless)

    def _container_started(self, service: str) -> None:
        self._note_addresses(service)
        if service in self._followers:
            self._followers[service].container_started()

    def _note_addresses(self, service: str) -> None:
        with suppress(EnvironmentUnusable):  # it is gone again already
            self._who.moved(service, self._lab.containers.addresses(service))


def attribution(topology: Topology) -> Attribution:
    """Who is known to whom under which name, from the workloads' declared identities."""
    who = Attribution()
    for workload in topology.workloads:
        for identity in topology.workload(workload).identity:
            if isinstance(identity, VaultIdentity):
                who.vault_roles[identity.vault, identity.role] = workload
            elif isinstance(identity, IdpIdentity):
                who.idp_clients[identity.idp, identity.client] = workload
                # The subject of the tokens that the client gets, by which resources know it.
                for resource in topology.by_role("resource"):
                    who.holders[resource.name, identity.client] = workload
            elif isinstance(identity, BreakGlassIdentity):
                who.holders[identity.resource, workload] = workload
    return who
