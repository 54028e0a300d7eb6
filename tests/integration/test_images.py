"""The contract of each image, for whichever variant this machine has: the public one or the one lockout built."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import hvac
import hvac.exceptions
import pytest

from harness.lab.engine import Engine, ensure_engine
from harness.lab.images import ResolvedImage, load_catalogue, plan, resolve
from harness.lab.progress import PlainLines

pytestmark = pytest.mark.engine

RUN = f"test-images-{secrets.token_hex(4)}"
DEADLINE = 30.0  # seconds

VAULT_CONFIG = """
storage "inmem" {}
listener "tcp" {
  address = "0.0.0.0:8200"
  tls_disable = true
}
disable_mlock = true
plugin_directory = "/usr/local/bin"
"""

Start = Callable[..., Any]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return ensure_engine(PlainLines())


@pytest.fixture(scope="module")
def images(engine: Engine) -> dict[str, ResolvedImage]:
    return resolve(["base-python", "vault", "postgres"], "auto", engine, PlainLines())


@pytest.fixture
def start(engine: Engine) -> Iterator[Start]:
    """Starts containers that are removed with their volumes, whatever happens."""
    started = []

    def begin(image: str, command: list[str] | None = None, **options: Any) -> Any:
        container = engine.client.containers.create(image, command, labels={"lockout.run": RUN}, **options)
        started.append(container)
        container.start()
        return container

    yield begin
    for container in started:
        container.remove(force=True, v=True)


def until(condition: Callable[[], Any], container: Any) -> Any:
    """The first true answer; fails with the container's log if it ends or half a minute passes."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        container.reload()
        if container.status == "exited":
            break
        time.sleep(0.05)
    pytest.fail(f"container is {container.status}:\n{container.logs().decode()[-3000:]}")


def run(container: Any, *command: str, **options: Any) -> tuple[int, str]:
    code, output = container.exec_run(list(command), **options)
    return int(code), output.decode()


def ends_with(container: Any) -> tuple[int, str]:
    code = int(container.wait(timeout=DEADLINE)["StatusCode"])
    return code, container.logs().decode()


def uid_of_main(container: Any) -> str:
    # pid 1 as the container sees it, whatever the image's USER says
    code, output = run(container, "sed", "-n", "s/^[UG]id:\t\\([0-9]*\\).*/\\1/p", "/proc/1/status", user="0")
    assert code == 0, output
    return ":".join(output.split())


