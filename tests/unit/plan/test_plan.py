from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.awaited import registry as awaited
from harness.plan.describe import describe
from harness.plan.make import make_plan
from harness.plan.model import Action, Plan
from harness.scenario.base import StrictModel
from harness.scenario.model import Scenario
from harness.scenario.reading import Reading
from harness.scenario.vocabulary import AwaitedKind, ExpectationKind, FaultKind, StopKind, Vocabulary
from harness.stops import registry as stops
from harness.topology.model import Topology
from harness.topology.parse import parse_topology


class NoArgs(StrictModel):
    pass


class CutArgs(StrictModel):
    workloads: tuple[str, ...] = ()
    how: str = "reset"


VOCABULARY = Vocabulary.of(
    [
        FaultKind("vault-sealed", frozenset({"vault"}), NoArgs),
        FaultKind("network-partition", frozenset({"vault"}), CutArgs),
        FaultKind("token-revoked", frozenset({"vault"}), CutArgs, instant=True),
        FaultKind("break-glass-opened", frozenset({"resource"}), NoArgs, operator=True),
    ],
    [ExpectationKind("stays_available", NoArgs)],
    [StopKind(name, stops.get(name).Args) for name in stops.names()],
    [AwaitedKind(name, awaited.get(name).Args) for name in awaited.names()],
)

SEALED = {"fault": "vault-sealed", "on": "vault", "at": "5s", "for": "20s"}
REVOKED = {"fault": "token-revoked", "on": "vault", "at": "5s"}


def scenario(*timeline: dict[str, Any], **changes: Any) -> Scenario:
    document = {
        "name": "x",
        "summary": "x",
        "topology": "x.yaml",
        "timeline": list(timeline),
        "expect": [{"workload": "orders", "stays_available": {}}],
        **changes,
    }
    return Scenario.model_validate(document, context=Reading(VOCABULARY))


@pytest.fixture
def topology() -> Topology:
    workload = {"image": "app", "x-lockout": {"role": "workload", "probe": {"tcp": {"port": 1}}}}
    services = {
        "vault": {"image": "hashicorp/vault:1.21.0", "x-lockout": {"role": "vault", "initialise": {}}},
        "ledger": {"x-lockout": {"role": "resource", "port": 1}},
        "orders": workload,
        "billing": workload,
    }
    return parse_topology({"services": services}, [Path("compose.yaml")])


def order(plan: Plan) -> list[tuple[float | None, str, str]]:
    return [(step.at, str(step.action), step.fault_id) for step in plan.steps]


def test_a_fault_begins_and_ends(topology: Topology) -> None:
    plan = make_plan(scenario(SEALED), topology, seed=7)
    assert order(plan) == [(5.0, "begin", "timeline.0"), (25.0, "end", "timeline.0")]
    assert plan.length == 35.0
    assert (plan.seed, plan.period, plan.workloads) == (7, 0.1, ("billing", "orders"))
    begin = plan.steps[0]
    assert (begin.fault, begin.target, begin.args, begin.operator, begin.instant) == (
        "vault-sealed",
        "vault",
        NoArgs(),
        False,
        False,
    )


def test_an_instant_fault_only_begins(topology: Topology) -> None:
    plan = make_plan(scenario(REVOKED, observe_for="0s"), topology, seed=0)
    assert order(plan) == [(5.0, "begin", "timeline.0")]
    assert plan.steps[0].instant
    assert plan.length == 5.0


def test_steps_are_in_the_order_of_time_not_of_the_file(topology: Topology) -> None:
    plan = make_plan(scenario(SEALED | {"at": "30s", "for": "1s"}, REVOKED | {"at": "2s"}), topology, seed=0)
    assert order(plan) == [
        (2.0, "begin", "timeline.1"),
        (30.0, "begin", "timeline.0"),
        (31.0, "end", "timeline.0"),
    ]


def test_touching_windows_end_before_they_begin(topology: Topology) -> None:
    plan = make_plan(scenario(SEALED | {"at": "25s"}, SEALED), topology, seed=0)
    assert order(plan) == [
        (5.0, "begin", "timeline.1"),
        (25.0, "end", "timeline.1"),
        (25.0, "begin", "timeline.0"),
        (45.0, "end", "timeline.0"),
    ]


def test_touching_is_not_spoilt_by_binary_fractions(topology: Topology) -> None:
    first, second = SEALED | {"at": "1.1s", "for": "2.2s"}, SEALED | {"at": "3.3s"}
    assert 1.1 + 2.2 != 3.3
    plan = make_plan(scenario(first, second), topology, seed=0)
    assert [step[1:] for step in order(plan)][1:3] == [("end", "timeline.0"), ("begin", "timeline.1")]


