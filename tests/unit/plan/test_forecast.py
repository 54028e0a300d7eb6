"""Whom a timeline locks out, by the needs and access paths of a topology; and where nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.awaited import registry as awaited
from harness.history.events import PlannedLoss, PredictedFate
from harness.plan.describe import describe
from harness.plan.make import make_plan
from harness.plan.model import Forecast, Plan
from harness.scenario.base import StrictModel
from harness.scenario.effect import UNFORESEEN, Effect, gone, refuses
from harness.scenario.model import Scenario
from harness.scenario.reading import Reading
from harness.scenario.vocabulary import AwaitedKind, ExpectationKind, FaultKind, Vocabulary
from harness.topology.parse import parse_topology


class NoArgs(StrictModel):
    pass


class Whom(StrictModel):
    workloads: tuple[str, ...] = ()


class Who(StrictModel):
    verifier: str = "ledger"


def restarts(target: str, args: Whom) -> Effect:
    return Effect(frozenset({target}), restarted=frozenset(args.workloads))


def restarts_verifier(target: str, args: Who) -> Effect:
    return Effect(frozenset({target}), restarted=frozenset({args.verifier}))


ROLES = frozenset({"vault", "idp", "resource"})
VOCABULARY = Vocabulary.of(
    [
        FaultKind("sealed", ROLES, NoArgs, effect=lambda target, args: gone(target)),
        FaultKind("cut", ROLES, Whom, effect=lambda target, args: gone(target, args.workloads)),
        FaultKind("refused", ROLES, Whom, effect=lambda target, args: refuses(target, args.workloads)),
        FaultKind("restarted", ROLES, Whom, effect=restarts),
        FaultKind("cold", ROLES, Who, effect=restarts_verifier),
        FaultKind("slow", ROLES, Whom, unforeseen="makes it slow"),
        FaultKind("revoked", ROLES, Whom, instant=True),
        FaultKind("opened", ROLES, NoArgs, operator=True, effect=lambda t, args: Effect(opens=frozenset({t}))),
    ],
    [ExpectationKind("stays_available", NoArgs)],
    [],
    [AwaitedKind(name, awaited.get(name).Args) for name in ("token-expired", "workload-down")],
)


def on(fault: str, at: float, lasts: float | None, target: str = "vault", **args: Any) -> dict[str, Any]:
    step: dict[str, Any] = {"operator" if fault == "opened" else "fault": fault, "on": target, "at": f"{at}s"}
    if lasts is not None:
        step["for"] = f"{lasts}s"
    return step | ({"with": args} if args else {})


def workload(*needs: object, **paths: object) -> dict[str, Any]:
    access = {"primary": {"needs": list(needs)}, **{name.replace("_", "-"): path for name, path in paths.items()}}
    return {"x-lockout": {"role": "workload", "probe": {"tcp": {"port": 1}}, "access": access if needs else {}}}


CACHED = {"needs": ["postgres"], "lasts": "10s"}
SERVICES: dict[str, Any] = {
    "vault": {"x-lockout": {"role": "vault", "initialise": {}}},
    "vault-secondary": {"x-lockout": {"role": "vault", "initialise": {}}},
    "idp": {"x-lockout": {"role": "idp", "port": 1}},
    "postgres": {"x-lockout": {"role": "database"}},
    "ledger": {"x-lockout": {"role": "resource", "port": 1, "needs_to_start": ["idp"]}},
    "orders": workload("vault", "postgres", cached=CACHED),
    "payments": workload("idp", "ledger"),
}


def plan(*timeline: dict[str, Any], services: list[str] | None = None, **more: Any) -> Plan:
    document = {
        "name": "x",
        "summary": "x",
        "topology": "x.yaml",
        "services": services,
        "timeline": list(timeline),
        "expect": [{"workload": "orders", "stays_available": {}}],
    }
    scenario = Scenario.model_validate(document, context=Reading(VOCABULARY))
    topology = parse_topology({"services": {**SERVICES, **more}}, [Path("compose.yaml")])
    return make_plan(scenario, topology, 1, VOCABULARY.faults)


def told(*timeline: dict[str, Any], services: list[str] | None = None, **more: Any) -> dict[str, PredictedFate]:
    return {one.workload: one for one in plan(*timeline, services=services, **more).forecast.workloads}


def short(fate: PredictedFate) -> tuple[object, ...]:
    return (fate.fate, fate.by, fate.after, fate.without, fate.spare)


SAFE = ("safe", "primary", 0.0, 0.0, None)


# One fault


def test_who_needs_it_is_locked_out_and_who_does_not_is_safe() -> None:
    found = told(on("sealed", 5, 6), orders=workload("vault", "postgres"))
    assert short(found["orders"]) == ("locked-out", "", 0.0, 6.0, None)
    assert short(found["payments"]) == SAFE


@pytest.mark.parametrize(
    ("lasts", "expected"),
    [
        (9.9, ("degraded", "cached", 0.0, 0.0, 0.1)),
        (10, ("degraded", "cached", 0.0, 0.0, 0.0)),  # exactly as long as the cached path lasts
        (10.1, ("locked-out", "", 10.0, 0.1, None)),
        (16, ("locked-out", "", 10.0, 6.0, None)),
    ],
)
def test_a_cached_path_lasts_as_long_as_it_says(lasts: float, expected: tuple[object, ...]) -> None:
    assert short(told(on("sealed", 5, lasts))["orders"]) == expected


def test_a_cached_path_without_end_and_a_secondary_one_last() -> None:
    found = told(
        on("sealed", 5, 60),
        orders=workload("vault", "postgres", cached={"needs": ["postgres"]}),
        billing=workload("vault", "postgres", secondary={"needs": ["vault-secondary", "postgres"]}),
    )
    assert short(found["orders"]) == ("degraded", "cached", 0.0, 0.0, None)
    assert short(found["billing"]) == ("degraded", "secondary", 0.0, 0.0, None)


def test_what_is_not_started_is_no_way_out() -> None:
    secondary = workload("vault", "postgres", secondary={"needs": ["vault-secondary", "postgres"]})
    services = ["vault", "postgres", "orders"]
    found = told(on("sealed", 5, 6), services=services, orders=secondary)
    assert found.keys() == {"orders"}, "who is not started is not probed"
    assert found["orders"].fate == "locked-out"
    assert (
        told(on("sealed", 5, 6), services=[*services, "vault-secondary"], orders=secondary)["orders"].by == "secondary"
    )


def test_a_workload_falls_with_another_that_it_needs_and_lives_on_its_cache() -> None:
    shop = workload("orders")
    assert short(told(on("sealed", 5, 6), shop=shop)["shop"]) == ("safe", "primary", 0.0, 0.0, 4.0)
    assert short(told(on("sealed", 5, 16), shop=shop)["shop"]) == ("locked-out", "", 10.0, 6.0, None)


def test_a_loss_for_some_workloads_is_none_for_others() -> None:
    both = {"billing": workload("vault"), "orders": workload("vault", "postgres")}
    found = told(on("cut", 5, 6, workloads=("billing",)), **both)
    assert (found["billing"].fate, found["orders"].fate) == ("locked-out", "safe")
    found = told(on("cut", 5, 6), **both)
    assert (found["billing"].fate, found["orders"].fate) == ("locked-out", "locked-out")


def test_what_is_lost_to_a_workload_is_still_there_for_what_else_it_needs() -> None:
    ledger = {"x-lockout": {"role": "resource", "port": 1, "needs": ["idp"]}}
    reader = workload("ledger")
    assert told(on("cut", 5, 6, "idp"), ledger=ledger, reader=reader)["reader"].fate == "locked-out"
    assert told(on("cut", 5, 6, "idp", workloads=("reader",)), ledger=ledger, reader=reader)["reader"].fate == "safe"
    found = told(on("refused", 5, 6, "idp"), ledger=ledger, reader=reader)
    assert (found["reader"].fate, found["payments"].fate) == ("safe", "locked-out"), "all workloads, and nobody else"


def test_who_needs_a_workload_that_is_cut_off_falls_with_it() -> None:
    found = told(on("cut", 5, 6, workloads=("orders",)), orders=workload("vault"), shop=workload("orders"))
    assert (found["shop"].fate, found["payments"].fate) == ("locked-out", "safe")


def test_a_restart_takes_what_is_cached() -> None:
    found = told(on("restarted", 5, 6, workloads=("orders",)), billing=workload("vault", cached=CACHED))
    assert short(found["orders"]) == ("locked-out", "", 0.0, 6.0, None)
    assert found["billing"].by == "cached"


def test_what_is_restarted_takes_what_it_needs_to_start() -> None:
    assert told(on("sealed", 5, 6, "idp"))["payments"].fate == "locked-out"
    cached = {"needs": ["ledger"], "lasts": "10s"}
    holding = workload("idp", "ledger", cached=cached)
    assert told(on("sealed", 5, 6, "idp"), payments=holding)["payments"].by == "cached"
    assert told(on("cold", 5, 6, "idp"), payments=holding)["payments"].fate == "locked-out", "nobody takes its token"


# Several


def test_faults_one_after_the_other_do_not_add_up() -> None:
    assert short(told(on("sealed", 5, 8), on("sealed", 13.5, 6))["orders"]) == ("degraded", "cached", 0.0, 0.0, 2.0)


def test_faults_that_touch_do() -> None:
    found = told(on("sealed", 5, 8), on("cut", 13, 6))
    assert short(found["orders"]) == ("locked-out", "", 10.0, 4.0, None)


def test_of_two_fates_the_worse_counts() -> None:
    secondary = workload("vault", "postgres", secondary={"needs": ["vault-secondary", "postgres"]})
    apart = told(on("sealed", 5, 5), on("sealed", 20, 5, "vault-secondary"), orders=secondary)
    assert short(apart["orders"]) == ("degraded", "secondary", 0.0, 0.0, None)
    together = told(on("sealed", 5, 8), on("sealed", 10, 8, "vault-secondary"), orders=secondary)
    assert short(together["orders"]) == ("locked-out", "", 0.0, 3.0, None)


def test_the_longest_time_without_access_counts() -> None:
    found = told(on("sealed", 5, 3), on("sealed", 20, 6), orders=workload("vault"))
    assert found["orders"].without == 6.0


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (15, ("degraded", "cached", 0.0, 0.0, 0.0)),  # opened at the last moment of what is cached
        (16, ("locked-out", "", 10.0, 1.0, None)),
    ],
)
def test_break_glass_stands_while_it_is_open(at: float, expected: tuple[object, ...]) -> None:
    orders = workload("vault", "postgres", cached=CACHED, break_glass={"needs": ["ledger"]})
    assert short(told(on("sealed", 5, 20), on("opened", at, 30, "ledger"), orders=orders)["orders"]) == expected


def test_break_glass_that_nobody_opens_or_of_something_else_is_no_way_in() -> None:
    orders = workload("vault", break_glass={"needs": ["ledger"]})
    assert told(on("sealed", 5, 20), orders=orders)["orders"].fate == "locked-out"
    assert told(on("sealed", 5, 20), on("opened", 4, 30, "idp"), orders=orders)["orders"].fate == "locked-out"
    assert told(on("sealed", 5, 20), on("opened", 4, 30, "ledger"), orders=orders)["orders"].by == "break-glass"


# Steps that wait

EXPIRED = {"token-expired": "orders"}


def test_a_fault_that_waits_is_taken_to_last_as_long_as_it_may() -> None:
    until = {"fault": "sealed", "on": "vault", "at": "5s", "until": EXPIRED, "at_most": "16s"}
    assert short(told(until)["orders"]) == ("locked-out", "", 10.0, 6.0, None)
    [loss] = plan(until).forecast.faults
    assert (loss.lasts, loss.waits) == (16.0, True)


def test_break_glass_that_waits_is_open_only_as_long_as_is_sure() -> None:
    orders = workload("vault", "postgres", break_glass={"needs": ["ledger"]})
    sealed = on("sealed", 5, 30)
    opened = {"operator": "opened", "on": "ledger", "when": {"workload-down": "orders"}, "within": "10s", "for": "60s"}
    assert told(sealed, opened, orders=orders)["orders"].fate == "locked-out"


# Where nobody can tell


def test_a_fault_that_no_topology_tells_of_leaves_all_it_may_reach_without_a_prediction() -> None:
    found = told(on("slow", 5, 6))
    assert found["orders"] == PredictedFate(workload="orders", why="slow on vault makes it slow")
    assert short(found["payments"]) == SAFE
    assert told(on("revoked", 5, None))["orders"].why == f"revoked on vault {UNFORESEEN}"


def test_nor_those_who_need_whom_it_may_reach() -> None:
    found = told(on("slow", 5, 6, workloads=("orders",)), shop=workload("orders"), billing=workload("vault"))
    assert (found["orders"].fate, found["shop"].fate, found["billing"].fate) == ("", "", "safe")


def test_beside_such_a_fault_others_are_predicted_for_whom_it_does_not_reach() -> None:
    found = told(on("slow", 5, 6), on("sealed", 5, 6, "idp"))
    assert (found["orders"].fate, found["payments"].fate) == ("", "locked-out")


def test_a_fault_that_the_plan_knows_nothing_of_is_not_predicted() -> None:
    made = plan(on("sealed", 5, 6))
    assert made.forecast.workloads[0].fate
    topology = parse_topology({"services": SERVICES}, [Path("compose.yaml")])
    document = {"name": "x", "summary": "x", "topology": "x", "timeline": [on("sealed", 5, 6)]}
    document["expect"] = [{"workload": "orders", "stays_available": {}}]
    scenario = Scenario.model_validate(document, context=Reading(VOCABULARY))
    assert make_plan(scenario, topology, 1).forecast.workloads[0].fate == ""


def test_who_declares_no_paths_has_no_prediction() -> None:
    assert told(on("sealed", 5, 6), silent=workload())["silent"].why == "declares no access paths (x-lockout: access)"


def test_who_has_no_access_on_paper_to_begin_with_has_no_prediction() -> None:
    ledger = {"x-lockout": {"role": "resource", "port": 1, "needs": ["idp"]}}
    services = ["vault", "postgres", "orders", "ledger", "reader"]
    found = told(on("sealed", 5, 6), services=services, ledger=ledger, reader=workload("ledger"))
    assert found["reader"].why.startswith("has no access on paper even before the first fault")


# What is kept of it


def test_what_each_fault_takes_away_is_kept() -> None:
    made = plan(
        on("cut", 5, 6, workloads=("orders",)),
        on("refused", 6, 2, "idp"),
        on("slow", 7, 3),
        on("opened", 8, 2, "ledger"),
    )
    assert made.forecast.faults == (
        PlannedLoss(fault_id="timeline.0", lost=("vault",), of=("orders",), lasts=6.0),
        PlannedLoss(fault_id="timeline.1", lost=("idp",), of=("*",), lasts=2.0),
        PlannedLoss(fault_id="timeline.2", lasts=3.0, unforeseen="slow on vault makes it slow"),
        PlannedLoss(fault_id="timeline.3", lasts=2.0),
    )


def test_a_prediction_does_not_change_the_hash() -> None:
    made = plan(on("sealed", 5, 6))
    assert made.forecast != Forecast()
    assert replace(made, forecast=Forecast()).hash() == made.hash()


def test_a_prediction_in_words() -> None:
    more = {"billing": workload("vault"), "reports": workload("vault", cached={"lasts": "2s"})}
    topology = parse_topology({"services": {**SERVICES, **more}}, [Path("compose.yaml")])
    assert describe(plan(on("sealed", 5, 6), **more), topology)[-3:] == (
        "predicted locked out: billing, reports (after 2s)",
        "predicted degraded: orders (cached)",
        "predicted safe: payments",
    )
    assert describe(plan(on("slow", 5, 6), **more), topology)[-2:] == (
        "predicted safe: payments",
        "no prediction for billing, orders, reports: slow on vault makes it slow",
    )