def address(container: Any) -> str:
    container.reload()
    networks = container.attrs["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def test_resolving_again_finds_everything_present(engine: Engine, images: dict[str, ResolvedImage]) -> None:
    again = resolve(images, "auto", engine)
    assert {image.variant for image in again.values()} == {"present"}
    assert {name: image.image_id for name, image in again.items()} == {
        name: image.image_id for name, image in images.items()
    }
    assert {item.action for item in plan(images, "auto", engine)} <= {"use-public", "use-local"}


def test_base_python_runs_python_with_what_fixtures_need(images: dict[str, ResolvedImage], start: Start) -> None:
    code = "import asyncio, ctypes, hashlib, ssl, sys; print('%d.%d' % sys.version_info[:2], ssl.HAS_TLSv1_3)"
    container = start(images["base-python"].ref, ["python3", "-c", code], user="65532:65532", read_only=True)
    assert ends_with(container) == (0, "3.11 True\n")


def test_base_python_trusts_public_authorities(images: dict[str, ResolvedImage], start: Start) -> None:
    code = "import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 50)"
    assert ends_with(start(images["base-python"].ref, ["python3", "-c", code])) == (0, "True\n")


def vault(images: dict[str, ResolvedImage], start: Start, **options: Any) -> Any:
    return start(
        images["vault"].ref,
        ["server", "-config=/vault/config"],
        entrypoint=["vault"],
        user="100:1000",
        environment={"SKIP_SETCAP": "true"},
        ports={"8200/tcp": ("127.0.0.1", None)},
        **options,
    )


@pytest.fixture
def volume(engine: Engine) -> Iterator[str]:
    """The name of an empty volume. Ask for it before `start`: it can only go after the containers."""
    made = engine.client.volumes.create(labels={"lockout.run": RUN})
    yield made.name
    made.remove(force=True)


@pytest.fixture
def vault_config(engine: Engine, images: dict[str, ResolvedImage], volume: str) -> str:
    """A volume with Vault's configuration, written through the image itself, so remote engines work too."""
    script = f"cat >/v/vault.hcl <<'END'\n{VAULT_CONFIG}\nEND"
    fill(engine, images["base-python"], volume, script)
    return volume


def fill(engine: Engine, image: ResolvedImage, volume: str, script: str) -> None:
    """Run a shell script as root with the volume at /v."""
    container = engine.client.containers.create(
        image.ref,
        ["-c", script],
        entrypoint=["sh"],
        user="0",
        volumes={volume: {"bind": "/v"}},
        labels={"lockout.run": RUN},
    )
    try:
        container.start()
        assert ends_with(container) == (0, "")
    finally:
        container.remove(force=True, v=True)


def test_vault_serves_as_its_own_user_and_unseals(
    images: dict[str, ResolvedImage], vault_config: str, start: Start
) -> None:
    container = vault(images, start, volumes={vault_config: {"bind": "/vault/config", "mode": "ro"}})

    def published() -> str | None:
        container.reload()
        bindings = container.ports.get("8200/tcp")
        return bindings[0]["HostPort"] if bindings else None

    client = hvac.Client(url=f"http://127.0.0.1:{until(published, container)}", timeout=5)

    def initialised() -> bool:
        try:
            return client.sys.is_initialized() in (True, False)
        except (OSError, hvac.exceptions.VaultError):
            return False

    until(initialised, container)
    assert uid_of_main(container) == "100:1000"

    keys = client.sys.initialize(secret_shares=1, secret_threshold=1)
    client.sys.submit_unseal_key(keys["keys"][0])
    client.token = keys["root_token"]
    until(lambda: not client.sys.is_sealed(), container)
    assert client.sys.read_seal_status()["version"].startswith("1.21.")

    # the database engine with PostgreSQL: built in (public image) or from the plugin folder (built image)
    plugin = "sys/plugins/catalog/database/postgresql-database-plugin"
    if client.read(plugin) is None:
        code, output = run(container, "sha256sum", "/usr/local/bin/postgresql-database-plugin")
        assert code == 0, output
        client.write_data(plugin, data={"command": "postgresql-database-plugin", "sha256": output.split()[0]})
    client.sys.enable_secrets_engine("database")
    client.secrets.database.configure(
        name="app",
        plugin_name="postgresql-database-plugin",
        connection_url="postgresql://{{username}}:{{password}}@nowhere/app",
        username="u",
        password="p",
        verify_connection=False,
        allowed_roles=["*"],
    )
    for engine_name in ("transit", "kv", "pki"):
        client.sys.enable_secrets_engine(engine_name)
    for method in ("approle", "jwt"):
        client.sys.enable_auth_method(method)


@pytest.mark.parametrize("folder", ["/vault/config", "/vault/file", "/vault/logs"])
def test_vault_user_may_write_its_folders(images: dict[str, ResolvedImage], start: Start, folder: str) -> None:
    container = start(images["vault"].ref, ["-c", f"touch {folder}/x"], entrypoint=["sh"], user="100:1000")
    assert ends_with(container) == (0, "")


PASSWORD = "only-for-this-test"


def postgres(images: dict[str, ResolvedImage], start: Start, *arguments: str, **environment: str) -> Any:
    return start(
        images["postgres"].ref,
        list(arguments) or None,
        environment={"POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": "app", **environment},
    )


def ready(container: Any) -> None:
    # over TCP: the server that runs during initialisation listens on the socket only
    until(lambda: run(container, "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres")[0] == 0, container)


def sql(container: Any, text: str, *, host: str | None = None, password: str = "") -> tuple[int, str]:
    where = ["-h", host] if host else []
    command = ["psql", "-XAtw", "-U", "postgres", "-d", "app", *where, "-c", text]
    code, output = run(container, *command, environment={"PGPASSWORD": password})
    return code, output.strip()


def test_postgres_serves_with_the_options_given(images: dict[str, ResolvedImage], start: Start) -> None:
    container = postgres(images, start, "postgres", "-c", "max_connections=37", "-c", "log_connections=on")
    ready(container)
    assert uid_of_main(container) == "999:999"
    assert sql(container, "show max_connections") == (0, "37")
    assert sql(container, "show server_version")[1].startswith("15.")
    assert sql(container, "show data_directory") == (0, "/var/lib/postgresql/data")
    assert sql(container, "show listen_addresses") == (0, "*")


def test_postgres_asks_for_the_password_over_the_network_only(images: dict[str, ResolvedImage], start: Start) -> None:
    container = postgres(images, start)
    ready(container)
    host = address(container)
    assert sql(container, "select 1") == (0, "1")
    assert sql(container, "select 2", host=host, password=PASSWORD) == (0, "2")
    code, output = sql(container, "select 3", host=host, password="wrong")
    assert code != 0
    assert "password authentication failed" in output
    assert sql(container, "select rolpassword ~ '^SCRAM-SHA-256' from pg_authid where rolname = 'postgres'") == (0, "t")


def test_postgres_reads_password_files_and_runs_init_scripts(
    engine: Engine, images: dict[str, ResolvedImage], volume: str, start: Start
) -> None:
    script = f"echo 'create table t (a int);' >/v/1.sql; printf '{PASSWORD}' >/v/pw; chmod 644 /v/*"
    fill(engine, images["base-python"], volume, script)
    container = start(
        images["postgres"].ref,
        environment={"POSTGRES_PASSWORD_FILE": "/docker-entrypoint-initdb.d/pw", "POSTGRES_DB": "app"},
        volumes={volume: {"bind": "/docker-entrypoint-initdb.d", "mode": "ro"}},
    )
    ready(container)
    assert sql(container, "select count(*) from t") == (0, "0")
    assert sql(container, "select 1", host=address(container), password=PASSWORD) == (0, "1")


def test_postgres_keeps_its_data_over_a_restart_and_stops_quickly(
    images: dict[str, ResolvedImage], start: Start
) -> None:
    container = postgres(images, start)
    ready(container)
    assert sql(container, "create table kept (a int)")[0] == 0
    container.stop(timeout=20)
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 0, "the stop signal asks for a fast shutdown, not for a kill"
    container.start()
    ready(container)
    assert sql(container, "select count(*) from kept") == (0, "0")


def test_postgres_refuses_to_start_without_a_password(images: dict[str, ResolvedImage], start: Start) -> None:
    container = start(images["postgres"].ref)
    code, log = ends_with(container)
    assert code == 1
    assert "password" in log


def test_no_password_is_left_in_the_server_environment(images: dict[str, ResolvedImage], start: Start) -> None:
    if images["postgres"].origin == "public":
        pytest.skip("the public image keeps it")
    container = postgres(images, start)
    ready(container)
    code, output = run(container, "cat", "/proc/1/environ")
    assert code == 0
    assert PASSWORD not in output


def test_ports_are_declared(engine: Engine, images: dict[str, ResolvedImage]) -> None:
    for name, image in images.items():
        contract = load_catalogue().entry(name).contract
        assert contract is not None
        exposed = engine.client.images.get(image.ref).attrs["Config"].get("ExposedPorts") or {}
        assert {f"{port}/tcp" for port in contract.ports} <= set(exposed), name


def test_no_secret_is_baked_in(engine: Engine, images: dict[str, ResolvedImage]) -> None:
    for name, image in images.items():
        variables = engine.client.images.get(image.ref).attrs["Config"].get("Env") or []
        assert not [item for item in variables if "PASSWORD" in item.upper() or "TOKEN" in item.upper()], name
    for value in (os.environ.get(name, "") for name in ("PIP_INDEX_URL", "HTTPS_PROXY")):
        for image in images.values():
            history = str(engine.client.images.get(image.ref).history())
            assert not value or value not in history


def test_go_binary_is_made_for_the_engine(engine: Engine, images: dict[str, ResolvedImage], start: Start) -> None:
    code, output = ends_with(start(images["vault"].ref, ["version"], entrypoint=["vault"]))
    assert code == 0
    assert output.startswith("Vault v1.21.0")
    architecture = engine.client.images.get(images["vault"].ref).attrs["Architecture"]
    assert architecture == engine.arch
