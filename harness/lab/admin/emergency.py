"""The lab as those see it who go through an emergency procedure: the desk, and what lies ready."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.breakglass import at_desk
from harness.breakglass.ports import HttpJob, Job, Registered, Reply, Touch, WorkloadKey
from harness.faults.ports import FaultNotPossible
from harness.history.event import Event
from harness.lab.errors import EnvironmentUnusable
from harness.lab.labels import admin_token_label, secret_id_label, token_label
from harness.scenario.problems import unknown
from harness.topology.break_glass import AnyProcedure
from harness.topology.model import Service
from harness.topology.services import Administered
from harness.topology.vault import VaultBlock
from harness.topology.workload import BreakGlassIdentity, DatabaseIdentity, IdpIdentity, VaultIdentity

if TYPE_CHECKING:
    from harness.lab.lab import RunningLab

SCRIPT = Path(at_desk.__file__).read_text(encoding="utf-8")
Tell = Callable[..., None]


class LabEmergency:
    """Implements the Emergency role."""

    def __init__(self, lab: RunningLab) -> None:
        self._lab = lab
        self._tell: Tell | None = None
        self._addresses: dict[tuple[str, str], str] = {}
        self._role_ids: dict[tuple[str, str, str], str] = {}

    def tell(self, tell: Tell) -> None:
        """Where evidence goes from now on: ``RunJournal.now``."""
        self._tell = tell

    def note(self, kind: type[Event], /, **fields: Any) -> None:
        if self._tell is not None:
            self._tell(kind, **fields)

    def procedure(self, name: str) -> AnyProcedure:
        known = self._lab.spec.topology.procedures
        if name not in known:
            raise FaultNotPossible(unknown("emergency procedure", name, known))
        return known[name]

    def services(self) -> Mapping[str, Service]:
        return self._lab.spec.topology.services

    def carry_out(self, desk: str, by: Literal["address", "name"], jobs: Sequence[Job]) -> tuple[Reply, ...]:
        order = {
            "jobs": [self._written_out(job, desk, by) for job in jobs],
            "trusted": {name: self._trusted(name) for name in sorted({job.service for job in jobs})},
        }
        said = self._lab.containers.execute(desk, ["python3", "-c", SCRIPT], stdin=json.dumps(order))
        try:
            return tuple(_reply(one) for one in json.loads(said))
        except (ValueError, TypeError, KeyError) as error:
            raise EnvironmentUnusable(f"{desk}: what it did cannot be read ({type(error).__name__})") from error

    def _written_out(self, job: Job, desk: str, by: Literal["address", "name"]) -> dict[str, Any]:
        kind = "http" if isinstance(job, HttpJob) else "sql"
        host = job.service if by == "name" else self._address(job.service, desk)
        return {**asdict(job), "kind": kind, "by": by, "host": host}

    def _address(self, service: str, desk: str) -> str:
        """Where *desk* reaches *service*: as it is now or, for one that is down, as it was, as in an envelope."""
        near = {end.network for end in self._lab.networks.endpoints(desk)}
        ends = self._lab.networks.endpoints(service)
        now = next((end.address for end in ends if end.network in near and end.address), "")
        if now:
            self._addresses[desk, service] = now
        elif (desk, service) not in self._addresses:
            raise EnvironmentUnusable(f"'{desk}' and '{service}' have no network in common")
        return self._addresses[desk, service]

    def _trusted(self, service: str) -> str:
        block = self._lab.spec.topology.services[service].block
        file = self._lab.ca_file(block) if isinstance(block, VaultBlock | Administered) else None
        return file.read_text(encoding="utf-8") if file else ""

    def keys_of(self, workload: str) -> tuple[WorkloadKey, ...]:
        found = (self._key(workload, one) for one in self._lab.spec.topology.workload(workload).identity)
        return tuple(key for key in found if key is not None)

    def _key(
        self, workload: str, identity: VaultIdentity | IdpIdentity | BreakGlassIdentity | DatabaseIdentity
    ) -> WorkloadKey | None:
        from harness.lab.setup.components import break_glass_label, client_secret_label  # which need this module

        secrets = self._lab.secrets
        match identity:
            case VaultIdentity(vault=vault, role=role, method="approle"):
                secret, mount = secrets.get(secret_id_label(vault, workload)), identity.at
                role_id = self._role_id(vault, mount, role) if secret else ""
                words = f"its SecretID of {vault}"
                return WorkloadKey("vault", vault, words, role, secret, mount, role_id) if secret else None
            case VaultIdentity(vault=vault, role=role):
                secret = secrets.get(token_label(vault, workload))
                return WorkloadKey("vault", vault, f"its token of {vault}", role, secret) if secret else None
            case IdpIdentity(idp=idp, client=client):
                secret = secrets.get(client_secret_label(idp, client))
                return WorkloadKey("idp", idp, f"its client secret of {idp}", client, secret) if secret else None
            case BreakGlassIdentity(resource=resource):
                secret = secrets.get(break_glass_label(resource, workload))
                words = f"its own emergency credential of {resource}"
                return WorkloadKey("resource", resource, words, workload, secret) if secret else None
            case DatabaseIdentity(database=database, role=role):
                secret = secrets.get(f"{database}-role-{role}")
                return (
                    WorkloadKey("database", database, f"its password of {database}", role, secret) if secret else None
                )

    def _role_id(self, vault: str, mount: str, role: str) -> str:
        """It is no secret, and stays what it is; empty when it was never asked for while Vault answered."""
        key = (vault, mount, role)
        if key not in self._role_ids:
            try:
                answer = self._lab.vault(vault).api_read(f"auth/{mount}/role/{role}/role-id")
            except EnvironmentUnusable:
                return ""
            self._role_ids[key] = str((answer or {}).get("role_id") or "")
        return self._role_ids[key]

    def shares(self, vault: str) -> tuple[str, ...]:
        return self._lab.secrets.all(f"{vault}-unseal-key")

    def admin_token(self, resource: str) -> str:
        self._lab.ledger(resource)  # which reads it from its container
        token = self._lab.secrets.get(admin_token_label(resource))
        if token is None:
            raise FaultNotPossible(f"'{resource}' declares no admin_port in x-lockout, so nobody could open it")
        return token

    def mint(self, label: str) -> str:
        return self._lab.secrets.mint(label)

    def secrets_in(self, text: str) -> tuple[str, ...]:
        return tuple(self._lab.secrets.find(text))

    def written(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self._lab.spec.folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self._lab.spec.folder)), path.read_text(encoding="utf-8", errors="replace")

    def register(self, resource: str, holder: str, credential: str, scopes: Sequence[str], lifetime: float) -> None:
        self._lab.ledger(resource).register_break_glass(holder, credential, scopes, lifetime)

    def registered(self, resource: str) -> tuple[Registered, ...]:
        return self._lab.ledger(resource).break_glass_credentials()

    def execute(self, database: str, statements: Sequence[str]) -> None:
        self._lab.database(database).execute(statements)


def _reply(said: Mapping[str, Any]) -> Reply:
    touched = tuple(Touch(str(one["host"]), one["by"], bool(one["ok"]), str(one["error"])) for one in said["touched"])
    return Reply(int(said["status"]), said["body"], str(said["words"]), touched, float(said["at"]))