def test_windows_that_end_together_unwind_from_the_inside(topology: Topology) -> None:
    outer = SEALED
    inner = {"operator": "break-glass-opened", "on": "ledger", "at": "10s", "for": "15s"}
    same = {"fault": "network-partition", "on": "vault", "at": "5s", "for": "20s"}
    plan = make_plan(scenario(outer, inner, same), topology, seed=0)
    ends = [step.fault_id for step in plan.steps if step.action is Action.END]
    assert ends == ["timeline.1", "timeline.2", "timeline.0"]


def test_only_started_workloads_are_probed(topology: Topology) -> None:
    assert make_plan(scenario(SEALED, services=["orders", "vault"]), topology, seed=0).workloads == ("orders",)


def test_the_hash_depends_on_all_that_matters(topology: Topology) -> None:
    def hash_of(seed: int = 1, **changes: Any) -> str:
        return make_plan(scenario(changes.pop("step", SEALED), **changes), topology, seed).hash()

    assert len(hash_of()) == 64
    assert hash_of() == hash_of()
    cut = {"fault": "network-partition", "on": "vault", "at": "5s", "for": "20s"}
    different = {
        hash_of(),
        hash_of(seed=2),
        hash_of(observe_for="11s"),
        hash_of(sampling={"every": "50ms"}),
        hash_of(services=["orders"]),
        hash_of(stop_if=[{"any_workload_down_for": "9s"}]),
        hash_of(step=SEALED | {"at": "5.001s"}),
        hash_of(step=SEALED | {"for": "21s"}),
        hash_of(step=cut),
        hash_of(step=cut | {"with": {"how": "blackhole"}}),
    }
    assert len(different) == 10


def test_the_hash_is_the_same_next_year(topology: Topology) -> None:
    """Run records name plans by hash, so equal plans must stay equal across versions of lockout."""
    plan = make_plan(scenario(SEALED), topology, seed=7)
    assert plan.hash() == "3676749fae11962f27479cb7d42d9ee3a205e6ac6c94b203ef2f2867baceed08"


def test_each_fault_has_randomness_of_its_own(topology: Topology) -> None:
    plan = make_plan(scenario(SEALED), topology, seed=7)
    other = make_plan(scenario(SEALED), topology, seed=8)
    assert plan.rng("timeline.0").random() == plan.rng("timeline.0").random()
    assert plan.rng("timeline.0").random() != plan.rng("timeline.1").random()
    assert plan.rng("timeline.0").random() != other.rng("timeline.0").random()


def test_a_plan_in_words(topology: Topology) -> None:
    steps = [
        {"fault": "network-partition", "on": "vault", "at": "5s", "for": "20s", "with": {"how": "blackhole"}},
        {"operator": "break-glass-opened", "on": "ledger", "at": "7.5s", "for": "5s"},
        REVOKED | {"at": "30s", "with": {"workloads": ("orders", "billing")}},
    ]
    plan = make_plan(scenario(*steps, stop_if=[{"any_workload_down_for": "2m"}]), topology, seed=7)
    assert describe(plan, topology) == (
        f"x: 40s of timeline, seed 7, plan {plan.hash()[:12]}",
        "probe 2 workloads every 100ms: billing, orders",
        "   0s  steady state proven, the clock starts",
        "   5s  inject network-partition on vault (vault, hashicorp/vault:1.21.0) with workloads=all how=blackhole",
        " 7.5s  operator: break-glass-opened on ledger (resource)",
        "12.5s  operator takes back: break-glass-opened on ledger (resource)",
        "  25s  undo network-partition on vault (vault, hashicorp/vault:1.21.0)",
        "  30s  inject token-revoked on vault (vault, hashicorp/vault:1.21.0) "
        "with workloads=orders,billing how=reset, not undone",
        "  40s  end, after watching the recovery for 10s",
        "no prediction for billing, orders: declares no access paths (x-lockout: access)",
        "stop early if any workload down for 120s",
    )


# Steps that wait

UNTIL = {"fault": "vault-sealed", "on": "vault", "at": "5s", "until": {"token-expired": "orders"}, "at_most": "60s"}
WHEN = {"fault": "network-partition", "on": "vault", "when": {"workload-up": "orders"}, "within": "90s", "for": "10s"}


