"""A lab made of plain data that behaves as the real one does, as far as faults can tell.

Everything that changes the lab goes through ``_World.write``: so a test can see what was written and in which order,
and can let any of the writes fail. ``silent`` takes away every answer, as an engine or a network that is gone would.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.faults.ports import FaultNotPossible
from harness.lab.errors import EnvironmentUnusable

STORED_PASSWORD = "sentinel-stored-password"
MINTED = "sentinel-minted-password"


@dataclass
class _World:
    """What all parts of the fake share."""

    writes: list[str] = field(default_factory=list)
    fail_at: int | None = None  # the write with this number fails, and has no effect
    silent: bool = False
    before_write: Callable[[str], None] = lambda what: None

    def ask(self) -> None:
        if self.silent:
            raise EnvironmentUnusable("no answer")

    def write(self, what: str) -> None:
        self.ask()
        self.before_write(what)
        if self.fail_at == len(self.writes):
            self.writes.append(f"failed: {what}")
            raise EnvironmentUnusable(f"{what} was refused")
        self.writes.append(what)


class FakeContainers:
    def __init__(self, world: _World, services: tuple[str, ...]) -> None:
        self._world = world
        self.states = dict.fromkeys(services, "running")
        self.at = {service: (f"10.0.0.{number}",) for number, service in enumerate(services, start=2)}
        self.died: Callable[[str], None] = lambda service: None

    def state(self, service: str) -> str:
        self._world.ask()
        return self.states.get(service, "missing")

    def _change(self, what: str, service: str, allowed: set[str], new: str) -> None:
        self._world.write(f"{what} {service}")
        if self.state(service) not in allowed:
            raise EnvironmentUnusable(f"cannot {what} {service}: it is {self.state(service)}")
        self.states[service] = new
        if new == "exited":
            self.died(service)

    def kill(self, service: str) -> None:
        self._change("kill", service, {"running"}, "exited")

    def pause(self, service: str) -> None:
        self._change("pause", service, {"running"}, "paused")

    def unpause(self, service: str) -> None:
        self._change("unpause", service, {"paused"}, "running")

    def stop(self, service: str, grace: float) -> None:
        self._change("stop", service, {"running", "exited"}, "exited")

    def start(self, service: str) -> None:
        self._change("start", service, {"exited", "running", "created"}, "running")

    def addresses(self, service: str) -> tuple[str, ...]:
        self._world.ask()
        return self.at.get(service, ())


@dataclass
class Token:
    role: str
    left: float = 3600.0  # seconds
    mount: str = "approle"


class FakeVault:
    """A Vault with Shamir keys (``holds_keys``), or one that unseals itself."""

    def __init__(self, world: _World, name: str, containers: FakeContainers, holds_keys: bool) -> None:
        self._world = world
        self._name = name
        self._containers = containers
        self._holds_keys = holds_keys
        self.survives_restart = True
        self.sealed = False
        self.tokens = {"accessor-orders": Token("orders"), "accessor-billing": Token("billing")}
        self.max_ttl = {"approle": 2764800}
        self.default_ttl = {"approle": 3600, "jwt": 600}
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

    def is_sealed(self) -> bool | None:
        return self.sealed if self._answers() else None

    def is_serving(self) -> bool:
        return self._answers() and not self.sealed

    def seal(self) -> None:
        self._act("sealing")
        self._world.write(f"seal {self._name}")
        self.sealed = True

    def unseal(self) -> None:
        if not self._answers() or not self.holds_keys:
            raise EnvironmentUnusable(f"{self._name} cannot be unsealed")
        if self.sealed:
            self._world.write(f"unseal {self._name}")
        self.sealed = False

    def accessors(self, roles: frozenset[str], mount: str | None = None) -> tuple[str, ...]:
        self._act("listing tokens")
        living = {name: token for name, token in self.tokens.items() if token.left > 0}
        return tuple(sorted(n for n, t in living.items() if t.role in roles and mount in (None, t.mount)))

    def remaining(self, accessor: str) -> float:
        self._act("looking up a token")
        return self.tokens[accessor].left if accessor in self.tokens else 0.0

    def is_alive(self, accessor: str) -> bool:
        return self.remaining(accessor) > 0

    def revoke(self, accessor: str) -> None:
        self._act("revoking a token")
        if not self.is_alive(accessor):
            raise EnvironmentUnusable("revoking a token was refused: invalid accessor")
        self._world.write(f"revoke {accessor}")
        del self.tokens[accessor]

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


class FakeIdp:
    def __init__(self, world: _World, name: str, containers: FakeContainers) -> None:
        self._world = world
        self._name = name
        self._containers = containers
        self.keys = {"kid-1": True}  # kid -> published
        self.active = "kid-1"

    def _act(self) -> None:
        if not self.is_serving():
            raise EnvironmentUnusable(f"{self._name} gave no answer")

    def active_key(self) -> str:
        self._act()
        return self.active

    def published_keys(self) -> frozenset[str]:
        self._act()
        return frozenset(kid for kid, published in self.keys.items() if published)

    def rotate_key(self) -> str:
        self._act()
        self._world.write("rotate-key")
        self.active = f"kid-{len(self.keys) + 1}"
        self.keys[self.active] = True
        return self.active

    def publish_key(self, kid: str, published: bool) -> None:
        self._act()
        self._world.write(f"publish {kid} {published}")
        self.keys[kid] = published

    def is_serving(self) -> bool:
        return not self._world.silent and self._containers.states[self._name] == "running"


class FakeLedger:
    def __init__(self, world: _World) -> None:
        self._world = world
        self.opened: tuple[float, str] | None = None

    def open_break_glass(self, seconds: float, reason: str) -> None:
        self._world.write("open")
        self.opened = (seconds, reason)

    def close_break_glass(self) -> None:
        self._world.write("close")
        self.opened = None

    def break_glass_is_open(self) -> bool:
        self._world.ask()
        return self.opened is not None


class FakeDatabase:
    def __init__(self, world: _World) -> None:
        self._world = world
        self.passwords = {"billing_app": STORED_PASSWORD}

    def set_password(self, role: str, password: str) -> None:
        self._world.write(f"set-password {role}")
        self.passwords[role] = password

    def accepts(self, role: str, password: str) -> bool:
        self._world.ask()
        return self.passwords.get(role) == password


@dataclass
class Cut:
    route: str
    clients: tuple[str, ...]
    how: str
    caught: int = 0


class FakeProxy:
    def __init__(self, world: _World) -> None:
        self._world = world
        self.cuts: dict[str, Cut] = {}

    def cut(self, cut: str, route: str, clients: tuple[str, ...], how: str) -> None:
        self._world.write(f"cut {cut}")
        self.cuts[cut] = Cut(route, clients, how)

    def caught(self, cut: str) -> int | None:
        self._world.ask()
        return self.cuts[cut].caught if cut in self.cuts else None

    def heal(self, cut: str) -> None:
        self._world.write(f"heal {cut}")
        self.cuts.pop(cut, None)

    def connect(self, route: str, client: str) -> None:
        """A workload tries to get through."""
        for cut in self.cuts.values():
            if cut.route == route and (not cut.clients or client in cut.clients):
                cut.caught += 1


class FakeLab:
    """Vault ``vault``, identity provider ``idp``, resource ``ledger``, database ``postgres``, two workloads."""

    def __init__(self, holds_keys: bool = True, proxied: tuple[str, ...] = ("vault",)) -> None:
        self.world = _World()
        self._containers = FakeContainers(self.world, ("vault", "idp", "ledger", "postgres", "orders", "billing"))
        self._containers.died = self._died
        self.the_vault = FakeVault(self.world, "vault", self._containers, holds_keys)
        self.the_idp = FakeIdp(self.world, "idp", self._containers)
        self.the_ledger = FakeLedger(self.world)
        self.the_database = FakeDatabase(self.world)
        self.the_proxy = FakeProxy(self.world)
        self._proxied = proxied
        self._minted = 0

    @property
    def writes(self) -> list[str]:
        return self.world.writes

    @property
    def containers(self) -> FakeContainers:
        return self._containers

    def vault(self, service: str) -> FakeVault:
        assert service == "vault"
        return self.the_vault

    def idp(self, service: str) -> FakeIdp:
        assert service == "idp"
        return self.the_idp

    def ledger(self, service: str) -> FakeLedger:
        assert service == "ledger"
        return self.the_ledger

    def database(self, service: str) -> FakeDatabase:
        assert service == "postgres"
        return self.the_database

    def proxy_before(self, upstream: str) -> FakeProxy:
        if upstream not in self._proxied:
            raise FaultNotPossible(f"no fault proxy before '{upstream}'")
        return self.the_proxy

    def workloads(self) -> tuple[str, ...]:
        return ("billing", "orders")

    def vault_roles(self, vault: str, workloads: tuple[str, ...]) -> frozenset[str]:
        unknown = sorted(set(workloads) - set(self.workloads()))
        if unknown:
            raise FaultNotPossible(f"no workload '{unknown[0]}' here")
        return frozenset(workloads or self.workloads())

    def mint_password(self) -> str:
        self._minted += 1
        return f"{MINTED}-{self._minted}"

    def _died(self, service: str) -> None:
        if service == "vault" and self.the_vault.holds_keys:
            self.the_vault.sealed = True

    def pass_time(self, seconds: float) -> None:
        for token in self.the_vault.tokens.values():
            token.left -= seconds

    def snapshot(self) -> dict[str, object]:
        """The state of the lab as plain data, to be compared."""
        vault = self.the_vault
        return copy.deepcopy(
            {
                "containers": self._containers.states,
                "vault": (vault.sealed, vault.max_ttl, vault.default_ttl, vault.rotations, vault.kv, vault.tokens),
                "idp": (self.the_idp.keys, self.the_idp.active),
                "ledger": self.the_ledger.opened,
                "database": self.the_database.passwords,
                "proxy": self.the_proxy.cuts,
            }
        )
