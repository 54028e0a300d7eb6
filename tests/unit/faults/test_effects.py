"""What each fault takes away on paper: nothing is foretold that is not certain."""

from __future__ import annotations

import pytest

from harness.faults import registry
from harness.scenario.effect import EVERY_WORKLOAD, UNFORESEEN, Effect, gone, refuses
from tests.unit.faults.cases import all_cases

GONE = frozenset(
    {
        "audit-sink-absent-at-restart", "audit-sink-blocking", "audit-sink-full", "cache-past-expiry", "dns-nxdomain",
        "dns-stale-address", "fallback-credential", "idp-429", "idp-5xx", "idp-down-warm", "idp-html",
        "listener-cert-expired", "listener-cert-missing-intermediate", "listener-cert-unknown-ca",
        "listener-cert-wrong-san", "network-partition", "vault-5xx",
        "vault-hard-kill", "vault-paused", "vault-sealed", "vault-stopped", "vault-storage-full",
    }
)  # fmt: skip
"""Those that take their target away, with the arguments that they have by default."""

OTHERWISE = {
    "cold-start-in-outage": ({"workloads": ("orders",)}, Effect(frozenset({"x"}), restarted=frozenset({"orders"}))),
    "entity-disabled": ({"workloads": ("orders",)}, Effect(frozenset({"x"}), frozenset({"orders"}))),
    "idp-malformed": ({}, gone("x", unheard=True)),
    "network-blackhole": ({}, gone("x", unheard=True)),
    "idp-client-refused": ({}, Effect(frozenset({"x"}), EVERY_WORKLOAD)),
    "idp-down-cold": ({}, Effect(frozenset({"x"}), restarted=frozenset({"ledger"}))),
    "break-glass-opened": ({}, Effect(opens=frozenset({"x"}))),
    "break-glass-drilled": (None, Effect(opens=frozenset({"x"}))),
}


def effect(name: str, **args: object) -> Effect | None:
    fault = registry.get(name)
    return fault.effect("x", fault.Args.model_validate(args))


@pytest.mark.parametrize("name", sorted(GONE))
def test_these_take_their_target_away_from_everybody(name: str) -> None:
    fault, case = registry.get(name), all_cases()[name]
    needed = {key: case.args[key] for key, field in fault.Args.model_fields.items() if field.is_required()}
    assert effect(name, **needed) == gone("x")


@pytest.mark.parametrize("name", sorted(OTHERWISE))
def test_these_do_something_else_that_is_certain(name: str) -> None:
    args, expected = OTHERWISE[name]
    assert effect(name, **(dict(all_cases()[name].args) if args is None else args)) == expected


@pytest.mark.parametrize("name", sorted(set(registry.fault_names()) - GONE - OTHERWISE.keys()))
def test_of_the_others_nobody_can_tell(name: str) -> None:
    fault = registry.get(name)
    assert fault.effect("x", fault.Args.model_validate(dict(all_cases()[name].args))) is None
    assert fault.unforeseen, "the report says why"


def test_an_instant_takes_nothing_away_and_an_operator_neither() -> None:
    for name in registry.fault_names():
        fault = registry.get(name)
        if fault.instant or fault.operator:
            found = fault.effect("x", fault.Args.model_validate(dict(all_cases()[name].args)))
            assert found is None or not found.lost, name


@pytest.mark.parametrize("name", ["network-partition", "vault-5xx", "idp-5xx", "idp-client-refused"])
def test_who_is_named_loses_it_and_nobody_else(name: str) -> None:
    assert effect(name, workloads=("orders",)) == Effect(frozenset({"x"}), frozenset({"orders"}))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("network-reset", {}),  # what was asked over a connection may be carried out, and answered
        ("idp-429", {"requests": 1}),
        ("idp-5xx", {"endpoint": "jwks"}),
        ("idp-html", {"endpoint": "token"}),
        ("idp-malformed", {"endpoint": "discovery"}),
        ("entity-disabled", {}),  # of everybody with an entity, and who has one is not in the topology
    ],
)
def test_a_part_of_it_is_not_foretold(name: str, args: dict[str, object]) -> None:
    assert effect(name, **args) is None


def test_why_nobody_can_tell_goes_on_from_the_name_and_the_target() -> None:
    assert registry.get("token-revoked").unforeseen == UNFORESEEN
    assert registry.get("vault-slow").unforeseen.startswith("makes it slow")
    assert registry.get("rate-limit-429").unforeseen.startswith("hits some requests and not others")


def test_the_two_ways_to_be_gone() -> None:
    assert gone("vault").of is None
    assert refuses("vault").of == EVERY_WORKLOAD
    assert gone("vault", ("orders",)) == refuses("vault", ("orders",))
