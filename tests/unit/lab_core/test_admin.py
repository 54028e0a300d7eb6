"""Administrative APIs of the lab's own components, against a small server."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import pytest

from harness.faults.ports import FaultNotPossible, IdpAsked
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
        assert api(server.url).call("GET", "/rules/x", absent_ok=True) is None
    with (
        HttpServer(always(Reply(500))).serving() as server,
        pytest.raises(EnvironmentUnusable, match="was refused: 500"),
    ):
        api(server.url).call("GET", "/rules/x", absent_ok=True)


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


STATE = {
    "issuer": "https://moved:8443",
    "audience": "",
    "clock_offset": 60,
    "refresh_leeway": 30.0,
    "disabled_clients": ["orders"],
    "unpublished_keys": [],
    "revoked_families": ["f1"],
}
ENTRY = {"endpoint": "token", "client": "orders", "status": 401, "error": "invalid_client", "seq": 8, "ok": False}


def test_what_an_identity_provider_was_told_and_asked() -> None:
    def answer(request: Request) -> Reply:
        if request.path.startswith("/journal"):
            return Reply(200, {"entries": [ENTRY], "last": 8})
        if request.method == "GET":
            return Reply(200, STATE)
        return Reply(200, {"token": "sample", "refresh_token": "first"})

    with HttpServer(answer).serving() as server:
        operator = idp(server.url)
        assert operator.behaviour() == STATE
        assert operator.flag("issuer") == "https://moved:8443"
        assert operator.clock_offset() == 60.0
        assert operator.disabled_clients() == {"orders"}
        assert operator.revoked_families() == ("f1",)
        assert operator.journal_end() == 8
        assert operator.asked(7) == (IdpAsked("token", "orders", 401, "invalid_client"),)
        assert operator.sample_token("ledger", 60) == "sample"
        assert operator.sign_in("orders") == "first"
        operator.set_clock_offset(-300.0)
        operator.disable_client("a/b", True)
        operator.reinstate_family("f1")
        operator.activate_key("k1")
    written = [(request.path, request.body) for request in server.requests if request.method == "PATCH"]
    assert written == [
        ("/state", {"clock_offset": -300.0}),
        ("/clients/a%2Fb", {"disabled": True}),
        ("/families/f1", {"revoked": False}),
        ("/keys/k1", {"active": True}),
    ]


# Ledger


def test_break_glass_is_driven() -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, {"open": True}) if request.method == "GET" else Reply(204)

    with HttpServer(answer).serving() as server:
        ledger = LedgerOperator(api(server.url), None, "")
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
        ledger = LedgerOperator(api(server.url), None, "")
        ledger.register_break_glass("orders", "s3cret-credential", ("entries:write",), 60.0)
    body = server.requests[0].body
    assert body["sha256"] == hashlib.sha256(b"s3cret-credential").hexdigest()
    assert body["expires_at"] == pytest.approx(time.time() + 60, abs=5)
    assert "s3cret" not in repr(body)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(201, {}), ""),
        (Reply(403, {"error": "insufficient_scope", "reason": "insufficient_scope"}), ""),
        (Reply(401, {"error": "invalid_token", "reason": "bad_issuer"}), "bad_issuer"),
        (Reply(503, {"error": "temporarily_unavailable", "reason": "keys_unavailable"}), "keys_unavailable"),
    ],
)
def test_the_ledger_judges_a_token(reply: Reply, said: str) -> None:
    with HttpServer(always(reply)).serving() as server:
        assert LedgerOperator(api(server.url), server.url, "").judge("a-token") == said
    [request] = server.requests
    assert (request.path, request.authorization) == ("/entries", "Bearer a-token")


@pytest.mark.parametrize("reply", [Reply(502, "<html>"), Reply(401, {}), Reply(500, [])])
def test_what_is_no_decision_is_no_verdict(reply: Reply) -> None:
    with HttpServer(always(reply)).serving() as server:
        ledger = LedgerOperator(api(server.url), server.url, "")
        with pytest.raises(EnvironmentUnusable, match="got no decision"):
            ledger.judge("a-token")
        assert ledger.flood(["a-token"] * 3, 500) == 0
    with pytest.raises(EnvironmentUnusable, match="not published"):
        LedgerOperator(api(server.url), None, "").judge("a-token")


def test_a_flood_sends_each_token_once_and_no_faster_than_told() -> None:
    tokens = [f"token-{number}" for number in range(20)]
    with HttpServer(always(Reply(401, {"reason": "unknown_key"}))).serving() as server:
        began = time.monotonic()
        assert LedgerOperator(api(server.url), server.url, "").flood(tokens, 100) == 20
        assert time.monotonic() - began >= 0.19
    assert sorted(request.authorization for request in server.requests) == sorted(f"Bearer {t}" for t in tokens)


def test_what_the_ledger_has_counted() -> None:
    counts = {"refused": {"unknown_key": 3}, "key_fetches": 5}
    with HttpServer(always(Reply(200, counts))).serving() as server:
        ledger = LedgerOperator(api(server.url), None, "")
        assert ledger.refused() == {"unknown_key": 3}
        assert ledger.key_fetches() == 5


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
    known = HttpServer(always(Reply(200, answer))).serving()
    with known as server, pytest.raises(EnvironmentUnusable, match="what lockout does not know"):
        ProxyOperator(api(server.url)).seen("x")


def test_a_proxy_that_does_not_answer_is_not_one_without_rules() -> None:
    proxy = ProxyOperator(api(nobody_listens()))
    with pytest.raises(EnvironmentUnusable):
        proxy.seen("x")
    with pytest.raises(EnvironmentUnusable):
        proxy.lift("x")
