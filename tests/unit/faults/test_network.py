"""What is special about faults of the network and of single answers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from pydantic import ValidationError

from harness.faults import registry
from harness.faults.base import AnyFault
from harness.faults.ports import FaultNotPossible
from harness.faults.proxy_rule import (
    Blackhole,
    DropAnswer,
    HttpMatch,
    Latency,
    ProxyRule,
    Reset,
    ResetPeer,
    Respond,
    SlowFirstByte,
)
from harness.scenario.base import StrictModel
from tests.unit.faults.fakes import FakeLab

PROXIED = [
    "login-response-lost",
    "network-bandwidth",
    "network-blackhole",
    "network-half-open",
    "network-latency",
    "network-partition",
    "network-reset",
    "renewer-dies",
    "vault-5xx",
    "vault-slow",
]


def injected(
    name: str, lab: FakeLab, target: str = "vault", seed: int = 1, **given: object
) -> tuple[AnyFault, StrictModel]:
    fault = registry.get(name)
    args = fault.Args.model_validate(given)
    record = fault.prepare(target, args, lab)
    fault.inject(record, args, lab, Random(seed))
    return fault, record


def rule_of(lab: FakeLab) -> ProxyRule:
    [in_force] = lab.the_proxy.rules.values()
    return in_force.rule


@pytest.mark.parametrize("name", PROXIED)
def test_without_a_proxy_it_cannot_be(name: str) -> None:
    with pytest.raises(FaultNotPossible, match="no fault proxy before 'vault'"):
        injected(name, FakeLab(proxied=()))


@pytest.mark.parametrize("name", PROXIED)
def test_an_unknown_workload_cannot_be_hit(name: str) -> None:
    with pytest.raises(FaultNotPossible, match=r"no workload 'oders' in this topology; there are billing, orders"):
        injected(name, FakeLab(), workloads=("oders",))


@pytest.mark.parametrize("name", PROXIED)
def test_a_workload_that_is_not_there_cannot_be_hit(name: str) -> None:
    lab = FakeLab()
    del lab.containers.states["orders"]
    with pytest.raises(FaultNotPossible, match="orders has no container in this run"):
        injected(name, lab, workloads=("orders",))
    assert lab.writes == []


@pytest.mark.parametrize("name", PROXIED)
def test_workloads_are_known_to_the_proxy_by_name(name: str) -> None:
    """So that it follows one that restarts and gets another address."""
    lab = FakeLab()
    injected(name, lab, workloads=("orders",))
    assert rule_of(lab).clients == ("orders",)
    assert rule_of(lab).route == "vault"


@pytest.mark.parametrize("name", PROXIED)
def test_the_proxys_chance_comes_from_the_runs_seed(name: str) -> None:
    def seed(number: int) -> int:
        lab = FakeLab()
        injected(name, lab, seed=number)
        return rule_of(lab).seed

    assert seed(1) == seed(1) != seed(2)


@pytest.mark.parametrize("name", PROXIED)
def test_a_rule_that_nobody_met_is_no_proof(name: str) -> None:
    lab = FakeLab()
    fault, record = injected(name, lab, workloads=("orders",))
    assert fault.observe(record, lab) is None
    lab.the_proxy.connect("vault", "billing")
    lab.the_proxy.connect("idp", "orders")
    lab.the_proxy.request("vault", "billing", "POST", "/v1/auth/token/renew-self")
    lab.the_proxy.request("vault", "billing", "POST", "/v1/auth/approle/login")
    assert fault.observe(record, lab) is None


@pytest.mark.parametrize("name", PROXIED)
def test_only_escapes_are_no_proof(name: str) -> None:
    lab = FakeLab()
    fault, record = injected(name, lab)
    lab.the_proxy.kept("vault", "orders", escaped=2)
    assert fault.observe(record, lab) is None


@pytest.mark.parametrize("name", PROXIED)
def test_a_way_is_open_when_the_proxy_says_so_whatever_is_behind_it(name: str) -> None:
    """Otherwise no fault of the network could end while another has Vault down."""
    lab = FakeLab()
    fault, record = injected(name, lab)
    lab.the_vault.sealed = True
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert fault.healed(record, lab) == f"the fault proxy has no rule {name}-vault in force any more"


def test_a_rule_that_is_not_found_may_still_be_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a list of all rules without it is a proof."""
    lab = FakeLab()
    fault, record = injected("network-latency", lab, "idp")
    monkeypatch.setattr(lab.the_proxy, "seen", lambda rule_id: None)
    assert fault.healed(record, lab) is None


def test_what_escaped_is_told() -> None:
    lab = FakeLab()
    fault, record = injected("vault-slow", lab)
    lab.the_proxy.request("vault", "orders", "GET", "/v1/database/creds/orders")
    lab.the_proxy.kept("vault", "orders", escaped=1)
    assert fault.observe(record, lab) == (
        "the fault proxy made 1 answer of vault late; over connections that existed before, 1 request escaped it"
    )


# One by one


