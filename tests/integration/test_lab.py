"""A lab as people may find it: hardened as in production, and no secret of it anywhere but where it belongs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from textwrap import wrap
from typing import Any

import pytest

from harness.history.events import VaultRequest
from harness.history.reader import read_events
from harness.history.redaction import Redactor
from harness.lab.containers import RUN_LABEL, SERVICE_LABEL, RunContainers
from harness.lab.engine import Engine
from harness.lab.lab import RunningLab
from harness.lab.plugins import Compose
from harness.lab.progress import PlainLines
from harness.lab.secrets import RunSecrets
from harness.lab.spec import load_spec
from harness.report.text import render_text, report_console
from harness.run.folder import RunFolder
from harness.run.healing import remove_run
from harness.run.judging import judge_folder, write_report
from harness.run.prepare import prepare
from harness.run.runner import Runner, RunOptions
from harness.run.signals import SignalGate
from tests.integration import canaries
from tests.integration.secrets_scan import Scanner
from tests.integration.support import files_of, objects_of, shapes_in

pytestmark = pytest.mark.engine

SCENARIO = """\
name: many-secrets
summary: Secrets are minted before, during and after what happens.
topology: canaries.compose.yaml
timeline:
  - {at: 1s, fault: rotation-no-overlap, on: vault, with: {secret: kv/billing}}
  - {at: 1.5s, fault: vault-sealed, on: vault, for: 1s}
  - {at: 1.5s, operator: break-glass-opened, on: ledger, for: 1s}
observe_for: 3s
expect:
  - {workload: payments, no_secret_leak: {}}
