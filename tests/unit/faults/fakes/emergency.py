"""The lab as those see it who go through an emergency procedure, of plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from harness.breakglass.ports import HttpJob, Job, Registered, Reply, Touch, WorkloadKey
from harness.faults.ports import FaultNotPossible
from harness.history.event import Event
from harness.topology.break_glass import AnyProcedure
from harness.topology.model import Service
from tests.unit.breakglass.estate import estate
from tests.unit.faults.fakes.desk import ADMIN_TOKEN, DatabaseSim, LedgerSim, VaultSim
from tests.unit.faults.fakes.resources import FakeDatabase, FakeLedger
from tests.unit.faults.fakes.vault import FakeVault
from tests.unit.faults.fakes.world import MINTED, World


class FakeEmergency:
    """Keeps the evidence in ``told``. ``down`` are services that give the desk no answer."""

    def __init__(
        self, world: World, vault: FakeVault, ledger: FakeLedger, database: FakeDatabase, secrets: dict[str, str]
    ) -> None:
        self._world = world
        self._secrets = secrets
        self.topology = estate()
        self.ledger = LedgerSim(ledger)
        self.vault = VaultSim(vault)
        self.database = DatabaseSim(database)
        self.told: list[Event] = []
        self.clock: Callable[[], float] = lambda: float(len(self.told))
        self.down: set[str] = set()
        self.asked: list[Job] = []
        self.keys: dict[str, tuple[WorkloadKey, ...]] = {
            name: (WorkloadKey("idp", "idp", "its client secret of idp", name, f"secret-of-{name}"),)
            for name in ("billing", "orders")
        }
        self.files: dict[str, str] = {"events.jsonl": "nothing"}
        self._minted = 0
        self._tell: Callable[..., None] = lambda kind, **fields: None

    def pass_time(self, seconds: float) -> None:
        self.ledger.now += seconds
        self.database.now += seconds
        for token in self.vault.vault.tokens.values():
            token.left -= seconds

    def procedure(self, name: str) -> AnyProcedure:
        if name not in self.topology.procedures:
            raise FaultNotPossible(f"unknown emergency procedure {name!r}")
        return self.topology.procedures[name]

    def services(self) -> Mapping[str, Service]:
        return self.topology.services

    def tell(self, tell: Callable[..., None]) -> None:
        self._tell = tell

    def note(self, kind: type[Event], /, **fields: Any) -> None:
        self._tell(kind, **fields)
        self.told.append(kind(t=self.clock(), wall="2026-11-22T10:00:00Z", source="test", **fields))

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def carry_out(self, desk: str, by: Literal["address", "name"], jobs: Sequence[Job]) -> tuple[Reply, ...]:
        assert self.topology.services[desk].role == "desk"
        self._world.write(f"at {desk}: {', '.join(job.service for job in jobs)}")
        self.asked += jobs
        return tuple(self._do(job, by) for job in jobs)

    def _do(self, job: Job, by: Literal["address", "name"]) -> Reply:
        if job.service in self.down:
            touch = Touch(job.service, by, ok=False, error="TimeoutError")
            return Reply(0, None, "TimeoutError", (touch,), self.ledger.now)
        if isinstance(job, HttpJob):
            reply = self.ledger.do(job) if job.service == "ledger" else self.vault.do(job)
        else:
            reply = self.database.do(job)
        return replace(reply, touched=(Touch(job.service, by, ok=True),), at=self.ledger.now)

    def keys_of(self, workload: str) -> tuple[WorkloadKey, ...]:
        return self.keys[workload]

    def shares(self, vault: str) -> tuple[str, ...]:
        assert vault == "vault"
        return self.vault.shares

    def admin_token(self, resource: str) -> str:
        assert resource == "ledger"
        return ADMIN_TOKEN

    def mint(self, label: str) -> str:
        self._world.write(f"mint {label}")
        self._minted += 1
        self._secrets[label] = f"{MINTED}-{label}-{self._minted}"
        return self._secrets[label]

    def secrets_in(self, text: str) -> tuple[str, ...]:
        return tuple(label for label, secret in self._secrets.items() if secret in text)

    def written(self) -> Iterator[tuple[str, str]]:
        yield from self.files.items()

    def register(self, resource: str, holder: str, credential: str, scopes: Sequence[str], lifetime: float) -> None:
        self._world.write(f"register {resource} {holder}")
        self.ledger.register(holder, credential, tuple(scopes), lifetime)

    def registered(self, resource: str) -> tuple[Registered, ...]:
        self._world.ask()
        return tuple(
            Registered(one.holder, f"sha256:{digest[:16]}", one.expires - self.ledger.now)
            for digest, one in self.ledger.credentials.items()
        )

    def execute(self, database: str, statements: Sequence[str]) -> None:
        self._world.write(f"execute {database}")
        self.database.execute(list(statements))
