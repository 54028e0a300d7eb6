"""A Vault of plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.faults.ports import Answer, Lease
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.fakes.containers import FakeContainers
from tests.unit.faults.fakes.world import STORED_PASSWORD, World


@dataclass
class Token:
    role: str
    left: float = 3600.0  # seconds
    mount: str = "approle"
    data: dict[str, Any] = field(default_factory=dict)  # what else Vault knows of it


class FakeVault:
    """A Vault with Shamir keys (``holds_keys``), or one that unseals itself."""

    def __init__(self, world: World, name: str, containers: FakeContainers, holds_keys: bool) -> None:
        self._world = world
        self._name = name
        self._containers = containers
        self._holds_keys = holds_keys
        self.survives_restart = True
        self.sealed = False
        self.tokens = {"accessor-orders": Token("orders"), "accessor-billing": Token("billing")}
        self.issued: dict[str, str] = {}  # token -> accessor, where a test knows the token
        self.max_ttl = {"approle": 2764800}
        self.default_ttl = {"approle": 3600, "jwt": 600}
        self.tree: dict[str, dict[str, Any]] = {}  # what generic API calls read and write
        self.on_write: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
        self.on_delete: dict[str, Callable[[], object]] = {}
        self.on_ask: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any] | None]] = {}
        self.on_revoke: Callable[[str], object] = lambda accessor: None  # after it has gone
        self.on_obtain: dict[str, Callable[[], Lease]] = {}
        self.refusal_of_certificate: Callable[[str], str] = lambda certificate: ""
        self.on_read: dict[str, Callable[[], Mapping[str, Any]]] = {}  # readings that change something
        self.active: Callable[[], bool] = lambda: True  # whether it serves once it is unsealed
        self.refusal: Callable[[str], Answer | None] = lambda path: None  # what a request meets instead of its answer
        self.rotations = {("database", "reports"): 1}
        self.kv = {"kv/billing": [{"username": "billing_app", "password": STORED_PASSWORD}]}

    @property
    def holds_keys(self) -> bool:
        return self._holds_keys

    def _answers(self) -> bool:
        return not self._world.silent and self._containers.states[self._name] == "running"

    def _act(self, what: str) -> None:
        if not self._answers() or self.sealed:
            raise EnvironmentUnusable(f"{self._name}: {what} got no answer")
        if (met := self.refusal("")) is not None:
            how = f"was refused: {met.status} {met.words}" if met.status else "got no answer"
            raise EnvironmentUnusable(f"{self._name}: {what} {how}")

    def is_sealed(self) -> bool | None:
        return self.sealed if self._answers() else None

    def is_serving(self) -> bool:
        return self._answers() and not self.sealed and self.active()

    def seal(self) -> None:
        self._act("sealing")
        self._world.write(f"seal {self._name}")
        self.sealed = True

    def unseal(self) -> None:
        self.submit_keys()
        if not self.active():
            raise EnvironmentUnusable(f"{self._name} is unsealed but did not become active")

    def submit_keys(self, patience: float = 5.0) -> None:
        if not self._answers() or not self.holds_keys:
            raise EnvironmentUnusable(f"{self._name} cannot be unsealed")
        if self.sealed:
            self._world.write(f"unseal {self._name}")
        self.sealed = False

    def answer_to(self, path: str, patience: float = 2.0) -> Answer:
        if not self._answers():
            return Answer(0, patience)
        if self.sealed:
            return Answer(503, 0.01, words="Vault is sealed")
        return self.refusal(path) or Answer(200, 0.01)

    def accessors(self, roles: frozenset[str], mount: str | None = None) -> tuple[str, ...]:
        self._act("listing tokens")
        living = {name: token for name, token in self.tokens.items() if token.left > 0}
        return tuple(sorted(n for n, t in living.items() if t.role in roles and mount in (None, t.mount)))

    def remaining(self, accessor: str) -> float:
        self._act("looking up a token")
        return self.tokens[accessor].left if accessor in self.tokens else 0.0

    def is_alive(self, accessor: str) -> bool:
        return self.remaining(accessor) > 0

    def accessor_of(self, token: str) -> str | None:
        self._act("looking up a token")
        accessor = self.issued.get(token)
        return accessor if accessor is not None and self.is_alive(accessor) else None

    def look_up(self, accessor: str) -> Mapping[str, Any] | None:
        left = self.remaining(accessor)
        return {"ttl": left, **self.tokens[accessor].data} if left > 0 else None

    def revoke(self, accessor: str) -> None:
        self._act("revoking a token")
        if not self.is_alive(accessor):
            raise EnvironmentUnusable("revoking a token was refused: invalid accessor")
        self._world.write(f"revoke {accessor}")
        del self.tokens[accessor]
        self.on_revoke(accessor)

    def shorten(self, accessor: str, seconds: float) -> None:
        self._act("shortening a token")
        if min(self.max_ttl.values()) < 60:
            raise EnvironmentUnusable("past the maximum TTL: renewal refused")
        if not self.is_alive(accessor):
            raise EnvironmentUnusable("shortening a token was refused: invalid accessor")
        self._world.write(f"shorten {accessor}")
        self.tokens[accessor].left = seconds

    def auth_ttls(self, mount: str) -> tuple[int, int]:
        self._act("reading a mount")
        return self.default_ttl[mount], self.max_ttl[mount]

    def set_auth_ttls(self, mount: str, default: int, maximum: int) -> None:
        self._act("tuning a mount")
        if maximum < default:
            raise EnvironmentUnusable("the maximum must not be below the default")
        self._world.write(f"ttls {mount} {default} {maximum}")
        self.default_ttl[mount], self.max_ttl[mount] = default, maximum

    def rotate_static_role(self, mount: str, role: str) -> None:
        self._act("rotating a static role")
        self._world.write(f"rotate {mount}/{role}")
        self.rotations[mount, role] += 1

    def static_role_rotated_at(self, mount: str, role: str) -> str:
        self._act("reading a static role")
        return f"2026-11-22T10:00:0{self.rotations[mount, role]}Z"

    def kv_version(self, path: str) -> int:
        self._act(f"reading {path}")
        return len(self.kv[path])

    def kv_read(self, path: str, version: int | None = None) -> Mapping[str, str]:
        self._act(f"reading {path}")
        return dict(self.kv[path][-1 if version is None else version - 1])

    def kv_write(self, path: str, values: Mapping[str, str]) -> None:
        self._act(f"writing {path}")
        self._world.write(f"kv-write {path}")
        self.kv[path].append(dict(values))
        mount, _, name = path.partition("/")
        if (known := self.tree.get(f"{mount}/metadata/{name}")) is not None:
            known["current_version"] = len(self.kv[path])
            known["versions"][str(len(self.kv[path]))] = {}

    def ask(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What the test put into ``on_ask``; Vault knows nothing else."""
        self._act(f"asking {path}")
        return self.on_ask[path](values) if path in self.on_ask else None

    def obtain(self, path: str) -> Lease:
        self._act(f"reading {path}")
        self._world.write(f"obtain {path}")
        return self.on_obtain[path]()

    def refuses_certificate(self, mount: str, role: str, certificate: str, key: str) -> str:
        self._act("a login by certificate")
        return self.refusal_of_certificate(certificate)

    def api_read(self, path: str) -> Mapping[str, Any] | None:
        self._act(f"reading {path}")
        if (act := self.on_read.get(path)) is not None:
            self._world.write(f"read {path}")
            return act()
        found = self.tree.get(path)
        return None if found is None else dict(found)

    def api_list(self, path: str) -> tuple[str, ...]:
        self._act(f"listing {path}")
        below = path.rstrip("/") + "/"
        rest = (known.removeprefix(below) for known in self.tree if known.startswith(below))
        return tuple(sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in rest}))

    def api_write(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Stores at *path*, unless the test put something into ``on_write`` for it."""
        self._act(f"writing {path}")
        self._world.write(f"write {path}")
        act = self.on_write.get(path)
        if act is not None:
            return act(values)
        self.tree[path] = {**self.tree.get(path, {}), **values}
        return {}

    def api_write_often(self, path: str, values: Mapping[str, Any], times: int) -> None:
        for _ in range(times):
            self.api_write(path, values)

    def api_delete(self, path: str) -> None:
        self._act(f"deleting {path}")
        self._world.write(f"delete {path}")
        act = self.on_delete.get(path)
        if act is not None:
            act()
        self.tree.pop(path, None)
