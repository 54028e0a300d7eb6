"""What going through an emergency procedure needs of a lab beyond what faults do, as a narrow role interface.

A method reaches nothing but through the desk: ``carry_out`` is its only way out, and tells what was connected to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from harness.history.event import Event
from harness.topology.break_glass import AnyProcedure
from harness.topology.model import Service


@dataclass(frozen=True, slots=True)
class HttpJob:
    """A request to *service*. Headers and body may hold secrets."""

    service: str
    port: int
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SqlJob:
    """A statement at a database, as *user*; rolled back unless *commit*."""

    service: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    statement: str = ""
    parameters: tuple[str, ...] = field(default=(), repr=False)
    commit: bool = False


Job = HttpJob | SqlJob


@dataclass(frozen=True, slots=True)
class Touch:
    """A connection that was made, or tried: to which service, found by its address or its name."""

    host: str
    by: Literal["address", "name"]
    ok: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a job. ``status`` as in HTTP, also for SQL: 200 done, 403 refused, 400 an error, 0 no answer."""

    status: int
    body: Any = field(default=None, repr=False)
    words: str = ""
    touched: tuple[Touch, ...] = ()
    at: float = 0.0  # when, by the desk's clock, in seconds since the epoch

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether it was turned away for who asked, which an error or no answer is not."""
        return self.status in (401, 403)

    def get(self, key: str) -> Any:
        """What the answer has under *key*; None when it has nothing of the kind."""
        return self.body.get(key) if isinstance(self.body, Mapping) else None


@dataclass(frozen=True, slots=True)
class WorkloadKey:
    """Something that a workload is known by, as lockout handed it out. ``words``: ``its SecretID of vault``."""

    kind: Literal["vault", "idp", "database", "resource"]
    at: str  # service that knows it
    words: str
    name: str  # role, client or holder
    secret: str = field(repr=False)
    mount: str = ""  # of an auth method with which it logs in by SecretID
    role_id: str = ""


class Registered(NamedTuple):
    """An emergency credential that a ledger knows, by its fingerprint. ``expires_in`` in seconds."""

    holder: str
    fingerprint: str
    expires_in: float


class Emergency(Protocol):
    """The lab as the people see it who go through an emergency procedure, and as lockout sees them."""

    def procedure(self, name: str) -> AnyProcedure:
        """FaultNotPossible when none of that name is declared."""

    def services(self) -> Mapping[str, Service]: ...
    def note(self, kind: type[Event], /, **fields: Any) -> None:
        """Put evidence into the history of the run; nothing happens where there is none, as in ``lockout heal``."""

    def carry_out(self, desk: str, by: Literal["address", "name"], jobs: Sequence[Job]) -> tuple[Reply, ...]:
        """Do *jobs*, one after the other, in the container *desk*.

        Raises EnvironmentUnusable when the desk cannot be used; what does not answer there is a reply.
        """

    def keys_of(self, workload: str) -> tuple[WorkloadKey, ...]: ...
    def shares(self, vault: str) -> tuple[str, ...]:
        """Its key shares, in the order of the holders."""

    def admin_token(self, resource: str) -> str: ...
    def mint(self, label: str) -> str:
        """A fresh secret, known to the redactor before anybody uses it, and kept under *label*."""

    def secrets_in(self, text: str) -> tuple[str, ...]:
        """Labels of all secrets of the run that are in *text*, in whatever form."""

    def written(self) -> Iterator[tuple[str, str]]:
        """What lockout itself has written about the run so far: names of files, and their texts."""

    def register(self, resource: str, holder: str, credential: str, scopes: Sequence[str], lifetime: float) -> None: ...
    def registered(self, resource: str) -> tuple[Registered, ...]: ...
    def execute(self, database: str, statements: Sequence[str]) -> None:
        """As the database's own administrator."""
