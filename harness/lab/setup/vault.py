"""Initialise a Vault and give it what the topology's ``provision`` block says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import hvac
import requests
from hvac.exceptions import VaultError

from harness.lab.admin.database import create_role, quote_literal, quote_name
from harness.lab.admin.vault import ACTIVE_DEADLINE
from harness.lab.diagnosis import not_ready
from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab
from harness.lab.labels import connection_label, unseal_key_label
from harness.lab.setup.identities import parent_policy
from harness.lab.setup.pki import provision_cert, provision_pki
from harness.lab.waiting import wait_for
from harness.topology.provision import (
    AppRoleAuth,
    CertAuth,
    DatabaseSecrets,
    Generated,
    JwtAuth,
    KvSecrets,
    PkiSecrets,
    TokenAuth,
    TokenSettings,
    TransitSecrets,
)
from harness.topology.services import DatabaseBlock
from harness.topology.vault import VaultBlock

INIT_TIMEOUT = 60  # seconds; raft takes 2 s with performance_multiplier = 1, and 5 to 8 s without
POSTGRES_PLUGIN = "postgresql-database-plugin"
PLUGIN_DIRECTORY = "/usr/local/bin"  # plugin_directory of compose/core.yaml; exists in both images


def open_vault(lab: RunningLab, service: str, block: VaultBlock) -> None:
    """Bring *service* from started to active and audited. Raises EnvironmentUnusable with Vault's words."""
    if wait_for(lambda: lab.vault(service).status() is not None, ACTIVE_DEADLINE) is None:
        raise not_ready(lab, service, f"did not answer within {ACTIVE_DEADLINE:g} s of its start")
    if block.initialise is not None:
        _initialise(lab, service, block.initialise.shares, block.initialise.threshold)
    if wait_for(lab.vault(service).is_serving, ACTIVE_DEADLINE) is None:
        raise not_ready(lab, service, "answers, but it is not active and unsealed")
    with _in_words(service, block):
        _enable_audit(lab.vault(service).client)


def provision_vault(lab: RunningLab, service: str, block: VaultBlock) -> None:
    """Give an open Vault what its block says. Its databases and its identity provider must be there by now."""
    with _in_words(service, block):
        _provision(lab, service, block, lab.vault(service).client)


@contextmanager
def _in_words(service: str, block: VaultBlock) -> Iterator[None]:
    try:
        yield
    except VaultError as error:
        # Vault words several errors as a list over several lines.
        words = " ".join(str(error).split())
        hint = (f"may the token in x-lockout: admin_token of '{service}' do this?",) if block.admin_token else ()
        raise EnvironmentUnusable(f"{service}: setting it up was refused: {words}", hint) from error
    except requests.RequestException as error:
        raise EnvironmentUnusable(f"{service}: setting it up got no answer ({type(error).__name__})") from error


def _initialise(lab: RunningLab, service: str, shares: int, threshold: int) -> None:
    client = lab.vault(service).client
    client.adapter._kwargs["timeout"] = INIT_TIMEOUT
    try:
        answer = client.sys.initialize(secret_shares=shares, secret_threshold=threshold)
    except (VaultError, requests.RequestException) as error:
        raise EnvironmentUnusable(f"{service}: initialising failed: {error}") from error
    for number, key in enumerate(answer["keys_base64"], start=1):
        lab.secrets.keep(unseal_key_label(service, number), key)
    lab.secrets.keep(f"{service}-root-token", answer["root_token"])
    lab.forget_vault(service)
    lab.vault(service).unseal(ACTIVE_DEADLINE)


def _enable_audit(client: hvac.Client) -> None:
    # To stdout, so that the container's log is the audit log. Accessors in clear: they are how events are told
    # apart, and they cannot be used as tokens. Everything else stays an HMAC. One that somebody has enabled already
    # is as good, also with other accessors, and a second one would show every request twice.
    devices = client.sys.list_enabled_audit_devices()["data"].values()
    if not any((device.get("options") or {}).get("file_path") == "stdout" for device in devices):
        client.sys.enable_audit_device(
            device_type="file",
            path="stdout",
            options={"file_path": "stdout", "hmac_accessor": "false", "log_raw": "false"},
        )


