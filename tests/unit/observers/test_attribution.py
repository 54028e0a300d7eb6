"""Who was it? Names first; addresses as they were last heard of."""

from __future__ import annotations

from pathlib import Path

from harness.observers.attribution import Attribution
from harness.run.observing import attribution
from harness.topology.parse import parse_topology


def test_nobody_is_known_at_first() -> None:
    who = Attribution()
    assert who.by_address("10.0.0.1") == ""
    assert who.by_address("") == ""
    assert who.by_vault_role("vault", "orders") == ""
    assert who.by_idp_client("idp", "orders") == ""
    assert who.by_holder("ledger", "orders") == ""


def test_all_addresses_of_a_service_are_its_own() -> None:
    who = Attribution()
    who.moved("orders", ["10.0.0.2", "10.1.0.2"])
    assert who.by_address("10.0.0.2") == who.by_address("10.1.0.2") == "orders"


def test_a_service_that_moved_is_not_at_its_old_address() -> None:
    who = Attribution()
    who.moved("orders", ["10.0.0.2"])
    who.moved("orders", ["10.0.0.3"])
    assert who.by_address("10.0.0.2") == ""
    assert who.by_address("10.0.0.3") == "orders"


def test_an_address_that_somebody_else_took_over() -> None:
    who = Attribution()
    who.moved("orders", ["10.0.0.2"])
    who.moved("billing", ["10.0.0.2"])
    assert who.by_address("10.0.0.2") == "billing"
    who.moved("orders", ["10.0.0.3"])
    assert who.by_address("10.0.0.2") == "billing"


def test_a_service_without_a_container_has_no_address() -> None:
    who = Attribution()
    who.moved("orders", ["10.0.0.2"])
    who.moved("orders", [])
    assert who.by_address("10.0.0.2") == ""


def test_identities_are_those_of_the_topology() -> None:
    def workload(*identity: dict[str, object]) -> dict[str, object]:
        return {"x-lockout": {"role": "workload", "probe": {"tcp": {"port": 1}}, "identity": list(identity)}}

    admin = {"admin_port": 2, "admin_token_path": "/t"}
    services = {
        "vault": {"x-lockout": {"role": "vault", "admin_token": {"env": "T"}}},
        "idp": {"x-lockout": {"role": "idp", "port": 1}},
        "ledger": {"x-lockout": {"role": "resource", "port": 1, **admin}},
        "archive": {"x-lockout": {"role": "resource", "port": 1}},
        "orders": workload({"vault": "vault", "method": "approle", "role": "orders-role"}),
        "payments": workload({"idp": "idp", "client": "pay"}, {"resource": "ledger", "break_glass": True}),
        "nobody": workload(),
    }
    who = attribution(parse_topology({"services": services}, (Path("compose.yaml"),)))
    assert who.vault_roles == {("vault", "orders-role"): "orders"}
    assert who.idp_clients == {("idp", "pay"): "payments"}
    assert who.holders == {
        ("ledger", "pay"): "payments",
        ("archive", "pay"): "payments",
        ("ledger", "payments"): "payments",
    }