def test_what_waits_has_no_time_but_a_first_and_a_last_moment(topology: Topology) -> None:
    plan = make_plan(scenario(UNTIL, WHEN | {"after": "2s"}), topology, seed=7)
    assert order(plan) == [
        (5.0, "begin", "timeline.0"),
        (None, "end", "timeline.0"),
        (None, "begin", "timeline.1"),
        (None, "end", "timeline.1"),
    ]
    assert [(step.earliest, step.latest) for step in plan.steps] == [
        (5.0, 5.0),
        (5.0, 65.0),
        (7.0, 97.0),
        (17.0, 107.0),
    ]
    _, end_0, begin_1, end_1 = (step.wait for step in plan.steps)
    assert end_0 is not None
    assert end_0.what is not None
    assert (end_0.since, end_0.what.in_words(), end_0.limit, end_0.delay) == (
        "timeline.0",
        "token-expired: orders",
        60.0,
        0.0,
    )
    assert begin_1 is not None
    assert begin_1.what is not None
    assert (begin_1.since, begin_1.what.in_words(), begin_1.limit, begin_1.delay) == (
        "timeline.0",
        "workload-up: orders",
        90.0,
        2.0,
    )
    assert end_1 is not None
    assert (end_1.since, end_1.what, end_1.delay) == ("timeline.1", None, 10.0)
    assert plan.waits
    assert [one.in_words() for one in plan.awaited] == ["token-expired: orders", "workload-up: orders"]


def test_its_length_is_the_longest_that_it_may_take(topology: Topology) -> None:
    assert make_plan(scenario(UNTIL), topology, seed=7).length == 75.0
    assert make_plan(scenario(WHEN | {"when": {"logged-in": "orders"}}, SEALED), topology, seed=7).length == 111.0


def test_the_first_wait_begins_with_no_step(topology: Topology) -> None:
    plan = make_plan(scenario(WHEN | {"when": {"logged-in": "orders"}}), topology, seed=7)
    [begin, _] = plan.steps
    assert begin.wait is not None
    assert (begin.wait.since, begin.earliest, begin.latest) == ("", 1.0, 91.0)


def test_those_that_wait_stand_after_what_has_a_time(topology: Topology) -> None:
    revoked = REVOKED | {"at": "5s"}
    plan = make_plan(scenario(UNTIL, revoked), topology, seed=7)
    assert order(plan) == [
        (5.0, "begin", "timeline.0"),
        (5.0, "begin", "timeline.1"),
        (None, "end", "timeline.0"),
    ]


def test_the_hash_covers_what_is_waited_for(topology: Topology) -> None:
    def hash_of(*steps: dict[str, Any]) -> str:
        return make_plan(scenario(*steps), topology, seed=7).hash()

    assert hash_of(UNTIL) == hash_of(UNTIL)
    different = {
        hash_of(SEALED),
        hash_of(SEALED | {"for": "60s"}),
        hash_of(UNTIL),
        hash_of(UNTIL | {"at_most": "59s"}),
        hash_of(UNTIL | {"until": {"token-expired": "billing"}}),
        hash_of(UNTIL | {"until": {"lease-expired": "orders"}}),
        hash_of(UNTIL | {"until": {"token-expired": {"workload": "orders", "for": "3s"}}}),
        hash_of(UNTIL, WHEN),
        hash_of(UNTIL, WHEN | {"within": "91s"}),
        hash_of(UNTIL, WHEN | {"after": "1s"}),
        hash_of(UNTIL, WHEN | {"when": {"workload-down": "orders"}}),
    }
    assert len(different) == 11


def test_how_it_is_written_does_not_change_the_hash(topology: Topology) -> None:
    plan = make_plan(scenario(UNTIL), topology, seed=7)
    longer = UNTIL | {"until": {"token-expired": {"workload": "orders"}}}
    assert make_plan(scenario(longer), topology, seed=7).hash() == plan.hash()


def test_a_plan_that_waits_as_data(topology: Topology) -> None:
    steps: Any = make_plan(scenario(UNTIL, WHEN), topology, seed=7).as_document()["steps"]
    assert [step["at"] for step in steps] == [5.0, None, None, None]
    assert "since" not in steps[0]
    assert {key: steps[1][key] for key in ("since", "awaits", "within", "after")} == {
        "since": "timeline.0",
        "awaits": {"token-expired": {"workload": "orders"}},
        "within": 60.0,
        "after": 0.0,
    }
    assert {key: steps[3].get(key) for key in ("since", "awaits", "after")} == {
        "since": "timeline.1",
        "awaits": None,
        "after": 10.0,
    }