def _provision(lab: RunningLab, service: str, block: VaultBlock, client: hvac.Client) -> None:
    if block.provision is None:
        return
    for name, rules in block.provision.policies.items():
        client.sys.create_or_update_policy(name, rules)
    for mount, method in block.provision.auth.items():
        if isinstance(method, TokenAuth):
            _token_roles(client, method)
            continue
        _mount(partial(client.sys.enable_auth_method, method.type, path=mount))
        if isinstance(method, AppRoleAuth):
            _approle(client, mount, method)
        elif isinstance(method, JwtAuth):
            _jwt(lab, client, mount, method, block)
    for mount, engine in block.provision.secrets.items():
        options = {"version": "2"} if isinstance(engine, KvSecrets) else None
        kind = "kv" if isinstance(engine, KvSecrets) else engine.type
        _mount(partial(client.sys.enable_secrets_engine, kind, path=mount, options=options))
        if isinstance(engine, KvSecrets):
            _kv(lab, client, mount, engine)
        elif isinstance(engine, DatabaseSecrets):
            _database(lab, service, client, mount, engine)
        elif isinstance(engine, PkiSecrets):
            provision_pki(client, mount, engine)
        else:
            _transit(client, mount, engine)
    for mount, method in block.provision.auth.items():
        if isinstance(method, CertAuth):  # which trusts what a secrets engine issues
            provision_cert(client, mount, method, {name: _token_settings(role) for name, role in method.roles.items()})


def _mount(enable: Callable[[], object]) -> None:
    try:
        enable()
    except VaultError as error:
        if "path is already in use" not in str(error):
            raise


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{round(value)}s"


def _token_settings(role: TokenSettings) -> dict[str, Any]:
    settings = {
        "token_policies": list(role.policies),
        "token_ttl": _seconds(role.token_ttl),
        "token_max_ttl": _seconds(role.token_max_ttl),
        "token_explicit_max_ttl": _seconds(role.token_explicit_max_ttl),
        "token_num_uses": role.token_num_uses,
        "token_no_default_policy": role.token_no_default_policy,
    }
    return {key: value for key, value in settings.items() if value is not None}


def _approle(client: hvac.Client, mount: str, method: AppRoleAuth) -> None:
    for name, role in method.roles.items():
        settings = _token_settings(role) | {
            "secret_id_ttl": _seconds(role.secret_id_ttl),
            "secret_id_num_uses": role.secret_id_num_uses,
        }
        client.write_data(
            f"auth/{mount}/role/{name}", data={key: value for key, value in settings.items() if value is not None}
        )


def _token_roles(client: hvac.Client, method: TokenAuth) -> None:
    for name, role in method.roles.items():
        settings = {"allowed_policies": list(role.policies), "token_period": _seconds(role.period)}
        client.write_data(f"auth/token/roles/{name}", data=settings | {"orphan": role.orphan})
        if not role.orphan:
            rules = f'path "auth/token/create/{name}" {{ capabilities = ["update"] }}'
            client.sys.create_or_update_policy(parent_policy(name), rules)


def _jwt(lab: RunningLab, client: hvac.Client, mount: str, method: JwtAuth, block: VaultBlock) -> None:
    config = {"oidc_discovery_url": method.discovery_url}
    if method.bound_issuer:
        config["bound_issuer"] = method.bound_issuer
    if method.ca_path and block.tls:
        config["oidc_discovery_ca_pem"] = lab.containers.read_file(block.tls.ca_from, method.ca_path).decode()
    client.write_data(f"auth/{mount}/config", data=config)
    for name, role in method.roles.items():
        settings = _token_settings(role) | {
            "role_type": "jwt",
            "bound_audiences": list(role.bound_audiences),
            "user_claim": role.user_claim,
        }
        if role.bound_subject:
            settings["bound_subject"] = role.bound_subject
        client.write_data(f"auth/{mount}/role/{name}", data=settings)


