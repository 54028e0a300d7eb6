from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.faults.ports import VaultLogin
from harness.lab.labels import connection_label, secret_id_label
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab
from tests.unit.faults.fakes.resources import VAULT_LOGIN

ROLE = "auth/approle/role/orders"
SETTINGS = {"token_policies": ["orders"], "token_ttl": 25}
CONFIG = "database/config/postgres"
USER = "v-approle-orders-1"


def with_approle(lab: FakeLab) -> None:
    vault = lab.the_vault
    secret = lab.secrets[secret_id_label("vault", "orders")] = f"{STORED_PASSWORD}-secret-id"
    taken = {secret}
    lab.logins = [VaultLogin("orders", "approle", "approle", "orders", "/run/identity/vault")]
    vault.tree["sys/auth"] = {"token/": {"type": "token"}, "approle/": {"type": "approle", "config": {}}}
    vault.tree[ROLE] = dict(SETTINGS)
    vault.tree[f"{ROLE}/role-id"] = {"role_id": "r-1"}

    def disable() -> None:
        vault.tree["sys/auth"].pop("approle/", None)
        for path in [path for path in vault.tree if path.startswith("auth/approle/")]:
            del vault.tree[path]
        vault.tokens.clear()
        taken.clear()

    def enable(values: Mapping[str, Any]) -> Mapping[str, Any]:
        vault.tree["sys/auth"]["approle/"] = dict(values)
        return {}

    def write_role(values: Mapping[str, Any]) -> Mapping[str, Any]:
        vault.tree[ROLE] = {key: value for key, value in values.items() if key != "role_id"}
        vault.tree[f"{ROLE}/role-id"] = {"role_id": values["role_id"]}
        return {}

    def take(values: Mapping[str, Any]) -> Mapping[str, Any]:
        taken.add(values["secret_id"])
        return {}

    vault.on_delete["sys/auth/approle"] = disable
    vault.on_write["sys/auth/approle"] = enable
    vault.on_write[ROLE] = write_role
    vault.on_write[f"{ROLE}/custom-secret-id"] = take
    vault.on_ask[f"{ROLE}/secret-id/lookup"] = lambda v: {"secret_id_ttl": 0} if v["secret_id"] in taken else None


def approle_as_before(lab: FakeLab) -> bool:
    tree, ask = lab.the_vault.tree, lab.the_vault.on_ask[f"{ROLE}/secret-id/lookup"]
    takes = ask({"secret_id": lab.secrets[secret_id_label("vault", "orders")]})
    return tree[ROLE] == SETTINGS and tree[f"{ROLE}/role-id"] == {"role_id": "r-1"} and bool(takes)


def with_database(lab: FakeLab) -> None:
    vault = lab.the_vault
    lab.secrets[connection_label("vault", "database")] = VAULT_LOGIN
    lab.the_database.passwords[USER] = STORED_PASSWORD
    vault.tree["sys/mounts"] = {"sys/": {"type": "system"}, "database/": {"type": "database", "options": None}}
    vault.tree[CONFIG] = {
        "plugin_name": "postgresql-database-plugin",
        "connection_details": {"username": "vault_admin", "connection_url": "postgresql://postgres"},
    }
    vault.tree["database/roles/orders"] = {"default_ttl": 25, "db_name": "postgres"}
    vault.tree["database/static-roles/reports"] = {"username": "reports_app", "last_vault_rotation": "earlier"}

    def disable() -> None:
        vault.tree["sys/mounts"].pop("database/", None)
        for path in [path for path in vault.tree if path.startswith("database/")]:
            del vault.tree[path]
        lab.the_database.passwords.pop(USER, None)

    def enable(values: Mapping[str, Any]) -> Mapping[str, Any]:
        vault.tree["sys/mounts"]["database/"] = dict(values)
        return {}

    def connect(values: Mapping[str, Any]) -> Mapping[str, Any]:
        assert values["password"] == VAULT_LOGIN
        details = {key: values[key] for key in ("username", "connection_url")}
        vault.tree[CONFIG] = {"plugin_name": values["plugin_name"], "connection_details": details}
        return {}

    vault.on_delete["sys/mounts/database"] = disable
    vault.on_write["sys/mounts/database"] = enable
    vault.on_write[CONFIG] = connect


def database_as_before(lab: FakeLab) -> bool:
    tree = lab.the_vault.tree
    return (
        tree[CONFIG]["connection_details"]["username"] == "vault_admin"
        and tree["database/roles/orders"] == {"default_ttl": 25, "db_name": "postgres"}
        and tree["database/static-roles/reports"]["username"] == "reports_app"
    )


CASES = {
    "auth-mount-disabled": Case(
        "vault", evidence="lists no auth mount", ready=with_approle, restored=approle_as_before
    ),
    "secrets-mount-disabled": Case(
        "vault", evidence="no longer has the 1 user", ready=with_database, restored=database_as_before
    ),
}