def test_a_plan_that_waits_in_words(topology: Topology) -> None:
    opened = {"operator": "break-glass-opened", "on": "ledger", "within": "30s", "after": "2s", "for": "5s"}
    plan = make_plan(scenario(UNTIL, opened | {"when": {"workload-down": "orders"}}), topology, seed=7)
    assert describe(plan, topology)[:8] == (
        f"x: 75s of timeline at most, seed 7, plan {plan.hash()[:12]}",
        "probe 2 workloads every 100ms: billing, orders",
        "       0s  steady state proven, the clock starts",
        "       5s  inject vault-sealed on vault (vault, hashicorp/vault:1.21.0)",
        " 5s - 65s  undo vault-sealed on vault (vault, hashicorp/vault:1.21.0), as soon as token-expired: orders; "
        "without it, the run ends 60s after its begin",
        " 7s - 37s  operator: break-glass-opened on ledger (resource), 2s after workload-down: orders; "
        "without it, the run ends 30s after timeline.0 has begun",
        "12s - 42s  operator takes back: break-glass-opened on ledger (resource), 5s after its begin",
        "   by 75s  end, after watching the recovery for 10s",
    )


def test_whom_it_locks_out_is_predicted_for_the_longest_that_it_may_last(topology: Topology) -> None:
    [fault] = make_plan(scenario(UNTIL), topology, seed=7).forecast.faults
    assert fault.lasts == 60.0


# Whom faults may reach


def reach(*steps: dict[str, Any], **services: Any) -> tuple[str, ...]:
    """The bystanders of a plan with these steps, with *services* for those of the topology."""
    workload = {"image": "app", "x-lockout": {"role": "workload", "probe": {"tcp": {"port": 1}}}}

    def needing(*needs: str, **more: object) -> dict[str, Any]:
        block: dict[str, Any] = {**workload["x-lockout"], "access": {"primary": {"needs": list(needs)}}, **more}  # type: ignore[dict-item]
        return {**workload, "x-lockout": block}

    known = {
        "vault": {"x-lockout": {"role": "vault", "initialise": {}}},
        "idp": {"x-lockout": {"role": "idp", "port": 1}},
        "ledger": {"x-lockout": {"role": "resource", "port": 1}},
        "billing": needing("vault"),
        "orders": needing("vault"),
        "payments": needing("idp", "ledger"),
        **services,
    }
    made = make_plan(scenario(*steps), parse_topology({"services": known}, [Path("compose.yaml")]), seed=1)
    return made.bystanders


OPENED = {"operator": "break-glass-opened", "on": "ledger", "at": "5s", "for": "5s"}


def test_who_needs_nothing_that_fails_is_a_bystander() -> None:
    assert reach(SEALED) == ("payments",)
    assert reach(SEALED, OPENED) == ("payments",), "what is opened breaks nothing"
    assert reach(SEALED, SEALED | {"at": "30s", "on": "idp"}) == ()


def test_a_fault_that_names_workloads_reaches_only_those() -> None:
    assert reach(REVOKED | {"with": {"workloads": ("orders",)}}) == ("billing", "payments")
    assert reach(REVOKED) == ("payments",)


def test_the_target_itself_is_no_bystander() -> None:
    assert reach(SEALED | {"on": "orders"}) == ("billing", "payments")


def test_what_knows_it_and_what_it_starts_after_counts_as_needed() -> None:
    probe = {"role": "workload", "probe": {"tcp": {"port": 1}}}
    known = {"x-lockout": {**probe, "identity": [{"vault": "vault", "method": "approle", "role": "x"}]}}
    after = {"x-lockout": probe, "depends_on": {"helper": {}}}
    helper = {"depends_on": {"vault": {}}}
    assert reach(SEALED, known=known, after=after, helper=helper, alone={"x-lockout": probe}) == ("alone", "payments")


def test_who_is_out_of_reach_does_not_change_the_hash(topology: Topology) -> None:
    plan = make_plan(scenario(SEALED), topology, seed=7)
    assert replace(plan, bystanders=("somebody",)).hash() == plan.hash()


def test_stop_conditions_in_words(topology: Topology) -> None:
    conditions = [
        {"bystander_down_for": "5s"},
        {"workload_down": {"workload": "orders", "for": "20s"}},
        {"error_rate": {"above": 0.5, "over": "30s"}},
    ]
    plan = make_plan(scenario(SEALED, stop_if=conditions), topology, seed=7)
    assert describe(plan, topology)[-4:] == (
        "stop early if bystander down for 5s",
        "stop early if workload down: workload=orders for=20s",
        "stop early if error rate: above=0.5 over=30s",
        "bystanders: billing, orders",
    )