"""
OLD_FASHIONED = {"orders-legacy"}  # takes its token from its environment, as old programs do; lockout hands it a file
PLAIN = {"pki"}  # the only container that runs as root, for the second that it takes to hand out certificates


@dataclass
class Kept:
    """A run that has ended and left its lab standing."""

    run: str
    folder: RunFolder
    state: Path
    said: str
    engine: Engine
    minted: dict[str, str]  # value to label
    seen: set[bytes] = field(default_factory=set)  # command lines of all processes of the machine
    environments: set[bytes] = field(default_factory=set)  # of this process, and of what it started

    @property
    def containers(self) -> dict[str, Any]:
        label: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={self.run}"}
        found = self.engine.client.containers.list(all=True, filters=label)
        return {container.labels[SERVICE_LABEL]: container for container in found}

    @property
    def lab(self) -> RunningLab:
        secrets = RunSecrets(self.run, Redactor(), self.state / "lockout" / "secrets")
        return RunningLab(load_spec(self.folder.path), RunContainers(self.run, self.engine.client), secrets)

    @cached_property
    def scanner(self) -> Scanner:
        """Knows all secrets that were registered until the run had ended."""
        return Scanner((label, value) for value, label in self.minted.items())

    def found_in(self, data: bytes) -> list[str]:
        """The secrets in *data*, and what looks like one."""
        return self.scanner.found_in(data) + shapes_in(data)


@contextlib.contextmanager
def watching_processes(seen: set[bytes], environments: set[bytes], mark: str) -> Iterator[None]:
    """Collects the command lines of all processes of this machine, those in containers included.

    And the environments of this process and of those that inherited *mark* from it.
    """
    over = threading.Event()
    environments.add(Path("/proc/self/environ").read_bytes())
    environments.add("\0".join(f"{name}={value}" for name, value in os.environ.items()).encode())

    def watch() -> None:
        while not over.wait(0.05):
            for folder in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    seen.add((folder / "cmdline").read_bytes())
                    environment = (folder / "environ").read_bytes()
                    if mark.encode() in environment:
                        environments.add(environment)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, compose: Compose, images_present: None
) -> Iterator[Kept]:
    home = tmp_path_factory.mktemp("lab")
    scenario = home / "many-secrets.scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    minted: dict[str, str] = {}
    register = Redactor.register

    def registered(self: Redactor, label: str, value: str) -> None:
        register(self, label, value)
        minted[value.strip()] = label

    said, seen, environments = io.StringIO(), set[bytes](), set[bytes]()
    canaries.with_canaries(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        patch.setattr(Redactor, "register", registered)
        options = RunOptions(runs=home / "runs", keep=True)
        runner = Runner(prepare(scenario, compose), engine, compose, options, PlainLines(said))
        try:
            with watching_processes(seen, environments, str(home / "state")):
                done = runner.run(SignalGate())
            judged = judge_folder(done.folder)
            render_text(write_report(done.folder, judged), report_console(said))
            assert done.ending.ending == "completed", said.getvalue()
            text = said.getvalue()
            yield Kept(runner.run_id, done.folder, home / "state", text, engine, minted, seen, environments)
        finally:
            left = remove_run(runner.run_id, engine.client)
    assert left == ()
    assert objects_of(runner.run_id, engine.client) == []
    assert list((home / "state" / "lockout" / "secrets").iterdir()) == []


# ---- secrets


def test_the_run_made_secrets_of_every_kind(kept: Kept) -> None:
    labels = set(kept.minted.values())
    assert {"vault-root-token", *(f"vault-unseal-key-{n}" for n in range(1, 6))} <= labels
    assert {"vault-secret-id-orders", "idp-client-payments", "ledger-break-glass-orders"} <= labels
    assert {"kv/billing#password", "vault-database-connection", "rotated-password-1"} <= labels
    assert {"idp-admin-token", "ledger-admin-token"} <= labels
    assert canaries.labels() <= labels
    assert len(canaries.labels()) == 100
    assert all(len(value) >= 20 for value in kept.minted)


def test_a_secret_would_be_found(kept: Kept) -> None:
    """The searches below mean something."""
    plant: dict[str, Callable[[str], bytes]] = {
        "raw": str.encode,
        "base64": lambda value: b64encode(b"x" + value.encode()),
        "over lines": lambda value: "\n".join(wrap(value, 9)).encode(),
    }
    for form, planted in plant.items():
        data = b";".join(planted(value) for value in kept.minted)
        found = {one.partition(" (")[0] for one in kept.scanner.found_in(data)}
        assert found == set(kept.minted.values()), form


def test_no_secret_is_in_the_run_folder(kept: Kept) -> None:
    files = {path.relative_to(kept.folder.path): data for path, data in files_of(kept.folder.path)}
    assert {Path("events.jsonl"), Path("ledger.jsonl"), Path("report.html"), Path("lab/override.yaml")} <= set(files)
    assert {str(path): found for path, data in files.items() if (found := kept.found_in(data))} == {}


def test_no_secret_is_shown(kept: Kept) -> None:
    assert "starting containers" in kept.said
    assert kept.found_in(kept.said.encode()) == []


def test_no_secret_is_logged_by_a_container(kept: Kept) -> None:
    logs = {name: container.logs() for name, container in kept.containers.items()}
    assert logs["vault"]
    assert {name: found for name, text in logs.items() if (found := kept.found_in(text))} == {}


def test_no_secret_is_in_what_the_engine_knows(kept: Kept) -> None:
    client = kept.engine.client
    label = {"label": f"{RUN_LABEL}={kept.run}"}
    known = [container.attrs for container in kept.containers.values()]
    known += [network.attrs for network in client.networks.list(filters=label)]
    known += [volume.attrs for volume in client.volumes.list(filters=label)]
    assert len(known) > 20
    assert kept.found_in(json.dumps(known).encode()) == []


def test_no_secret_is_in_an_image(kept: Kept) -> None:
    images = {container.image.id: container.image for container in kept.containers.values()}
    for image in images.values():
        text = json.dumps([image.attrs, image.history()])
        assert kept.found_in(text.encode()) == [], image.tags


@pytest.mark.timeout(600)
def test_no_secret_is_in_a_layer_of_an_image_of_ours(kept: Kept) -> None:
    images = [container.image for container in kept.containers.values()]
    ours = {image.id: image for image in images if "lockout" in str(image.tags)}
    assert len(ours) >= 5
    known: set[str] = set()  # most layers are those of a few bases
    for image in ours.values():
        with tempfile.TemporaryFile() as saved:
            for chunk in image.save(chunk_size=1 << 20):
                saved.write(chunk)
            assert saved.tell() > 1 << 20, image.tags
            saved.seek(0)
            assert kept.scanner.found_in_image(saved, known) == {}, image.tags


def test_no_secret_was_in_a_process_list(kept: Kept) -> None:
    lines = {line.replace(b"\0", b" ") for line in kept.seen}
    # Compose was seen, and what came and went in containers: psql with passwords on its standard input.
    assert any(b"up --detach" in line for line in lines)
    assert any(b"psql -X" in line for line in lines)
    assert kept.found_in(b"\n".join(lines)) == []


def test_no_secret_was_in_the_environment_of_lockout_or_of_what_it_started(kept: Kept) -> None:
    assert len(kept.environments) > 1
    assert kept.scanner.found_in(b"\n".join(kept.environments)) == []


def test_no_secret_is_in_the_environment_of_a_process(kept: Kept) -> None:
    for name, container in kept.containers.items():
        if container.status != "running" or name in OLD_FASHIONED:
            continue
        code, output = container.exec_run(["cat", "/proc/1/environ"])
        assert code == 0, output
        assert kept.found_in(output) == [], container.name


def test_secrets_are_kept_in_a_private_file(kept: Kept) -> None:
    folder = kept.state / "lockout" / "secrets"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(json.loads(file.read_text(encoding="utf-8")).values()) <= set(kept.minted)


def test_identities_are_private_files_of_the_workload(kept: Kept) -> None:
    orders = kept.containers["orders"]
    code, output = orders.exec_run(["sh", "-c", "cd /run/identity && stat -c '%a %u %n' */*"])
    assert code == 0, output
    assert sorted(output.decode().splitlines()) == [
        "400 65532 break-glass/credential",
        "400 65532 vault/role_id",
        "400 65532 vault/secret_id",
    ]


# ---- as in production


def test_vault_runs_as_in_production(kept: Kept) -> None:
    vault = kept.lab.vault("vault")
    status = vault.status()
    assert status is not None
    assert (status["type"], status["storage_type"], status["n"], status["t"]) == ("shamir", "raft", 5, 3)
    assert vault.client.url.startswith("https://")
    (device,) = vault.client.sys.list_enabled_audit_devices()["data"].values()
    assert device["options"]["file_path"] == "stdout"
    assert device["options"].get("log_raw", "false") == "false"
    assert set(vault.client.sys.list_auth_methods()["data"]) >= {"approle/", "jwt/"}
    engines = vault.client.sys.list_mounted_secrets_engines()["data"]
    assert {engines[f"{name}/"]["type"] for name in ("kv", "database", "transit")} == {"kv", "database", "transit"}
    assert engines["kv/"]["options"]["version"] == "2"


def test_containers_run_without_root_and_without_new_privileges(kept: Kept) -> None:
    for name, container in kept.containers.items():
        if name in PLAIN:
            assert container.status == "exited"
            continue
        code, output = container.exec_run(["sed", "-n", "s/^Uid:\t\\([0-9]*\\).*/\\1/p", "/proc/1/status"])
        assert code == 0, output
        assert int(output) > 0, f"{name} runs as root"
        if name != "postgres":  # its entrypoint begins as root
            assert "no-new-privileges:true" in container.attrs["HostConfig"]["SecurityOpt"], name
            assert container.attrs["HostConfig"]["CapDrop"] == ["ALL"], name


def test_what_is_published_is_so_on_loopback_only(kept: Kept) -> None:
    published = [
        binding["HostIp"]
        for container in kept.containers.values()
        for bindings in container.ports.values()
        for binding in bindings or ()
    ]
    assert len(published) > 5
    assert set(published) == {"127.0.0.1"}


NAMES = """
import socket
for name in ("vault", "idp", "vault.upstream", "idp.upstream", "proxy"):
    try:
        print(name, *sorted({entry[4][0] for entry in socket.getaddrinfo(name, 443)}))
    except OSError:
        print(name)
"""


def test_the_fault_proxy_is_the_only_way_from_a_workload_to_vault(kept: Kept) -> None:
    lab = kept.lab
    answer = lab.containers.run_in("orders", ["python3", "-c", NAMES]).stdout
    names = {name: set(addresses) for name, *addresses in map(str.split, answer.splitlines())}
    proxy = set(lab.containers.addresses("proxy"))
    assert names["vault"]
    assert names["vault"] == names["idp"] <= proxy
    assert names["vault.upstream"] == names["idp.upstream"] == set()
    assert not set(lab.containers.addresses("vault")) & proxy


def test_vault_still_sees_who_asks(kept: Kept) -> None:
    asked = [event for event in read_events(kept.folder.events) if isinstance(event, VaultRequest) and event.workload]
    for workload in ("orders", "billing"):
        remotes = {event.remote for event in asked if event.workload == workload and event.login}
        assert remotes
        assert remotes <= set(kept.lab.containers.addresses(workload))
