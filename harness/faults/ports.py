"""What faults need of a lab, as narrow role interfaces.

A fault declares by its calls what it can touch, and its test can stand in for just that. The real ones are in
``harness/lab``. After the role interfaces of Pumba's ``pkg/container/client.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from harness.breakglass.ports import Emergency
from harness.faults.listener_ports import ListenerAdmin
from harness.faults.proxy_rule import ProxyCounts, ProxyRule


class FaultNotPossible(Exception):  # noqa: N818 (reads as what it says)
    """The lab cannot host this fault as asked; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a process's environment, and where it can be seen. The value may well be a secret."""

    name: str
    value: str = field(repr=False)
    seen_by: str  # "docker inspect" or "its first process"


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that a path in a container is on, in bytes."""

    size: int
    free: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: the HTTP status, 0 when no answer came in time, and how many seconds that took."""

    status: int
    took: float
    retry_after: str = ""  # the header of this name, in the server's own words
    words: str = ""  # of an error


@dataclass(frozen=True, slots=True)
class HandedToken:
    """How lockout handed a token to a workload that does not log in itself: by which token role, in which file."""

    role: str
    path: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A container in a network: the names by which it is found there, and its address."""

    service: str  # of a stand-in, which belongs to no service: its container
    network: str
    names: tuple[str, ...]
    address: str
    fixed: bool = False  # the address stands in the user's own files


class Containers(Protocol):
    """Life and death of the containers of the run. All by service name, all only with the run's label."""

    def state(self, service: str) -> str:
        """``running``, ``paused``, ``exited``, … as the engine says; ``missing`` when there is no container."""

    def kill(self, service: str) -> None: ...
    def pause(self, service: str) -> None: ...
    def unpause(self, service: str) -> None: ...
    def stop(self, service: str, grace: float) -> None: ...
    def start(self, service: str) -> None: ...
    def addresses(self, service: str) -> tuple[str, ...]:
        """Its addresses in all networks."""

    def started_at(self, service: str) -> str:
        """When it was last started, as the engine words it; also of one that has stopped."""

    def environment(self, service: str) -> tuple[Variable, ...]:
        """As the engine was told, and what its first process has beyond that, by name."""

    def logs(self, service: str, tail: int) -> str:
        """The last lines that it wrote."""

    def disk(self, service: str, path: str) -> Disk | None:
        """What *path* is on, as its first process sees it; None when there is no such path."""

    def cpus(self, service: str) -> float:
        """How much processor it may use; 0 when that is not limited."""

    def limit_cpus(self, service: str, cpus: float) -> None:
        """Let it use no more than that; 0 takes the limit away."""

    def signal(self, service: str, name: str) -> None:
        """Send a signal, such as ``SIGHUP``, to its first process."""

    def execute(self, service: str, command: Sequence[str], stdin: str = "", user: str = "") -> str:
        """Its stdout; what is secret belongs in *stdin*. Raises EnvironmentUnusable when it fails."""

    def can_run(self, service: str, program: str) -> bool:
        """Whether there is such a program in it. One that takes ``--version``."""

    def read(self, service: str, path: str) -> str | None:
        """The text of a file, also of a container that has stopped; None when there is none."""

    def mode(self, service: str, path: str) -> int | None:
        """The permission bits of a file, also of a container that has stopped; None when there is none."""

    def write_files(self, service: str, files: Mapping[str, str]) -> None:
        """Put small private files, owned by the container's user, at absolute paths."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A credential that Vault has made, and takes back."""

    id: str
    username: str
    password: str = field(repr=False)


class Networks(Protocol):
    """Who is found in which network, and under which names."""

    def endpoints(self, service: str) -> tuple[Endpoint, ...]:
        """Where *service* is, by network; none for one that has no container."""

    def answering(self, name: str) -> tuple[Endpoint, ...]:
        """Who is found under *name*, in whichever networks."""

    def leave(self, service: str, network: str) -> None: ...
    def join(self, service: str, network: str, names: Sequence[str]) -> None:
        """The address is the engine's choice: the lowest that is free."""

    def stand_ins(self, network: str) -> tuple[Endpoint, ...]:
        """The containers that lockout has put into *network*."""

    def place_stand_in(self, network: str, like: str) -> Endpoint:
        """Put an idle container of *like*'s image into *network*, without a name."""

    def rename_stand_in(self, stand_in: Endpoint, names: Sequence[str]) -> None:
        """Take it out of its network and in again, under *names*."""

    def remove_stand_in(self, stand_in: Endpoint) -> None: ...


