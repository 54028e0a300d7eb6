"""What faults need of a lab, as narrow role interfaces.

A fault declares by its calls what it can touch, and its test can stand in for just that. The real ones are in
``harness/lab``. After the role interfaces of Pumba's ``pkg/container/client.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class FaultNotPossible(Exception):  # noqa: N818 (reads as what it says)
    """The lab cannot host this fault as asked; the message says what is missing."""


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

    def signal(self, service: str, name: str) -> None:
        """Send a signal, such as ``SIGHUP``, to its first process."""

    def execute(self, service: str, command: Sequence[str], stdin: str = "", user: str = "") -> str:
        """Its stdout; what is secret belongs in *stdin*. Raises EnvironmentUnusable when it fails."""

    def read(self, service: str, path: str) -> str | None:
        """The text of a file, also of a container that has stopped; None when there is none."""

    def write_files(self, service: str, files: Mapping[str, str]) -> None:
        """Put small private files, owned by the container's user, at absolute paths."""


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
    def accessors(self, roles: frozenset[str], mount: str | None = None) -> tuple[str, ...]:
        """Accessors of living tokens that were issued to any of *roles*, if given by the auth mount *mount*, sorted."""

    def remaining(self, accessor: str) -> float:
        """Seconds that the token has left; 0 when it is dead."""

    def is_alive(self, accessor: str) -> bool: ...
    def revoke(self, accessor: str) -> None: ...
    def shorten(self, accessor: str, seconds: float) -> None:
        """Let the token end in *seconds* by natural expiry."""

    def auth_ttls(self, mount: str) -> tuple[int, int]:
        """Default and maximum TTL of an auth mount, in seconds."""

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

    def api_delete(self, path: str) -> None: ...


class IdpAdmin(Protocol):
    def active_key(self) -> str: ...
    def published_keys(self) -> frozenset[str]: ...
    def rotate_key(self) -> str:
        """A new active key, the old one still published; returns the new key's id."""

    def publish_key(self, kid: str, published: bool) -> None: ...
    def is_serving(self) -> bool: ...


class LedgerAdmin(Protocol):
    def open_break_glass(self, seconds: float, reason: str) -> None: ...
    def close_break_glass(self) -> None: ...
    def break_glass_is_open(self) -> bool: ...


class DatabaseAdmin(Protocol):
    def set_password(self, role: str, password: str) -> None: ...
    def accepts(self, role: str, password: str) -> bool:
        """Whether a login over the network with *password* is accepted now."""


class ProxyAdmin(Protocol):
    def cut(self, cut: str, route: str, clients: tuple[str, ...], how: str) -> None: ...
    def caught(self, cut: str) -> int | None:
        """Connections refused or severed by *cut* so far; None when the proxy knows no such cut."""

    def heal(self, cut: str) -> None: ...


class Lab(Protocol):
    """The lab as faults see it."""

    @property
    def containers(self) -> Containers: ...
    def vault(self, service: str) -> VaultAdmin: ...
    def idp(self, service: str) -> IdpAdmin: ...
    def ledger(self, service: str) -> LedgerAdmin: ...
    def database(self, service: str) -> DatabaseAdmin: ...
    def proxy_before(self, upstream: str) -> ProxyAdmin:
        """The fault proxy that stands before *upstream*; FaultNotPossible when there is none."""

    def workloads(self) -> tuple[str, ...]: ...
    def vault_roles(self, vault: str, workloads: tuple[str, ...]) -> frozenset[str]:
        """The roles under which *workloads* are known to *vault*."""

    def mint_password(self) -> str:
        """A fresh random password, known to the redactor before anybody uses it."""

    def keep(self, label: str, secret: str) -> None:
        """Keep what undo will need and no ledger may hold; survives a SIGKILL, and is known to the redactor."""

    def kept(self, label: str) -> str | None:
        """What ``keep`` was given under this label, in whichever process; None when nothing was."""
