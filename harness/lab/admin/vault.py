"""One Vault, as its operator sees it: seal, unseal, tokens, mounts."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultError

from harness.faults.ports import Answer, Lease
from harness.history.writer import LONGEST_TEXT
from harness.lab.admin.http import lab_session
from harness.lab.errors import EnvironmentUnusable
from harness.lab.waiting import wait_for

T = TypeVar("T")
TIMEOUT = 3.0  # seconds for one administrative call; a paused Vault must not hold up the conductor
REVOKING_TIMEOUT = 20.0  # for one call with which many leases end, each of them at its database
REVOKING = ("sys/auth/", "sys/mounts/", "sys/leases/revoke")
HEALTH_TIMEOUT = 1.0  # a hanging Vault is asked this question in the middle of a timeline
AT_ONCE = 4  # writes; Vault stores those that come together in one go
ACTIVE_DEADLINE = 30.0
# For one attempt at unsealing. An undo is tried again for longer than that; and while it waited here, it would not see
# that the container has ended, as it does when the stop that a fault asked for comes late.
UNSEAL_PATIENCE = 5.0


class VaultOperator:
    """Implements the VaultAdmin role. *keys* are the Shamir shares, empty for a Vault that lockout did not make.

    Raises EnvironmentUnusable when Vault refuses or does not answer an act; questions (``is_…``) answer instead.
    """

    def __init__(self, name: str, url: str, ca: str | bool, token: str, keys: tuple[str, ...], threshold: int) -> None:
        self.name = name
        self._keys = keys
        self._threshold = threshold
        self._verify = ca
        self._session = lab_session(ca)
        self.client = hvac.Client(url=url, token=token, verify=ca, timeout=TIMEOUT, session=self._session)

    @property
    def holds_keys(self) -> bool:
        return bool(self._keys)

    @property
    def survives_restart(self) -> bool:
        # In dev mode the seal is of type shamir, too. What is not unseals itself; its storage is then a real one.
        return self.holds_keys or (self.status() or {}).get("type") not in (None, "shamir")

    def _do(self, what: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except VaultError as error:
            raise EnvironmentUnusable(f"{self.name}: {what} was refused: {error}") from error
        except requests.RequestException as error:
            raise EnvironmentUnusable(f"{self.name}: {what} got no answer ({type(error).__name__})") from error

    def status(self) -> Mapping[str, Any] | None:
        """The seal status as Vault words it; None when it gives no answer."""
        try:
            return dict(self.client.sys.read_seal_status())
        except (VaultError, requests.RequestException):
            return None

    def is_sealed(self) -> bool | None:
        status = self.status()
        return None if status is None else bool(status["sealed"])

    def is_serving(self) -> bool:
        # 200 means initialised, unsealed and active; it needs no token.
        try:
            return bool(self._session.get(f"{self.client.url}/v1/sys/health", timeout=HEALTH_TIMEOUT).ok)
        except requests.RequestException:
            return False

    def seal(self) -> None:
        self._do("sealing", self.client.sys.seal)

    def unseal(self, patience: float | None = None) -> None:
        """Unseal with as many shares as it takes, and wait until it is active. Does nothing to an unsealed one."""
        patience = UNSEAL_PATIENCE if patience is None else patience
        self.submit_keys(patience)
        if wait_for(self.is_serving, patience) is None:
            raise EnvironmentUnusable(f"{self.name} is unsealed but did not become active in {patience:g} s")

    def submit_keys(self, patience: float = UNSEAL_PATIENCE) -> None:
        if wait_for(lambda: self.status() is not None, patience) is None:
            raise EnvironmentUnusable(f"{self.name} does not answer, so it cannot be unsealed")
        if self.is_sealed():
            self._do("unsealing", lambda: self.client.sys.submit_unseal_keys(list(self._keys[: self._threshold])))

    def answer_to(self, path: str, patience: float = 2.0) -> Answer:
        begun = time.monotonic()
        try:
            got = self._session.request(
                "LIST",
                f"{self.client.url}/v1/{path}",
                headers={"X-Vault-Token": self.client.token},
                timeout=patience,
            )
        except requests.RequestException:
            return Answer(0, time.monotonic() - begun)
        took = time.monotonic() - begun
        words = "" if got.ok else " ".join(got.text.split())[:LONGEST_TEXT]
        return Answer(got.status_code, took, got.headers.get("Retry-After", ""), words)

    def accessors(self, roles: frozenset[str], mount: str | None = None) -> tuple[str, ...]:
        listed = self._do("listing tokens", lambda: self.client.auth.token.list_accessors())["data"]["keys"]
        found = []
        for accessor in listed:
            data = self._lookup(accessor)
            if data is None:
                continue  # it expired between the listing and this look
            meta = data.get("meta") or {}
            from_mount = mount is None or str(data.get("path")).startswith(f"auth/{mount.strip('/')}/")
            if from_mount and meta.get("role_name", meta.get("role", meta.get("cert_name"))) in roles:
                found.append(accessor)
        return tuple(sorted(found))

    def remaining(self, accessor: str) -> float:
        data = self._lookup(accessor)
        if data is None:
            return 0.0
        return float(data["ttl"]) if data.get("expire_time") else inf

    def is_alive(self, accessor: str) -> bool:
        return self._lookup(accessor) is not None

    def accessor_of(self, token: str) -> str | None:
        try:
            return str(self.client.auth.token.lookup(token)["data"]["accessor"])
        except Forbidden as error:
            # Not a word of the error: it could be about lockout's own token, and name the one that was asked for.
            if "bad token" not in str(error.errors):
                raise EnvironmentUnusable(f"{self.name}: looking up a token was refused") from None
            return None
        except (VaultError, requests.RequestException):
            raise EnvironmentUnusable(f"{self.name}: looking up a token got no answer") from None

    def _lookup(self, accessor: str) -> Mapping[str, Any] | None:
        """What Vault knows of a token; None when it knows no such token."""
        try:
            return dict(self.client.auth.token.lookup_accessor(accessor)["data"])
        except Forbidden as error:
            # Vault says so when it does not know the token; anything else is about lockout's own, unless that may do
            # everything: then it is one that is just being revoked.
            unknown = any(words in str(error.errors) for words in ("invalid accessor", "bad token"))
            if not unknown and not self._may_do_everything():
                raise EnvironmentUnusable(f"{self.name}: looking up a token was refused: {error}") from error
            return None
        except (InvalidPath, InvalidRequest):
            return None
        except (VaultError, requests.RequestException) as error:
            raise EnvironmentUnusable(f"{self.name}: looking up a token got no answer") from error

    def _may_do_everything(self) -> bool:
        try:
            return "root" in self.client.auth.token.lookup_self()["data"]["policies"]
        except (VaultError, requests.RequestException):
            return False

    def look_up(self, accessor: str) -> Mapping[str, Any] | None:
        return self._lookup(accessor)

    def revoke(self, accessor: str) -> None:
        self._do("revoking a token", lambda: self.client.auth.token.revoke_accessor(accessor))

    def shorten(self, accessor: str, seconds: float) -> None:
        # Vault's TTL arithmetic lets an explicit increment go below the role's TTL, so the token then expires by
        # itself, which no client can tell from having reached its end.
        self._do(
            "shortening a token",
            lambda: self.client.adapter.post(
                url="/v1/auth/token/renew-accessor",
                json={"accessor": accessor, "increment": f"{max(1, round(seconds))}s"},
            ),
        )

    def auth_ttls(self, mount: str) -> tuple[int, int]:
        # As they are set: reading the tuning would give what they come to, and putting that back would change them.
        methods = self._do("reading a mount", lambda: self.client.sys.list_auth_methods())["data"]
        if (settings := methods.get(f"{mount.strip('/')}/")) is None:
            raise EnvironmentUnusable(
                f"{self.name} has no auth method at {mount}; there are {', '.join(sorted(methods))}"
            )
        return int(settings["config"]["default_lease_ttl"]), int(settings["config"]["max_lease_ttl"])

    def set_auth_ttls(self, mount: str, default: int, maximum: int) -> None:
        # Together, because Vault refuses a maximum below the default.
        self._do(
            "tuning a mount",
            lambda: self.client.sys.tune_auth_method(
                path=mount, default_lease_ttl=_ttl(default), max_lease_ttl=_ttl(maximum)
            ),
        )

    def rotate_static_role(self, mount: str, role: str) -> None:
        self._do(
            "rotating a static role",
            lambda: self.client.secrets.database.rotate_static_role_credentials(role, mount_point=mount),
        )

    def static_role_rotated_at(self, mount: str, role: str) -> str:
        answer = self._do(
            "reading a static role",
            # The role and not its credentials, with which its password would come along.
            lambda: self.client.secrets.database.read_static_role(role, mount_point=mount),
        )
        return str(answer["data"]["last_vault_rotation"])

    def kv_version(self, path: str) -> int:
        mount, _, name = path.partition("/")
        answer = self._do(
            f"reading {path}", lambda: self.client.secrets.kv.v2.read_secret_metadata(name, mount_point=mount)
        )
        return int(answer["data"]["current_version"])

    def kv_read(self, path: str, version: int | None = None) -> Mapping[str, str]:
        mount, _, name = path.partition("/")
        answer = self._do(
            f"reading {path}",
            lambda: self.client.secrets.kv.v2.read_secret_version(
                name, version=version, mount_point=mount, raise_on_deleted_version=True
            ),
        )
        return {key: str(value) for key, value in answer["data"]["data"].items()}

    def api_read(self, path: str) -> Mapping[str, Any] | None:
        answer = self._do(f"reading {path}", lambda: self.client.read(path))
        return None if answer is None else _data(answer)

    def api_list(self, path: str) -> tuple[str, ...]:
        answer = self._do(f"listing {path}", lambda: self.client.list(path))
        return () if answer is None else tuple(sorted(map(str, _data(answer).get("keys") or ())))

    def api_write(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        def write() -> object:
            return self.client.adapter.post(url=f"/v1/{path}", json=dict(values), timeout=_patience_for(path))

        return _data(self._do(f"writing {path}", write))

    def api_write_often(self, path: str, values: Mapping[str, Any], times: int) -> None:
        def write(share: int) -> None:
            with lab_session(self._verify) as session:
                for _ in range(share):
                    session.post(
                        f"{self.client.url}/v1/{path}",
                        json=dict(values),
                        headers={"X-Vault-Token": self.client.token},
                        timeout=TIMEOUT,
                    ).raise_for_status()

        shares = [len(range(first, times, AT_ONCE)) for first in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._do(f"writing {path}", lambda: list(pool.map(write, shares)))

    def api_delete(self, path: str) -> None:
        self._do(f"deleting {path}", lambda: self.client.adapter.delete(url=f"/v1/{path}", timeout=_patience_for(path)))

    def obtain(self, path: str) -> Lease:
        answer = self._do(f"reading {path}", lambda: self.client.read(path)) or {}
        data = answer.get("data") or {}
        return Lease(str(answer.get("lease_id")), str(data.get("username")), str(data.get("password")))

    def ask(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        def question() -> Mapping[str, Any] | None:
            try:
                return _data(self.client.write_data(path, data=dict(values)))
            except (InvalidRequest, InvalidPath):
                return None

        return self._do(f"asking {path}", question)

    def write_with(self, token: str, path: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """As ``api_write``, by the holder of *token* instead of lockout."""
        session = lab_session(self._verify)
        client = hvac.Client(url=self.client.url, token=token, verify=self._verify, timeout=TIMEOUT, session=session)
        return _data(self._do(f"writing {path}", lambda: client.write_data(path, data=dict(values))))

    def refuses_certificate(self, mount: str, role: str, certificate: str, key: str) -> str:
        with tempfile.TemporaryDirectory() as folder:  # requests takes them from files only; this one is ours alone
            files = Path(folder, "crt"), Path(folder, "key")
            for file, text in zip(files, (certificate, key), strict=True):
                file.touch(mode=0o600)
                file.write_text(text, encoding="utf-8")
            session = lab_session(self._verify)
            session.cert = str(files[0]), str(files[1])
            anonymous = hvac.Client(url=self.client.url, token="", timeout=TIMEOUT, session=session)
            try:
                answer = anonymous.adapter.post(f"/v1/auth/{mount}/login", json={"name": role})
            except VaultError as error:
                return " ".join(map(str, error.errors or ())) or str(error)
            except requests.RequestException as error:
                raise EnvironmentUnusable(f"{self.name}: a login got no answer ({type(error).__name__})") from error
            self.revoke(str(answer["auth"]["accessor"]))
            return ""

    def kv_write(self, path: str, values: Mapping[str, str]) -> None:
        mount, _, name = path.partition("/")
        self._do(
            f"writing {path}",
            lambda: self.client.secrets.kv.v2.create_or_update_secret(name, secret=dict(values), mount_point=mount),
        )


def _ttl(seconds: int) -> str:
    return f"{seconds}s" if seconds else "system"


def _patience_for(path: str) -> float:
    return REVOKING_TIMEOUT if path.startswith(REVOKING) else TIMEOUT


def _data(answer: object) -> Mapping[str, Any]:
    """The part of an answer that Vault calls its data; system paths answer with it alone, acts with nothing."""
    if not isinstance(answer, Mapping):
        return {}
    data = answer.get("data")
    return data if isinstance(data, Mapping) else answer