def _kv(lab: RunningLab, client: hvac.Client, mount: str, engine: KvSecrets) -> None:
    for path, entries in engine.entries.items():
        values = {
            key: _generate(lab, f"{mount}/{path}#{key}", value) if isinstance(value, Generated) else value
            for key, value in entries.items()
        }
        # A kv mount is upgraded to version 2 in the background, and refuses writes until that is done.
        error: list[VaultError] = []

        def write(path: str = path, values: dict[str, str] = values, error: list[VaultError] = error) -> bool:
            try:
                client.secrets.kv.v2.create_or_update_secret(path, secret=values, mount_point=mount)
            except VaultError as refused:
                error[:] = [refused]
                return False
            return True

        if not wait_for(write, 10.0) and error:
            raise error[0]


def _generate(lab: RunningLab, label: str, wish: Generated) -> str:
    value = lab.secrets.mint(label)
    if wish.generate == "database-role" and wish.on and wish.role:
        lab.database(wish.on).execute(create_role(wish.role, value, wish.member_of))
    return value


def _database(lab: RunningLab, service: str, client: hvac.Client, mount: str, engine: DatabaseSecrets) -> None:
    target = engine.connection.service
    block = lab.spec.topology.services[target].block
    if not isinstance(block, DatabaseBlock):
        raise EnvironmentUnusable(f"{service}: provision.secrets.{mount}.connection: '{target}' is no database")
    database = lab.database(target)
    # Vault's own login: it may make and drop roles and end their sessions, and nothing else.
    admin, password = f"{service.replace('-', '_')}_admin", lab.secrets.mint(connection_label(service, mount))
    database.execute(
        [
            f"CREATE ROLE {quote_name(admin)} LOGIN CREATEROLE PASSWORD {quote_literal(password)}",
            f"GRANT pg_signal_backend TO {quote_name(admin)}",
            *(f"GRANT {quote_name(group)} TO {quote_name(admin)} WITH ADMIN OPTION" for group in engine.grants),
        ]
    )
    _register_plugin(lab, service, client)
    client.secrets.database.configure(
        name=target,
        plugin_name=POSTGRES_PLUGIN,
        allowed_roles=["*"],
        mount_point=mount,
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{target}:{block.port}/{engine.connection.database}?sslmode=disable",
        username=admin,
        password=password,
    )
    for name, role in engine.roles.items():
        client.secrets.database.create_role(
            name=name,
            db_name=target,
            creation_statements=list(role.creation),
            renew_statements=list(role.renewal),
            revocation_statements=list(role.revocation),
            default_ttl=_seconds(role.default_ttl),
            max_ttl=_seconds(role.max_ttl),
            mount_point=mount,
        )
    for name, static in engine.static_roles.items():
        database.execute(
            [f"CREATE ROLE {quote_name(static.username)} LOGIN"]
            + [f"GRANT {quote_name(group)} TO {quote_name(static.username)}" for group in engine.grants]
        )
        client.secrets.database.create_static_role(
            name=name,
            db_name=target,
            username=static.username,
            rotation_statements=["ALTER ROLE \"{{name}}\" PASSWORD '{{password}}'"],
            rotation_period=_seconds(static.rotation_period),
            mount_point=mount,
        )


def _register_plugin(lab: RunningLab, service: str, client: hvac.Client) -> None:
    """The public image has the plugin built in, ours has it as a program: ask the catalogue, don't compare names."""
    if client.read(f"sys/plugins/catalog/database/{POSTGRES_PLUGIN}") is not None:
        return
    done = lab.containers.run_in(service, ["sha256sum", f"{PLUGIN_DIRECTORY}/{POSTGRES_PLUGIN}"])
    if done.code:
        raise EnvironmentUnusable(
            f"{service} has no {POSTGRES_PLUGIN}, neither built in nor in {PLUGIN_DIRECTORY}: {done.stderr.strip()}",
            ("use the image that fixtures/images.yaml names",),
        )
    client.write_data(
        f"sys/plugins/catalog/database/{POSTGRES_PLUGIN}",
        data={"sha256": done.stdout.split()[0], "command": POSTGRES_PLUGIN},
    )


def _transit(client: hvac.Client, mount: str, engine: TransitSecrets) -> None:
    for key in engine.keys:
        client.secrets.transit.create_key(name=key, mount_point=mount)
