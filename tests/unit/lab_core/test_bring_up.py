"""From a topology to containers, and back to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import yaml
from docker.errors import APIError, NotFound

from harness.lab.bring_up import clear_workloads, logical_image, needed_ports, remove_by_label, start, tear_down
from harness.lab.containers import EngineGone, RunContainers
from harness.lab.errors import EnvironmentUnusable
from harness.lab.owner import owner
from harness.lab.progress import Silent
from harness.lab.spec import LabSpec
from tests.unit.lab_core.topologies import SERVICES, make_spec


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("lockout/idp", "idp"),
        ("lockout/ledger:2", "ledger"),
        ("lockout/workload-python-hvac", "workload-python-hvac"),
        ("hashicorp/vault:1.21.0", "vault"),
        ("hashicorp/vault:1.0.0", None),
        ("my/payments", None),
        ("my/lockout/idp", None),
        ("", None),
    ],
)
def test_which_image_of_ours_a_reference_means(reference: str, name: str | None) -> None:
    assert logical_image(reference) == name


def test_what_the_harness_must_reach(tmp_path: Path) -> None:
    topology = make_spec(tmp_path).topology
    assert needed_ports(topology, SERVICES) == (
        ("bare-idp", 8080),
        ("dev-vault", 8300),
        ("idp", 8443),
        ("idp", 9443),
        ("ledger", 9443),
        ("orders", 8080),
        ("payments", 7000),
        ("proxy", 9443),
        ("vault", 8200),
    )


def test_only_what_is_started_needs_ports(tmp_path: Path) -> None:
    topology = make_spec(tmp_path).topology
    assert needed_ports(topology, {"vault", "reports", "postgres", "pki", "helper"}) == (("vault", 8200),)
    assert needed_ports(topology, ()) == ()


class FakeProject:
    """Fails as often as it is told to, then works."""

    def __init__(self, *failures: str) -> None:
        self._failures = list(failures)
        self.ups: list[dict[str, Any]] = []
        self.downs = 0
        self.down_fails = False

    def up(self, override: Path, services: list[str], log: Path) -> None:
        text = override.read_text()
        self.ups.append({"services": services, "override": yaml.load(text, Loader=_Loader)})
        if self._failures:
            raise EnvironmentUnusable(self._failures.pop(0))

    def down(self, override: Path, log: Path) -> None:
        self.downs += 1
        if self.down_fails:
            raise EnvironmentUnusable("docker compose down failed")


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))
_Loader.add_constructor("!reset", lambda loader, node: None)


def started(folder: Path, project: Any) -> LabSpec:
    def spec(ports: Mapping[tuple[str, int], int]) -> LabSpec:
        return make_spec(folder, dict(ports))

    return start(spec, project, {"vault", "orders"}, (), Silent())


TAKEN = "a port is taken by something else: Bind for 127.0.0.1:20001 failed"


def test_containers_are_started_with_the_ports_that_are_written_down(tmp_path: Path) -> None:
    project = FakeProject()
    spec = started(tmp_path, project)
    assert set(spec.ports) == {("vault", 8200), ("orders", 8080)}
    [up] = project.ups
    assert up["services"] == ["orders", "vault"]
    assert up["override"]["services"]["vault"]["ports"] == [f"127.0.0.1:{spec.ports['vault', 8200]}:8200"]
    assert set(up["override"]["services"]) == {"vault", "orders"}
    assert up["override"]["services"]["vault"]["labels"] == {"lockout.run": "r-1", "lockout.owner": owner()}
    assert (tmp_path / "lab" / "lab.json").exists(), "before anything runs, it is known how to find it"


def test_when_somebody_was_quicker_other_ports_are_tried(tmp_path: Path) -> None:
    project = FakeProject(TAKEN, TAKEN)
    spec = started(tmp_path, project)
    ports = [tuple(up["override"]["services"]["vault"]["ports"]) for up in project.ups]
    assert len(set(ports)) == 3
    assert ports[-1] == (f"127.0.0.1:{spec.ports['vault', 8200]}:8200",)


def test_ports_are_not_tried_for_ever(tmp_path: Path) -> None:
    project = FakeProject(TAKEN, TAKEN, TAKEN, TAKEN)
    with pytest.raises(EnvironmentUnusable, match="a port is taken"):
        started(tmp_path, project)
    assert len(project.ups) == 3
    assert project.downs == 2, "what was half started is gone before the next try"


def test_other_failures_are_final(tmp_path: Path) -> None:
    project = FakeProject("the engine's disk is full: x")
    with pytest.raises(EnvironmentUnusable, match="disk is full"):
        started(tmp_path, project)
    assert len(project.ups) == 1


class Thing:
    """A container, network or volume."""

    def __init__(self, name: str, refuses: Exception | None = None) -> None:
        self.name = name
        self._refuses = refuses
        self.removed: list[dict[str, bool]] = []
        self.attrs: dict[str, Any] = {}
        self.labels: dict[str, str] = {}
        self.freed: list[object] = []

    def reload(self) -> None:
        self.freed.append("looked at")

    def disconnect(self, container: str, force: bool) -> None:
        self.freed.append((container, force))

    def update(self, restart_policy: dict[str, str]) -> None:
        self.freed.append(restart_policy["Name"])

    def remove(self, **options: bool) -> None:
        if self._refuses is not None:
            raise self._refuses
        self.removed.append(options)


class Leftovers:
    def __init__(
        self,
        containers: list[Thing],
        networks: list[Thing],
        volumes: list[Thing],
        images: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self.untagged: list[str] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.fails: Exception | None = None
        client: Any = SimpleNamespace(
            containers=self._listing("containers", containers),
            networks=self._listing("networks", networks),
            volumes=self._listing("volumes", volumes),
            images=self._listing("images", [SimpleNamespace(tags=tags) for tags in images]),
        )
        self.run = RunContainers("r-1", client)

    def _listing(self, what: str, found: list[Any]) -> Any:
        def listed(**options: Any) -> list[Any]:
            if self.fails is not None:
                raise self.fails
            self.asked.append((what, options))
            return found

        return SimpleNamespace(list=listed, remove=self.untagged.append)


def test_everything_with_the_runs_label_is_removed() -> None:
    container, network, volume = Thing("c"), Thing("n"), Thing("v")
    left = Leftovers([container], [network], [volume])
    assert remove_by_label(left.run) == ()
    assert container.removed == [{"force": True, "v": True}]
    assert network.removed == [{}]
    assert volume.removed == [{"force": True}]
    assert list(dict.fromkeys(what for what, _ in left.asked)) == ["containers", "networks", "volumes", "images"]
    for what, options in left.asked:
        if what != "images":
            assert options["filters"] == {"label": "lockout.run=r-1"}
        if what == "containers":
            assert options["all"] is True
            assert options["ignore_removed"] is True


def test_what_is_restarted_again_and_again_is_let_die_first() -> None:
    crash_loops = Thing("c")
    crash_loops.attrs = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
    assert remove_by_label(Leftovers([crash_loops], [], []).run) == ()
    assert (crash_loops.freed, crash_loops.removed) == (["no"], [{"force": True, "v": True}])


def test_images_that_compose_built_for_the_run_go_unless_the_user_named_them() -> None:
    left = Leftovers([], [], [], (("lockout-r-1-orders:latest",), ("payments:1", "lockout-r-1-payments:latest"), ()))
    assert remove_by_label(left.run) == ()
    assert left.untagged == ["lockout-r-1-orders:latest", "lockout-r-1-payments:latest"]
    assert left.asked[-1] == ("images", {"filters": {"label": "com.docker.compose.project=lockout-r-1"}})


def test_what_is_gone_already_is_what_was_wanted() -> None:
    assert remove_by_label(Leftovers([Thing("c", NotFound("404"))], [], []).run) == ()


def test_what_will_not_go_is_named_and_the_rest_is_removed() -> None:
    volume = Thing("v")
    stuck = Thing("n", APIError("409", explanation="has active endpoints"))
    left = Leftovers([Thing("c", APIError("409", explanation="in progress"))], [stuck], [volume])
    assert remove_by_label(left.run) == ("container c: in progress", "network n: has active endpoints")
    assert volume.removed


@pytest.mark.parametrize("error", [requests.exceptions.ConnectionError(), requests.exceptions.ReadTimeout()])
def test_an_engine_that_is_gone(error: Exception) -> None:
    left = Leftovers([], [], [])
    left.fails = error
    with pytest.raises(EngineGone, match="the container engine does not answer"):
        remove_by_label(left.run)


def test_an_engine_that_goes_in_the_middle() -> None:
    left = Leftovers([Thing("c", requests.exceptions.ConnectionError())], [], [])
    with pytest.raises(EngineGone):
        remove_by_label(left.run)


def test_a_full_disk_keeps_nothing_from_being_removed(tmp_path: Path) -> None:
    def down(override: Path, log: Path) -> None:
        raise OSError(28, "No space left on device")

    project: Any = SimpleNamespace(down=down)
    container = Thing("c")
    assert tear_down(make_spec(tmp_path), project, Leftovers([container], [], []).run) == ()
    assert len(container.removed) == 1


@pytest.mark.parametrize("down_fails", [False, True])
def test_what_compose_leaves_is_removed_by_label(tmp_path: Path, down_fails: bool) -> None:
    project: Any = FakeProject()
    project.down_fails = down_fails
    container = Thing("c")
    assert tear_down(make_spec(tmp_path), project, Leftovers([container], [], []).run) == ()
    assert (project.downs, len(container.removed)) == (1, 1)


def test_endpoints_that_a_dead_container_left_are_cut_off_first() -> None:
    stuck = Thing("auth")
    stuck.attrs = {"Containers": {"f00": {}}}
    assert remove_by_label(Leftovers([], [stuck], []).run) == ()
    assert stuck.freed == ["looked at", ("f00", True)]
    assert stuck.removed == [{}]


def test_restart_policies_are_taken_off_before_anything_is_removed() -> None:
    looping, plain = Thing("looping"), Thing("plain")
    looping.attrs = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
    plain.attrs = {"HostConfig": {"RestartPolicy": {"Name": "no"}}}
    Leftovers([looping, plain], [], []).run.let_die()
    assert (looping.freed, plain.freed) == (["no"], [])


def test_workloads_go_with_their_tokens_and_nothing_else_is_touched(tmp_path: Path) -> None:
    orders, vault = Thing("orders"), Thing("vault")
    for one in (orders, vault):
        one.attrs = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
        one.labels = {"com.docker.compose.service": one.name}
    containers = Leftovers([orders, vault], [], []).run
    removed: list[str] = []
    containers.remove = removed.append  # type: ignore[method-assign]
    revoked: list[str] = []
    played = SimpleNamespace(accessors=lambda roles: (f"of {sorted(roles)}",), revoke=revoked.append, holds_keys=False)
    lab: Any = SimpleNamespace(
        spec=make_spec(tmp_path),
        started=frozenset({"orders", "vault", "a-stand-in"}),
        containers=containers,
        vault=lambda name: played,
        vault_roles=lambda name, workloads: frozenset({f"role at {name}"}),
    )
    clear_workloads(lab)
    assert removed == ["orders"]
    assert (orders.freed, vault.freed) == (["no"], []), "what stays is to be as it was"
    assert revoked == ["of ['role at vault']"]


def test_without_a_project_labels_are_enough(tmp_path: Path) -> None:
    container = Thing("c")
    assert tear_down(make_spec(tmp_path), None, Leftovers([container], [], []).run) == ()
    assert container.removed