@pytest.mark.parametrize(("how", "toxic"), [("reset", Reset()), ("blackhole", Blackhole())])
def test_a_partition_refuses_or_swallows(how: str, toxic: object) -> None:
    lab = FakeLab()
    fault, record = injected("network-partition", lab, how=how)
    assert rule_of(lab) == rule_of(lab).model_copy(update={"toxic": toxic, "match": None})
    lab.the_proxy.kept("vault", "orders", severed=2)
    lab.the_proxy.connect("vault", "192.168.77.77")
    assert fault.observe(record, lab) == "the fault proxy caught 3 connections to vault"


def test_a_connection_that_carried_nothing_was_not_reset() -> None:
    lab = FakeLab()
    fault, record = injected("network-reset", lab, after="250ms", share=0.5)
    assert rule_of(lab).toxic == ResetPeer(timeout=250)
    assert rule_of(lab).toxicity == 0.5
    lab.the_proxy.kept("vault", "orders", joined=1)
    assert fault.observe(record, lab) is None
    lab.the_proxy.kept("vault", "orders", severed=1)
    assert fault.observe(record, lab) == "the fault proxy reset 1 connection to vault that carried data"


def test_idle_connections_are_no_proof_of_latency() -> None:
    lab = FakeLab()
    fault, record = injected("network-latency", lab, "idp", latency="1500ms", jitter="200ms")
    assert rule_of(lab).toxic == Latency(latency=1500, jitter=200)
    lab.the_proxy.kept("idp", "orders", joined=3)
    assert fault.observe(record, lab) is None
    lab.the_proxy.kept("idp", "orders", bytes=900)
    assert fault.observe(record, lab) == (
        "the fault proxy held back data from idp: 900 bytes, on 3 connections that existed"
    )


@pytest.mark.parametrize(
    ("target", "path", "dropped"),
    [
        ("vault", "/v1/auth/approle/login", True),
        ("vault", "/v1/auth/jwt/login", True),
        ("vault", "/v1/auth/userpass/login/somebody", True),
        ("vault", "/v1/auth/token/renew-self", False),
        ("vault", "/v1/kv/data/login", False),
        ("idp", "/token", True),
        ("idp", "/.well-known/openid-configuration", False),
        ("idp", "/jwks", False),
    ],
)
def test_answers_to_logins_are_lost(target: str, path: str, dropped: bool) -> None:
    lab = FakeLab()
    fault, record = injected("login-response-lost", lab, target)
    assert rule_of(lab).toxic == DropAnswer()
    lab.the_proxy.request(target, "orders", "POST", path)
    assert (fault.observe(record, lab) is not None) is dropped


def test_a_login_that_was_refused_is_no_proof_of_a_lost_one() -> None:
    lab = FakeLab()
    fault, record = injected("login-response-lost", lab)
    lab.the_proxy.request("vault", "orders", "POST", "/v1/auth/approle/login", status=400)
    assert fault.observe(record, lab) is None


@pytest.mark.parametrize(
    ("how", "ok"),
    [("500", lambda toxic: isinstance(toxic, Respond) and toxic.status == 500), ("reset", Reset().__eq__)],
)
def test_one_renewal_of_each_workload_fails(how: str, ok: Callable[[object], bool]) -> None:
    lab = FakeLab()
    fault, record = injected("renewer-dies", lab, how=how)
    rule = rule_of(lab)
    assert ok(rule.toxic)
    assert (rule.times, rule.each) == (1, True)
    assert isinstance(rule.match, HttpMatch)
    lab.the_proxy.request("vault", "orders", "POST", "/v1/auth/approle/login")
    assert fault.observe(record, lab) is None
    lab.the_proxy.request("vault", "orders", "PUT", "/v1/sys/leases/renew")
    lab.the_proxy.request("vault", "orders", "POST", "/v1/auth/token/renew-self")
    assert fault.observe(record, lab) == "1 renewal at vault failed, and 1 more passed"


def test_vault_is_slow_for_every_request() -> None:
    lab = FakeLab()
    injected("vault-slow", lab, delay="4s")
    assert rule_of(lab).toxic == SlowFirstByte(delay=4000)
    assert rule_of(lab).match == HttpMatch()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("network-latency", {"latency": "0s"}),
        ("network-latency", {"latency": "11m"}),
        ("network-bandwidth", {"rate": 0}),
        ("network-reset", {"share": 0}),
        ("network-reset", {"share": 1.5}),
        ("network-partition", {"how": "slowly"}),
        ("renewer-dies", {"how": "404"}),
        ("network-half-open", {"how": "reset"}),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        registry.get(name).Args.model_validate(given)


# Rules


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"toxic": {"type": "respond", "status": 500}}, "toxic 'respond' is for requests: say which by 'match'"),
        ({"toxic": {"type": "blackhole"}, "match": {}}, "toxic 'blackhole' is for connections: it takes no 'match'"),
        ({"toxic": {"type": "reset"}, "match": {"path": "("}}, "is no regular expression"),
        ({"toxic": {"type": "reset"}, "match": {"headers": {"a": "["}}}, "is no regular expression"),
        ({"toxic": {"type": "slow"}}, "does not match any of the expected tags"),
        ({"toxic": {"type": "latency", "latency": -1}}, "greater than or equal to 0"),
    ],
)
def test_a_rule_that_makes_no_sense(rule: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("(", r"\(")):
        ProxyRule.model_validate({"route": "vault", **rule})