class VaultAdmin(Protocol):
    """One Vault, with administrative access over the control network."""

    @property
    def holds_keys(self) -> bool:
        """Whether lockout can unseal it."""

    @property
    def survives_restart(self) -> bool:
        """Whether it serves again, with all its data, after its process has ended and been started anew."""

    def is_sealed(self) -> bool | None:
        """None when Vault gives no answer."""

    def is_serving(self) -> bool:
        """Unsealed, active and answering."""

    def seal(self) -> None: ...
    def unseal(self) -> None: ...
    def submit_keys(self, patience: float = 5.0) -> None:
        """Unseal it when it answers, in at most *patience* seconds. ``unseal`` waits until it serves as well."""

    def answer_to(self, path: str, patience: float = 2.0) -> Answer:
        """What it answers to a request that changes nothing (LIST *path*), in at most *patience* seconds."""

    def accessors(self, roles: frozenset[str], mount: str | None = None) -> tuple[str, ...]:
        """Accessors of living tokens that were issued to any of *roles*, if given by the auth mount *mount*, sorted."""

    def remaining(self, accessor: str) -> float:
        """Seconds that the token has left; 0 when it is dead."""

    def is_alive(self, accessor: str) -> bool: ...
    def accessor_of(self, token: str) -> str | None:
        """The accessor of a token, None when Vault knows no such token."""

    def look_up(self, accessor: str) -> Mapping[str, Any] | None:
        """What Vault knows of a token, in its own words; None when it knows no such token."""

    def revoke(self, accessor: str) -> None: ...
    def shorten(self, accessor: str, seconds: float) -> None:
        """Let the token end in *seconds* by natural expiry."""

    def auth_ttls(self, mount: str) -> tuple[int, int]:
        """Default and maximum TTL of an auth mount, in seconds; 0 where it leaves that to Vault."""

    def set_auth_ttls(self, mount: str, default: int, maximum: int) -> None: ...
    def rotate_static_role(self, mount: str, role: str) -> None: ...
    def static_role_rotated_at(self, mount: str, role: str) -> str: ...
    def kv_version(self, path: str) -> int: ...
    def kv_read(self, path: str, version: int | None = None) -> Mapping[str, str]: ...
    def kv_write(self, path: str, values: Mapping[str, str]) -> None: ...
    def api_read(self, path: str) -> Mapping[str, Any] | None:
        """The data at an API path without ``v1/``; None when there is nothing."""

    def api_list(self, path: str) -> tuple[str, ...]:
        """The keys below an API path, sorted; empty when there is nothing."""

    def api_write(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data that Vault answers, empty when it answers none. Secrets among it go to ``Lab.keep``."""

    def api_write_often(self, path: str, values: Mapping[str, Any], times: int) -> None:
        """As ``api_write``, so many times and several at once; what Vault answers is thrown away."""

    def api_delete(self, path: str) -> None: ...
    def obtain(self, path: str) -> Lease:
        """A dynamic credential of lockout's own; its secret goes to ``Lab.keep``."""

    def refuses_certificate(self, mount: str, role: str, certificate: str, key: str) -> str:
        """Why it refuses a login by this client certificate; empty when it does not. The token is revoked at once."""

    def ask(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A question that Vault wants as a write, such as ``sys/leases/lookup``; None when it knows no such thing."""


IdpFlag = Literal["issuer", "audience", "clock_offset", "refresh_leeway"]
"""What an IdP can be told to be wrong about; ``''`` and 0 are its own issuer, the audience asked for, the real time."""


class IdpAsked(NamedTuple):
    """One request to an IdP, as its journal has it. *client* is empty for a stranger, *error* for none."""

    endpoint: str
    client: str
    status: int
    error: str


class IdpAdmin(Protocol):
    def active_key(self) -> str: ...
    def published_keys(self) -> frozenset[str]: ...
    def rotate_key(self) -> str:
        """A new active key, the old one still published; returns the new key's id."""

    def publish_key(self, kid: str, published: bool) -> None: ...
    def activate_key(self, kid: str) -> None:
        """Sign with this key again, and publish it."""

    def flag(self, name: IdpFlag) -> str | float: ...
    def set_flag(self, name: IdpFlag, value: str | float) -> None: ...
    def clock_offset(self) -> float:
        """Seconds by which the clock that it stamps tokens with is ahead of the real time."""

    def set_clock_offset(self, seconds: float) -> None: ...
    def dated(self, audience: str) -> tuple[float, str]:
        """A token as anybody would be given now: by how many seconds it is dated ahead, and the token itself."""

    def disabled_clients(self) -> frozenset[str]: ...
    def disable_client(self, client: str, disabled: bool) -> None: ...
    def revoked_families(self) -> tuple[str, ...]:
        """Families of refresh tokens that are revoked because one of them was used twice."""

    def reinstate_family(self, family: str) -> None: ...
    def sample_token(self, audience: str, seconds: float) -> str:
        """A token as anybody would be given now, good for nothing but being judged; a secret all the same."""

    def journal_end(self) -> int:
        """The number of the newest entry of its request journal."""

    def asked(self, since: int) -> tuple[IdpAsked, ...]:
        """Requests to it after the entry of this number, refused ones too."""

    def is_serving(self) -> bool: ...


class LedgerAdmin(Protocol):
    def open_break_glass(self, seconds: float, reason: str) -> None: ...
    def close_break_glass(self) -> None: ...
    def break_glass_is_open(self) -> bool: ...
    def judge(self, token: str) -> str:
        """Present a JWT: empty when it verifies, otherwise the ledger's own reason, such as ``bad_issuer``."""

    def refused(self) -> Mapping[str, int]:
        """How many JWTs it has refused so far, by reason."""

    def key_fetches(self) -> int:
        """How often it has asked the IdP for its key set so far."""

    def flood(self, tokens: Sequence[str], per_second: float) -> int:
        """Present JWTs at this rate, several at a time; returns how many it answered."""


class DatabaseAdmin(Protocol):
    def set_password(self, role: str, password: str) -> None: ...
    def accepts(self, role: str, password: str) -> bool:
        """Whether a login over the network with *password* is accepted now."""

    def password_hash(self, role: str) -> str | None:
        """What it keeps of a password: a secret, which ``set_password`` takes in its place. None: no such role."""

    def end_sessions(self, role: str) -> None: ...
    def login_roles(self) -> frozenset[str]:
        """All roles that may log in."""

    def roles_in_session(self) -> frozenset[str]:
        """Roles that have a connection now."""

    def drop_roles(self, roles: Iterable[str]) -> None:
        """Drop roles that own nothing, and end their sessions. Right also for one that is not there."""


class ProxyAdmin(Protocol):
    """The fault proxy. A rule is known by an id of the fault's own, such as ``network-latency-vault``."""

    def apply(self, rule_id: str, rule: ProxyRule) -> None:
        """Put *rule* in force, also for connections that exist. The same rule again changes nothing."""

    def seen(self, rule_id: str) -> ProxyCounts | None:
        """What the rule has done so far; None when the proxy has no such rule in force."""

    def lift(self, rule_id: str) -> None:
        """Take the rule away and let go what it holds. Right also if there is none."""

    def all(self) -> tuple[str, ...]:
        """The ids of all rules in force."""


@dataclass(frozen=True, slots=True)
class VaultLogin:
    """How a workload is known to a Vault. ``folder``: where its identity was delivered, if lockout did that."""

    workload: str
    method: str
    mount: str
    role: str
    folder: str | None
    wrapped: bool = False

    @property
    def path(self) -> str:
        """The API path of its role."""
        return f"auth/{self.mount}/{'roles' if self.method == 'token' else 'role'}/{self.role}"


class Lab(Protocol):
    """The lab as faults see it."""

    @property
    def containers(self) -> Containers: ...
    @property
    def networks(self) -> Networks: ...
    @property
    def emergency(self) -> Emergency: ...
    def vault(self, service: str) -> VaultAdmin: ...
    def idp(self, service: str) -> IdpAdmin: ...
    def listener(self, service: str) -> ListenerAdmin:
        """FaultNotPossible for one that serves no TLS of the lab's CA."""

    def ledger(self, service: str) -> LedgerAdmin: ...
    def database(self, service: str) -> DatabaseAdmin: ...
    def proxy_before(self, upstream: str) -> ProxyAdmin:
        """The fault proxy that stands before *upstream*; FaultNotPossible when there is none."""

    def workloads(self) -> tuple[str, ...]: ...
    def role(self, service: str) -> str:
        """The ``x-lockout`` role of *service*; empty when it has none."""

    def port(self, service: str) -> int | None:
        """Where *service* is asked, and a workload for its work; None for one that declares no such port."""

    def vault_roles(self, vault: str, workloads: tuple[str, ...]) -> frozenset[str]:
        """The roles under which *workloads* are known to *vault*."""

    def idp_clients(self, idp: str, workloads: tuple[str, ...]) -> frozenset[str]:
        """The clients as which *workloads*, or all there are, are known to *idp*."""

    def idps(self) -> tuple[str, ...]:
        """The running identity providers that lockout administers."""

    def judges(self) -> tuple[str, ...]:
        """The running resources that verify JWTs themselves, and that lockout can ask what they think of one."""

    def handed_token(self, vault: str, workload: str) -> HandedToken | None:
        """None for a workload that logs in to *vault* itself, or was handed its token by somebody else."""

    def vault_logins(self, vault: str, workloads: tuple[str, ...]) -> tuple[VaultLogin, ...]:
        """How *workloads*, all when it is empty, are known to *vault*, in their order."""

    def deliver(self, workload: str, wrapped_for: float | None = None) -> None:
        """Obtain its identities anew and put them into its container, a wrapped SecretID for that many seconds."""

    def mint_password(self) -> str:
        """A fresh random password, known to the redactor before anybody uses it."""

    def keep(self, label: str, secret: str) -> None:
        """Keep what undo will need and no ledger may hold; survives a SIGKILL, and is known to the redactor."""

    def kept(self, label: str) -> str | None:
        """What ``keep`` was given under this label, in whichever process; None when nothing was."""
