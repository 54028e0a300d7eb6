"""Administrative APIs of the lab's own components, against a small server."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import pytest

from harness.faults.ports import FaultNotPossible
from harness.faults.proxy_rule import ProxyCounts, ProxyRule, Reset
from harness.lab.admin import http
from harness.lab.admin.http import AdminApi
from harness.lab.admin.idp import IdpOperator
from harness.lab.admin.ledger import LedgerOperator
from harness.lab.admin.proxy import ProxyOperator
from harness.lab.errors import EnvironmentUnusable
from tests.unit.lab_core.support import HttpServer, Reply, Request, nobody_listens

TOKEN = "admin-token-of-the-lab"


def api(url: str) -> AdminApi:
    return AdminApi("idp", url, "", TOKEN)


def always(reply: Reply) -> Callable[[Request], Reply]:
    return lambda request: reply


def test_a_call_with_its_body_and_token() -> None:
    with HttpServer(always(Reply(200, {"active": "k"}))).serving() as server:
        assert api(server.url).call("POST", "/keys/rotate", {"overlap": True}) == {"active": "k"}
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/keys/rotate", {"overlap": True})
    assert request.authorization == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_empty_answer(status: int) -> None:
    with HttpServer(always(Reply(status))).serving() as server:
        assert api(server.url).call("POST", "/x") is None


@pytest.mark.parametrize(("status", "body"), [(400, {"error": "bad"}), (401, "no"), (404, "gone"), (500, "x" * 5000)])
def test_a_refusal(status: int, body: object) -> None:
    with (
        HttpServer(always(Reply(status, body))).serving() as server,
        pytest.raises(EnvironmentUnusable, match=rf"^idp: PATCH /keys/1 was refused: {status} ") as raised,
    ):
        api(server.url).call("PATCH", "/keys/1", {"published": False})
    assert len(str(raised.value)) < 2100
    assert TOKEN not in str(raised.value)


def test_absent_is_an_answer_where_it_may_be() -> None:
    with HttpServer(always(Reply(404, "no such cut"))).serving() as server:
        assert api(server.url).call("GET", "/cuts/x", absent_ok=True) is None
    with (
        HttpServer(always(Reply(500))).serving() as server,
        pytest.raises(EnvironmentUnusable, match="was refused: 500"),
    ):
        api(server.url).call("GET", "/cuts/x", absent_ok=True)


@pytest.mark.parametrize("body", ["<html>", "{", "not json"])
def test_an_answer_of_another_kind(body: str) -> None:
    with (
        HttpServer(always(Reply(200, body))).serving() as server,
        pytest.raises(EnvironmentUnusable, match="idp: GET /keys got an answer that is no JSON"),
    ):
        api(server.url).call("GET", "/keys")


def test_nobody_answers() -> None:
    with pytest.raises(EnvironmentUnusable, match=r"^idp: GET /keys got no answer \(ConnectionError\)$"):
        api(nobody_listens()).call("GET", "/keys")


def test_an_answer_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.05)

    def slow(request: Request) -> Reply:
        time.sleep(0.2)
        return Reply()

    with HttpServer(slow).serving() as server, pytest.raises(EnvironmentUnusable, match=r"no answer \(ReadTimeout\)"):
        api(server.url).call("GET", "/keys")


def test_proxies_and_bundles_of_the_environment_are_for_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nothing.pem")
    with HttpServer(always(Reply(200, []))).serving() as server:
        assert api(server.url).call("GET", "/x") == []
        assert api(server.url).answers()


@pytest.mark.parametrize(("status", "answers"), [(200, True), (503, False), (404, False)])
def test_whether_it_answers(status: int, answers: bool) -> None:
    with HttpServer(always(Reply(status))).serving() as server:
        assert api(server.url).answers() is answers
    assert server.requests[0].path == "/health"
    assert not api(nobody_listens()).answers()


# Identity provider

KEYS = [{"kid": "k1", "active": False}, {"kid": "k2", "active": True}]


def idp_answer(request: Request) -> Reply:
    if request.path == "/jwks":
        return Reply(200, {"keys": [{"kid": "k2", "kty": "EC"}]})
    return {
        ("GET", "/keys"): Reply(200, {"keys": KEYS}),
        ("POST", "/keys/rotate"): Reply(200, {"active": "k3"}),
        ("PATCH", "/keys/k1"): Reply(204),
        ("POST", "/clients"): Reply(201),
    }[request.method, request.path]


def idp(url: str, public: str | None = None) -> IdpOperator:
    return IdpOperator("idp", lambda: api(url), public or url, "")


def test_keys_of_the_identity_provider() -> None:
    with HttpServer(idp_answer).serving() as server:
        operator = idp(server.url)
        assert operator.active_key() == "k2"
        assert operator.published_keys() == {"k2"}
        assert operator.rotate_key() == "k3"
        operator.publish_key("k1", published=True)
        assert operator.is_serving()
    assert server.requests[2].body == {"overlap": True}
    assert server.requests[3].body == {"published": True}


@pytest.mark.parametrize("body", [KEYS, {"keys": KEYS}])
def test_a_list_of_keys_in_either_form(body: object) -> None:
    with HttpServer(always(Reply(200, body))).serving() as server:
        assert idp(server.url).active_key() == "k2"


def test_an_identity_provider_without_an_active_key() -> None:
    with (
        HttpServer(always(Reply(200, {"keys": KEYS[:1]}))).serving() as server,
        pytest.raises(EnvironmentUnusable, match="idp has no active key"),
    ):
        idp(server.url).active_key()


@pytest.mark.parametrize(
    "reply", [Reply(503), Reply(200, "<html>"), Reply(200, {}), Reply(200, []), Reply(200, {"keys": [{"kty": "EC"}]})]
)
def test_without_a_key_set_nothing_is_said_of_keys(reply: Reply) -> None:
    with HttpServer(always(reply)).serving() as server, pytest.raises(EnvironmentUnusable, match="got no key set"):
        idp(server.url).published_keys()


def test_an_identity_provider_that_is_gone() -> None:
    gone = idp(nobody_listens())
    assert not gone.is_serving()
    with pytest.raises(EnvironmentUnusable, match=r"got no key set \(ConnectionError\)"):
        gone.published_keys()
    with pytest.raises(EnvironmentUnusable, match="got no answer"):
        gone.rotate_key()


@pytest.mark.parametrize(("ttl", "sent"), [(None, {}), (6.0, {"token_ttl": 6.0})])
def test_a_client_is_registered(ttl: float | None, sent: dict[str, float]) -> None:
    with HttpServer(idp_answer).serving() as server:
        idp(server.url).register("orders", "s3cret", ("ledger",), ("entries:write",), ("client_credentials",), ttl)
    assert server.requests[0].body == {
        "client_id": "orders",
        "client_secret": "s3cret",
        "audiences": ["ledger"],
        "scopes": ["entries:write"],
        "grants": ["client_credentials"],
        **sent,
    }


@pytest.mark.parametrize(("status", "serves"), [(200, True), (404, True), (401, True), (500, False), (503, False)])
def test_an_identity_provider_of_another_make_serves_when_it_answers(status: int, serves: bool) -> None:
    def without_admin_api() -> AdminApi:
        raise FaultNotPossible("no admin_port")

    with HttpServer(always(Reply(status))).serving() as server:
        operator = IdpOperator("keycloak", without_admin_api, server.url, "")
        assert operator.is_serving() is serves
        with pytest.raises(FaultNotPossible, match="no admin_port"):
            operator.active_key()


# Ledger


def test_break_glass_is_driven() -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, {"open": True}) if request.method == "GET" else Reply(204)

    with HttpServer(answer).serving() as server:
        ledger = LedgerOperator(api(server.url))
        ledger.open_break_glass(30.0, "incident 17")
        ledger.close_break_glass()
        assert ledger.break_glass_is_open()
    assert [(request.method, request.path) for request in server.requests] == [
        ("POST", "/break-glass/open"),
        ("POST", "/break-glass/close"),
        ("GET", "/break-glass"),
    ]
    assert server.requests[0].body == {"seconds": 30.0, "reason": "incident 17", "operator": "lockout"}


def test_the_ledger_is_told_the_hash_of_an_emergency_credential_only() -> None:
    with HttpServer(always(Reply(201))).serving() as server:
        LedgerOperator(api(server.url)).register_break_glass("orders", "s3cret-credential", ("entries:write",), 60.0)
    body = server.requests[0].body
    assert body["sha256"] == hashlib.sha256(b"s3cret-credential").hexdigest()
    assert body["expires_at"] == pytest.approx(time.time() + 60, abs=5)
    assert "s3cret" not in repr(body)


# Proxy


def test_a_rule_is_applied_counted_and_lifted() -> None:
    def answer(request: Request) -> Reply:
        if request.method != "GET":
            return Reply(200, {})
        seen = {"matched": 3, "severed": 2, "answers": {"200": 3}}
        return Reply(200, {"id": "rule 1", "rule": {}, "seen": seen})

    rule = ProxyRule(route="vault", toxic=Reset(), clients=("orders",))
    with HttpServer(answer).serving() as server:
        proxy = ProxyOperator(api(server.url))
        proxy.apply("rule 1", rule)
        assert proxy.seen("rule 1") == ProxyCounts(matched=3, severed=2, answers={"200": 3})
        proxy.lift("rule 1")
    assert server.requests[0].body == rule.as_document()
    assert [request.method for request in server.requests] == ["PUT", "GET", "DELETE"]
    assert {request.path for request in server.requests} == {"/rules/rule%201"}


def test_all_rules_are_known_by_their_ids() -> None:
    with HttpServer(always(Reply(200, {"rules": [{"id": "a"}, {"id": "b"}]}))).serving() as server:
        assert ProxyOperator(api(server.url)).all() == ("a", "b")


def test_a_rule_that_the_proxy_does_not_know() -> None:
    with HttpServer(always(Reply(404))).serving() as server:
        proxy = ProxyOperator(api(server.url))
        assert proxy.seen("x") is None
        proxy.lift("x")
    with HttpServer(always(Reply(200, {"seen": {}}))).serving() as server:
        assert ProxyOperator(api(server.url)).seen("x") == ProxyCounts(), "known, but nothing hit"


@pytest.mark.parametrize("answer", [{}, {"seen": {"matched": "many"}}, {"seen": {"unheard_of": 1}}])
def test_counts_of_another_kind_of_proxy_are_no_counts(answer: dict[str, object]) -> None:
    with HttpServer(always(Reply(200, answer))).serving() as server:
        with pytest.raises(EnvironmentUnusable, match="what lockout does not know"):
            ProxyOperator(api(server.url)).seen("x")


def test_a_proxy_that_does_not_answer_is_not_one_without_rules() -> None:
    proxy = ProxyOperator(api(nobody_listens()))
    with pytest.raises(EnvironmentUnusable):
        proxy.seen("x")
    with pytest.raises(EnvironmentUnusable):
        proxy.lift("x")
