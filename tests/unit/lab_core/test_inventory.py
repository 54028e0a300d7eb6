"""Whether something was left in a lab is told by two looks at it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.lab.errors import EnvironmentUnusable
from harness.lab.inventory import Inventory, differences, take
from harness.topology.services import DatabaseBlock, IdpBlock, ProxyBlock
from harness.topology.vault import VaultBlock
from harness.topology.workload import WorkloadBlock
from tests.unit.faults.fakes import FakeLab

SECRET = "sentinel-secret-value"


class Stage:
    """A lab of plain data, as an inventory sees it."""

    def __init__(self) -> None:
        self.inner = FakeLab()
        vault = self.inner.the_vault
        vault.tree |= {
            "sys/auth": {"approle/": {"type": "approle", "accessor": "a-1", "config": {"max_lease_ttl": 0}}},
            "sys/mounts": {"kv/": {"type": "kv"}, "database/": {"type": "database"}, "transit/": {"type": "transit"}},
            "sys/audit": {"stdout/": {"type": "file", "options": {"file_path": "stdout"}, "description": ""}},
            "sys/policies/acl/orders": {"policy": 'path "x" {}'},
            "sys/policies/acl/root": {"policy": ""},
            "auth/approle/role/orders": {"token_ttl": 25},
            "database/config/postgres": {"connection_details": {}, "password": SECRET},
            "database/static-roles/reports": {"username": "reports_app", "last_vault_rotation": "10:00"},
            "transit/keys/orders": {"min_decryption_version": 1, "latest_version": 1, "keys": {"1": 1}},
            "kv/metadata/billing": {},
            "kv/data/billing": {"data": {"username": "billing_app", "password": SECRET}},
        }
        self.roles = {"app_writer": "", "billing_app": "login in app_writer"}
        self.waiting = 0
        self.behaviour: dict[str, object] = {"issuer": None, "clock_offset": 0}
        self.rules: tuple[str, ...] = ()
        self.strangers: tuple[str, ...] = ()
        self.names = {"run_auth": ("idp", "vault")}

    def take(self, within: float = 10.0) -> Inventory:
        blocks: dict[str, Any] = {
            "vault": VaultBlock.model_construct(role="vault"),
            "postgres": DatabaseBlock(role="database"),
            "idp": IdpBlock.model_construct(role="idp"),
            "proxy": ProxyBlock.model_construct(role="proxy"),
            "orders": WorkloadBlock.model_construct(role="workload"),
        }
        services = {name: SimpleNamespace(name=name, block=block) for name, block in blocks.items()}
        containers = SimpleNamespace(
            services=lambda: dict.fromkeys([*services, *self.strangers], "running"),
            state=lambda service: self.inner.containers.states.get(service, "running"),
            networks=lambda service: self.names if service == "proxy" else {},
        )
        lab: Any = SimpleNamespace(
            spec=SimpleNamespace(topology=SimpleNamespace(services=services)),
            containers=containers,
            vault=self.inner.vault,
            database=lambda name: SimpleNamespace(
                roles=lambda: dict(self.roles), waited_for_locks=lambda: self.waiting
            ),
            idp=lambda name: SimpleNamespace(behaviour=lambda: dict(self.behaviour)),
            proxy=lambda name: SimpleNamespace(all=lambda: self.rules),
        )
        return take(lab, within)

    @property
    def tree(self) -> dict[str, dict[str, Any]]:
        return self.inner.the_vault.tree


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_two_looks_at_the_same_are_the_same(stage: Stage) -> None:
    assert differences(stage.take(), stage.take()) == ()


def test_no_secret_is_in_it(stage: Stage) -> None:
    assert SECRET not in str(stage.take())


CHANGES: dict[str, tuple[Callable[[Stage], object], str]] = {
    "policy deleted": (lambda s: s.tree.pop("sys/policies/acl/orders"), "vault: policy orders is gone"),
    "policy added": (lambda s: s.tree.update({"sys/policies/acl/x": {}}), "vault: policy x was not there before"),
    "policy changed": (lambda s: s.tree["sys/policies/acl/orders"].update(policy="no"), "vault: policy orders was"),
    "role changed": (lambda s: s.tree["auth/approle/role/orders"].update(token_ttl=1), "auth/approle/role/orders was"),
    "auth method gone": (lambda s: s.tree["sys/auth"].clear(), "vault: auth method approle/ is gone"),
    "mount tuned": (
        lambda s: s.tree["sys/auth"]["approle/"].update(config={"max_lease_ttl": 5}),
        "vault: auth method approle/ was",
    ),
    "audit device gone": (lambda s: s.tree["sys/audit"].clear(), "vault: audit device stdout/ is gone"),
    "rate limit left": (
        lambda s: s.tree.update({"sys/quotas/rate-limit/g": {"rate": 1}}),
        "vault: rate limit g was not there before",
    ),
    "entry emptied": (lambda s: s.tree["kv/data/billing"].update(data={"password": ""}), "vault: kv/billing was"),
    "entry deleted": (lambda s: s.tree.pop("kv/data/billing"), "and is nothing"),
    "key raised": (lambda s: s.tree["transit/keys/orders"].update(min_decryption_version=2), "transit/keys/orders was"),
    "entity disabled": (
        lambda s: s.tree.update({"identity/entity/id/e-1": {"disabled": True}}),
        "vault: entity e-1 was not there before",
    ),
    "name gone": (lambda s: s.names.clear(), "proxy: names in run_auth is gone"),
    "container stopped": (lambda s: s.inner.containers.states.update(idp="exited"), "idp: container was running"),
    "database role left": (lambda s: s.roles.update(intruder="login"), "postgres: role intruder was not there"),
    "lock left": (lambda s: setattr(s, "waiting", 1), "postgres: locks that somebody waits for was 0, and is 1"),
    "flag left": (lambda s: s.behaviour.update(clock_offset=60), "idp: behaviour was"),
    "rule left": (lambda s: setattr(s, "rules", ("cut",)), "proxy: rules was none, and is cut"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_left_shows(stage: Stage, what: str) -> None:
    before = stage.take()
    change, said = CHANGES[what]
    change(stage)
    found = differences(before, stage.take())
    assert any(said in one for one in found), found


def test_a_container_that_a_fault_left_shows(stage: Stage) -> None:
    before = stage.take()
    stage.strangers = ("eager_gould",)
    assert differences(before, stage.take()) == ("eager_gould: container was not there before (running)",)


def test_nobody_looks_for_ever(stage: Stage) -> None:
    with pytest.raises(EnvironmentUnusable, match="idp: there is more than can be looked at within 0 s"):
        stage.take(within=0.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.tree["database/static-roles/reports"].update(last_vault_rotation="11:00"),
        lambda s: s.tree["kv/data/billing"].update(data={"username": "billing_app", "password": "rotated"}),
        lambda s: s.tree["transit/keys/orders"].update(latest_version=2),
        lambda s: s.tree["sys/auth"]["approle/"].update(accessor="a-2"),
        lambda s: s.tree.update({"identity/entity/id/e-1": {"disabled": False}}),
    ],
    ids=["rotated role", "rotated password", "newer key", "mounted anew", "an entity that was seen"],
)
def test_what_runs_change_for_good_does_not(stage: Stage, change: Callable[[Stage], object]) -> None:
    before = stage.take()
    change(stage)
    assert differences(before, stage.take()) == ()
