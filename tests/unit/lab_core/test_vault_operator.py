"""A Vault, as far as a small server can play it: what is an answer, and what is none."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from harness.lab.admin import vault as module
from harness.lab.admin.vault import VaultOperator
from harness.lab.errors import EnvironmentUnusable
from tests.unit.lab_core.support import HttpServer, Reply, Request, nobody_listens

TOKEN = "hvs.root-token-of-the-run"
META = {"orders-role": {"role_name": "orders"}, "jwt": {"role": "payments"}, "none": None}


class Vault:
    """``standing`` is its health; ``tokens`` maps accessors to their metadata."""

    def __init__(self, sealed: bool = False) -> None:
        self.sealed = sealed
        self.keys: list[str] = []
        self.broken = False
        self.tokens: dict[str, Any] = {"acc-1": META["orders-role"], "acc-2": META["jwt"], "acc-3": META["none"]}
        self.vanished: set[str] = set()
        self.denies = ""  # what every lookup of a token is refused with

    def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/v1/")
        if self.broken:
            return Reply(502, "<html>bad gateway")
        if path == "sys/seal-status":
            return Reply(200, {"sealed": self.sealed, "t": 2, "n": 3, "progress": len(self.keys)})
        if path == "sys/health":
            return Reply(503 if self.sealed else 200, {"sealed": self.sealed})
        if path == "sys/unseal":
            self.keys.append(request.body["key"])
            self.sealed = len(self.keys) < 2
            return Reply(200, {"sealed": self.sealed})
        if self.sealed:
            return Reply(503, {"errors": ["Vault is sealed"]})
        if path == "sys/seal":
            self.sealed = True
            return Reply(204)
        if path == "auth/token/lookup-accessor":
            accessor = request.body["accessor"]
            if self.denies:
                return Reply(403, {"errors": [self.denies]})
            if accessor in self.tokens and accessor not in self.vanished:
                life = {"ttl": 42, "expire_time": None if accessor == "acc-3" else "2026-11-22T10:00:00Z"}
                path = "auth/jwt/login" if accessor == "acc-2" else "auth/approle/login"
                return Reply(200, {"data": {"accessor": accessor, "meta": self.tokens[accessor], "path": path} | life})
            return Reply(403, {"errors": ["1 error occurred:\n\t* invalid accessor\n\n"]})
        if path == "database/static-roles/reports":
            return Reply(200, {"data": {"last_vault_rotation": "2026-11-22T10:00:00.5Z", "username": "reports_app"}})
        if path.startswith("auth/token/accessors"):
            return Reply(200, {"data": {"keys": sorted(self.tokens, reverse=True)}})
        if path == "auth/token/renew-accessor":
            return Reply(200, {"auth": {}})
        return Reply(404, {"errors": []})


def operator(url: str, keys: tuple[str, ...] = ("key-1", "key-2", "key-3")) -> VaultOperator:
    return VaultOperator("vault", url, False, TOKEN, keys, 2)


@pytest.mark.parametrize("sealed", [True, False])
def test_whether_it_is_sealed(sealed: bool) -> None:
    with HttpServer(Vault(sealed).answer).serving() as server:
        vault = operator(server.url)
        assert vault.is_sealed() is sealed
        assert vault.is_serving() is not sealed


def test_without_an_answer_it_is_neither_sealed_nor_serving() -> None:
    vault = operator(nobody_listens())
    assert vault.status() is None
    assert vault.is_sealed() is None
    assert not vault.is_serving()


def test_an_answer_that_is_not_vaults_is_none() -> None:
    fake = Vault()
    fake.broken = True
    with HttpServer(fake.answer).serving() as server:
        vault = operator(server.url)
        assert vault.is_sealed() is None
        assert not vault.is_serving()


@pytest.mark.parametrize("status", [429, 472, 473, 501, 503])
def test_only_an_active_vault_serves(status: int) -> None:
    with HttpServer(lambda request: Reply(status, {})).serving() as server:
        assert not operator(server.url).is_serving()


def test_it_is_unsealed_with_as_many_keys_as_it_takes() -> None:
    fake = Vault(sealed=True)
    with HttpServer(fake.answer).serving() as server:
        operator(server.url).unseal()
    assert fake.keys == ["key-1", "key-2"]
    assert not fake.sealed


def test_an_unsealed_vault_is_left_alone() -> None:
    fake = Vault()
    with HttpServer(fake.answer).serving() as server:
        operator(server.url).unseal()
    assert fake.keys == []


def test_a_vault_that_does_not_answer_cannot_be_unsealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNSEAL_PATIENCE", 0.1)
    with pytest.raises(EnvironmentUnusable, match="vault does not answer, so it cannot be unsealed"):
        operator(nobody_listens()).unseal()


def test_a_vault_that_stays_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNSEAL_PATIENCE", 0.1)
    with (
        HttpServer(Vault(sealed=True).answer).serving() as server,
        pytest.raises(EnvironmentUnusable, match=r"vault is unsealed but did not become active in 0\.1 s"),
    ):
        operator(server.url, keys=("only-one",)).unseal()


def test_acts_of_a_vault_that_does_not_answer() -> None:
    vault = operator(nobody_listens())
    for act, said in (
        (vault.seal, "sealing"),
        (lambda: vault.revoke("acc-1"), "revoking a token"),
        (lambda: vault.shorten("acc-1", 2.0), "shortening a token"),
        (lambda: vault.auth_ttls("approle"), "reading a mount"),
        (lambda: vault.accessors(frozenset({"orders"})), "listing tokens"),
        (lambda: vault.kv_read("kv/billing"), "reading kv/billing"),
    ):
        with pytest.raises(EnvironmentUnusable, match=rf"^vault: {said} got no answer \(ConnectionError\)$"):
            act()


def test_acts_that_vault_refuses() -> None:
    with HttpServer(Vault(sealed=True).answer).serving() as server:
        vault = operator(server.url)
        with pytest.raises(EnvironmentUnusable, match=r"^vault: sealing was refused: Vault is sealed") as raised:
            vault.seal()
    assert TOKEN not in str(raised.value)


def test_tokens_are_found_by_the_role_they_were_issued_to() -> None:
    with HttpServer(Vault().answer).serving() as server:
        vault = operator(server.url)
        assert vault.accessors(frozenset({"orders", "payments"})) == ("acc-1", "acc-2")
        assert vault.accessors(frozenset({"payments"})) == ("acc-2",)
        assert vault.accessors(frozenset()) == ()


def test_a_token_that_ends_while_they_are_listed_is_passed_over() -> None:
    fake = Vault()
    fake.vanished = {"acc-1"}
    with HttpServer(fake.answer).serving() as server:
        assert operator(server.url).accessors(frozenset({"orders", "payments"})) == ("acc-2",)


def test_whether_a_token_lives() -> None:
    fake = Vault()
    with HttpServer(fake.answer).serving() as server:
        vault = operator(server.url)
        assert vault.is_alive("acc-1")
        assert not vault.is_alive("acc-9")
        fake.sealed = True
        with pytest.raises(EnvironmentUnusable, match="vault: looking up a token got no answer"):
            vault.is_alive("acc-1")
        with pytest.raises(EnvironmentUnusable):
            vault.accessors(frozenset({"orders"}))


@pytest.mark.parametrize(
    ("said", "alive"),
    [
        ("bad token", False),
        ("permission denied", None),
        ("2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n", None),
    ],
)
def test_a_refusal_is_a_dead_token_only_if_vault_says_so(said: str, alive: bool | None) -> None:
    fake = Vault()
    fake.denies = said
    with HttpServer(fake.answer).serving() as server:
        vault = operator(server.url)
        if alive is None:
            with pytest.raises(EnvironmentUnusable, match="vault: looking up a token was refused: "):
                vault.is_alive("acc-1")
        else:
            assert vault.is_alive("acc-1") is alive


@pytest.mark.parametrize(
    ("mount", "found"), [(None, ("acc-1", "acc-2")), ("approle", ("acc-1",)), ("jwt/", ("acc-2",)), ("app", ())]
)
def test_tokens_of_one_auth_mount(mount: str | None, found: tuple[str, ...]) -> None:
    with HttpServer(Vault().answer).serving() as server:
        assert operator(server.url).accessors(frozenset({"orders", "payments"}), mount) == found


def test_how_long_a_token_has_left() -> None:
    with HttpServer(Vault().answer).serving() as server:
        vault = operator(server.url)
        assert [vault.remaining(accessor) for accessor in ("acc-1", "acc-3", "acc-9")] == [42.0, inf, 0.0]


def test_when_a_static_role_was_rotated_is_asked_without_its_password() -> None:
    with HttpServer(Vault().answer).serving() as server:
        assert operator(server.url).static_role_rotated_at("database", "reports") == "2026-11-22T10:00:00.5Z"
        assert [request.path for request in server.requests] == ["/v1/database/static-roles/reports"]


def test_a_vault_that_is_sealed_in_the_middle_of_listing_is_an_error_and_not_an_empty_list() -> None:
    fake = Vault()

    def answer(request: Request) -> Reply:
        if request.path.endswith("lookup-accessor"):
            fake.sealed = True
        return fake.answer(request)

    with (
        HttpServer(answer).serving() as server,
        pytest.raises(EnvironmentUnusable, match="looking up a token got no answer"),
    ):
        operator(server.url).accessors(frozenset({"orders"}))


@pytest.mark.parametrize(("seconds", "increment"), [(2.0, "2s"), (0.4, "1s"), (2.6, "3s")])
def test_a_token_is_shortened_to_whole_seconds_and_at_least_one(seconds: float, increment: str) -> None:
    with HttpServer(Vault().answer).serving() as server:
        operator(server.url).shorten("acc-1", seconds)
    assert server.requests[-1].body == {"accessor": "acc-1", "increment": increment}


def test_who_holds_the_keys() -> None:
    assert operator("http://127.0.0.1:9").holds_keys
    assert not operator("http://127.0.0.1:9", keys=()).holds_keys


@pytest.mark.parametrize("policies", [["root"], ["default"]])
def test_a_token_that_is_just_being_revoked_is_dead_if_we_may_look_at_all(policies: list[str]) -> None:
    def answer(request: Request) -> Reply:
        if request.path.endswith("lookup-accessor"):
            return Reply(403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
        return Reply(200, {"data": {"policies": policies}})

    with HttpServer(answer).serving() as server:
        vault = operator(server.url)
        if policies == ["root"]:
            assert not vault.is_alive("acc-1")
        else:
            with pytest.raises(EnvironmentUnusable, match="looking up a token was refused"):
                vault.is_alive("acc-1")
