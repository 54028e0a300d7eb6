"""The floor: bring the same lab up and take it down by a plain script, one call after the other, and nothing else.

No line of lockout is used: the standard library, requests, hvac, and ``docker compose`` as a program. What it is to
build stands in a file (see :mod:`benchmarks.floor_spec`): the Compose files and the override of a real run, so images,
ports and networks are the same, and the ``x-lockout`` blocks, from which it makes the same calls. Prints what each
step took, in seconds, as JSON on stdout.

    python benchmarks/floor.py SPEC.json
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hvac
import requests
from hvac.exceptions import VaultError

POLL, PATIENCE = 0.05, 60.0  # seconds
USER = 65532  # of the workload image


def main() -> None:
    began = time.perf_counter()
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    steps: dict[str, float] = {}

    def step(name: str) -> None:
        nonlocal began
        now = time.perf_counter()
        steps[name] = now - began
        began = now

    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(spec, Path(folder))
        try:
            lab.compose("up", "--detach", "--quiet-pull", *sorted(spec["services"]))
            step("compose up")
            lab.set_up("database", lab.database)
            step("database")
            lab.set_up("idp", lab.idp)
            step("identity provider")
            lab.set_up("vault", lab.start_vault)
            step("vault init, unseal")
            lab.set_up("vault", lab.provision)
            step("vault provisioning")
            lab.set_up("workload", lab.deliver)
            step("identities")
            lab.set_up("workload", lab.green)
            step("until green")
        finally:
            lab.compose("down", "--volumes", "--remove-orphans", "--timeout", "0")
        step("compose down")
    print(json.dumps(steps))


class Lab:
    """The lab of one *spec*. *folder* is for files that are gone with it."""

    def __init__(self, spec: dict[str, Any], folder: Path) -> None:
        self.services: dict[str, dict[str, Any]] = spec["services"]
        self._command: list[str] = spec["compose"]
        self._environ: dict[str, str] = os.environ | spec["environ"]
        self._ports: dict[str, int] = spec["ports"]
        self._folder = folder
        self._secrets: dict[str, str] = {}
        self._vaults: dict[str, hvac.Client] = {}

    def set_up(self, role: str, act: Callable[[str, dict[str, Any]], None]) -> None:
        """*act* on each service of *role*, one after the other."""
        for name, block in self.services.items():
            if block.get("role") == role:
                act(name, block)

    def compose(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run([*self._command, *arguments], input=stdin, env=self._environ, capture_output=True)
        if done.returncode:
            raise SystemExit(f"docker compose {arguments[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout

    def read_file(self, service: str, path: str) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(self.compose("cp", f"{service}:{path}", "-"))) as archive:
            content = archive.extractfile(archive.getmembers()[0])
            return content.read() if content else b""

    def ca(self, block: dict[str, Any]) -> str:
        """The CA certificate for the component of *block*, as a file of ours."""
        path = self._folder / block["tls"]["ca_from"]
        if not path.exists():
            path.write_bytes(self.read_file(block["tls"]["ca_from"], block["tls"]["ca_path"]))
        return str(path)

    def url(self, service: str, port: int, scheme: str = "https") -> str:
        return f"{scheme}://127.0.0.1:{self._ports[f'{service}:{port}']}"

    def secret(self, label: str) -> str:
        return self._secrets.setdefault(label, os.urandom(24).hex())

    def psql(self, service: str, *statements: str) -> None:
        block = self.services[service]
        login = ("-U", block["user"], "-d", block["database"])
        command = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *login, "-f", "-")
        self.compose("exec", "-T", service, *command, stdin="".join(f"{s};\n" for s in statements).encode())

    def database(self, name: str, block: dict[str, Any]) -> None:
        # pg_isready in one exec, rather than an exec per question: each exec costs as much as several questions.
        ready = f"until pg_isready -q -h 127.0.0.1 -U {block['user']}; do sleep {POLL}; done"
        self.compose("exec", "-T", name, "sh", "-c", ready)
        self.psql(name, *block.get("setup", ()))

    def idp(self, name: str, block: dict[str, Any]) -> None:
        session = requests.Session()
        session.trust_env, session.verify = False, self.ca(block)
        until(lambda: session.get(self.url(name, block["port"]) + "/jwks", timeout=3).ok, f"{name} answers")
        token = self.read_file(name, block["admin_token_path"]).decode().strip()
        session.headers["Authorization"] = f"Bearer {token}"
        for client, settings in block["clients"].items():
            wish = {"client_id": client, "client_secret": self.secret(client), "scopes": settings.get("scopes", [])}
            wish |= {"audiences": settings["audiences"], "grants": settings.get("grants", ["client_credentials"])}
            if "token_ttl" in settings:
                wish["token_ttl"] = seconds(settings["token_ttl"])
            answer = session.post(self.url(name, block["admin_port"]) + "/clients", json=wish, timeout=3)
            answer.raise_for_status()

    def start_vault(self, name: str, block: dict[str, Any]) -> None:
        session = requests.Session()
        session.trust_env, session.verify = False, self.ca(block)
        client = hvac.Client(self.url(name, block["port"]), session=session, timeout=60)
        until(lambda: client.sys.read_seal_status() is not None, f"{name} answers")
        shares = block["initialise"]
        answer = client.sys.initialize(shares["shares"], shares["threshold"])
        client.token = answer["root_token"]
        client.sys.submit_unseal_keys(answer["keys_base64"][: shares["threshold"]])
        until(lambda: session.get(f"{client.url}/v1/sys/health", timeout=3).ok, f"{name} is active")
        client.sys.enable_audit_device(
            "file", path="stdout", options={"file_path": "stdout", "hmac_accessor": "false", "log_raw": "false"}
        )
        self._vaults[name] = client

    def provision(self, name: str, block: dict[str, Any]) -> None:
        client, wish = self._vaults[name], block.get("provision") or {}
        for policy, rules in wish.get("policies", {}).items():
            client.sys.create_or_update_policy(policy, rules)
        for mount, method in wish.get("auth", {}).items():
            client.sys.enable_auth_method(method["type"], path=mount)
            if method["type"] == "jwt":
                config = {"oidc_discovery_url": method["discovery_url"], "bound_issuer": method["bound_issuer"]}
                config["oidc_discovery_ca_pem"] = Path(self.ca(block)).read_text(encoding="utf-8")
                client.write_data(f"auth/{mount}/config", data=config)
            for role, settings in method["roles"].items():
                client.write_data(f"auth/{mount}/role/{role}", data=auth_role(method["type"], settings))
        for mount, engine in wish.get("secrets", {}).items():
            if engine["type"] == "kv-v2":
                client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
                self.kv(client, mount, engine)
            elif engine["type"] == "database":
                client.sys.enable_secrets_engine("database", path=mount)
                self.database_engine(name, client, mount, engine)
            elif engine["type"] == "transit":
                client.sys.enable_secrets_engine("transit", path=mount)
                for key in engine["keys"]:
                    client.secrets.transit.create_key(key, mount_point=mount)
            else:
                raise SystemExit(f"the floor cannot set up the secrets engine {engine['type']}")

    def kv(self, client: hvac.Client, mount: str, engine: dict[str, Any]) -> None:
        for path, entries in engine["entries"].items():
            values = {}
            for key, value in entries.items():
                values[key] = value if isinstance(value, str) else self.secret(f"{mount}/{path}#{key}")
                if not isinstance(value, str) and value["generate"] == "database-role":
                    grants = [f'GRANT "{group}" TO "{value["role"]}"' for group in value.get("member_of", ())]
                    self.psql(value["on"], f"CREATE ROLE \"{value['role']}\" LOGIN PASSWORD '{values[key]}'", *grants)

            def write(path: str = path, values: dict[str, str] = values) -> bool:
                return bool(client.secrets.kv.v2.create_or_update_secret(path, values, mount_point=mount))

            until(write, f"{mount} takes writes")

    def database_engine(self, vault: str, client: hvac.Client, mount: str, engine: dict[str, Any]) -> None:
        service, database = engine["connection"]["service"], engine["connection"]["database"]
        admin, password = f"{vault}_admin", self.secret(f"{vault}-{mount}")
        grants = [f'GRANT "{group}" TO "{admin}" WITH ADMIN OPTION' for group in engine.get("grants", ())]
        login = f"CREATE ROLE \"{admin}\" LOGIN CREATEROLE PASSWORD '{password}'"
        users = [static["username"] for static in engine.get("static_roles", {}).values()]
        made = [f'CREATE ROLE "{user}" LOGIN' for user in users]
        made += [f'GRANT "{group}" TO "{user}"' for user in users for group in engine.get("grants", ())]
        self.psql(service, login, f'GRANT pg_signal_backend TO "{admin}"', *grants, *made)
        plugin = "postgresql-database-plugin"
        if client.read(f"sys/plugins/catalog/database/{plugin}") is None:
            sha = self.compose("exec", "-T", vault, "sha256sum", f"/usr/local/bin/{plugin}").split()[0].decode()
            client.write_data(f"sys/plugins/catalog/database/{plugin}", data={"sha256": sha, "command": plugin})
        client.secrets.database.configure(
            service,
            plugin,
            allowed_roles=["*"],
            mount_point=mount,
            connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{service}:5432/{database}?sslmode=disable",
            username=admin,
            password=password,
        )
        for name, role in engine.get("roles", {}).items():
            client.secrets.database.create_role(
                name,
                service,
                role["creation"],
                revocation_statements=role.get("revocation"),
                default_ttl=role["default_ttl"],
                max_ttl=role["max_ttl"],
                mount_point=mount,
            )
        for name, static in engine.get("static_roles", {}).items():
            rotate = ["ALTER ROLE \"{{name}}\" PASSWORD '{{password}}'"]
            period = static["rotation_period"]
            client.secrets.database.create_static_role(
                name, service, static["username"], rotate, rotation_period=period, mount_point=mount
            )

    def deliver(self, name: str, block: dict[str, Any]) -> None:
        files: dict[str, str] = {}
        for identity in block.get("identity", ()):
            folder = identity.get("deliver", "").strip("/")
            if identity.get("method") == "approle":
                client, base = self._vaults[identity["vault"]], f"auth/approle/role/{identity['role']}"
                files[f"{folder}/role_id"] = client.read(f"{base}/role-id")["data"]["role_id"]
                files[f"{folder}/secret_id"] = client.write_data(f"{base}/secret-id", data={})["data"]["secret_id"]
            elif "idp" in identity:
                files[f"{folder}/client_id"] = identity["client"]
                files[f"{folder}/client_secret"] = self.secret(identity["client"])
            else:
                raise SystemExit(f"the floor cannot deliver this identity of {name}: {identity}")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for folder in sorted({path.rpartition("/")[0] for path in files}):
                put(archive, folder, tarfile.DIRTYPE, 0o500, "")
            for path, text in files.items():
                put(archive, path, tarfile.REGTYPE, 0o400, text)
        self.compose("cp", "-", f"{name}:/", stdin=buffer.getvalue())

    def green(self, name: str, block: dict[str, Any]) -> None:
        http = block["probe"]["http"]
        url = self.url(name, http["port"], "http") + http["path"]
        session = requests.Session()
        session.trust_env = False
        until(lambda: session.get(url, timeout=1).status_code == requests.codes.ok, f"{name} is green")


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except (requests.RequestException, VaultError) as error:
            if time.monotonic() > end:
                raise SystemExit(f"it never came to pass that {what}: {error}") from error
        if time.monotonic() > end:
            raise SystemExit(f"it never came to pass that {what}")
        time.sleep(POLL)


def auth_role(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    names = {"policies": "token_policies"}
    role = {names.get(key, key): value for key, value in settings.items()}
    return role | ({"role_type": "jwt", "user_claim": "sub"} if kind == "jwt" else {})


def seconds(text: str) -> float:
    """``25s``, ``10m``, ``1h``."""
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def put(archive: tarfile.TarFile, path: str, kind: bytes, mode: int, text: str) -> None:
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.uid, entry.gid, entry.size = kind, mode, USER, USER, len(text.encode())
    archive.addfile(entry, io.BytesIO(text.encode()))


if __name__ == "__main__":
    main()
