"""Each stop condition on moments made by hand: exactly at the limit first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from harness.stops import registry
from harness.stops.view import FaultOn, StopView, Tally

SEALED = FaultOn("vault-sealed", "vault", lasted=5.0, observed=True)
UNSEEN = FaultOn("vault-slow", "vault", lasted=5.0, observed=False)


def view(
    down: Mapping[str, float] | None = None,
    faults: tuple[FaultOn, ...] = (),
    bystanders: tuple[str, ...] = (),
    tallies: Mapping[str, Tally] | None = None,
) -> StopView:
    known: Callable[[str, float], Tally] = lambda name, span: (tallies or {}).get(name, Tally(0, 10, 10))  # noqa: E731
    return StopView({} if down is None else down, frozenset(bystanders), faults, known)


def trips(name: str, args: object, moment: StopView) -> str | None:
    kind: Any = registry.get(name)
    return kind.trips(moment, kind.Args.model_validate(args))


UP: dict[str, float] = {"billing": 0.0, "orders": 0.0}
RATE = {"above": 0.5, "over": "30s"}


@pytest.mark.parametrize(
    ("name", "args", "moment", "reason"),
    [
        ("any_workload_down_for", "5s", view(), None),
        ("any_workload_down_for", "5s", view(UP), None),
        ("any_workload_down_for", "5s", view({**UP, "orders": 4.999}), None),
        ("any_workload_down_for", "5s", view({**UP, "orders": 5.0}), "orders was down for 5s"),
        ("any_workload_down_for", "5s", view({"billing": 9.0, "orders": 9.0}), "billing was down for 5s"),
        ("all_workloads_down_for", "5s", view(), None),
        ("all_workloads_down_for", "5s", view({**UP, "orders": 9.0}), None),
        ("all_workloads_down_for", "5s", view({"billing": 9.0, "orders": 4.999}), None),
        ("all_workloads_down_for", "5s", view({"billing": 9.0, "orders": 5.0}), "all workloads were down for 5s"),
        ("workload_down", {"workload": "orders", "for": "5s"}, view({"orders": 5.0}), "orders was down for 5s"),
        ("workload_down", {"workload": "orders", "for": "5s"}, view({"orders": 4.9, "billing": 99.0}), None),
        ("workload_down", {"workload": "gone", "for": "5s"}, view({"orders": 9.0}), None),
        ("bystander_down_for", "5s", view({"orders": 99.0}), None),
        ("bystander_down_for", "5s", view({"orders": 99.0, "payments": 4.9}, bystanders=("payments",)), None),
        (
            "bystander_down_for",
            "5s",
            view({"orders": 99.0, "payments": 5.0}, bystanders=("payments",)),
            "payments was down for 5s, and no fault is aimed at what it needs",
        ),
        ("error_rate", RATE, view(UP, tallies={"orders": Tally(150, 300, 300)}), None),
        (
            "error_rate",
            RATE,
            view(UP, tallies={"orders": Tally(151, 300, 300)}),
            "151 of 300 probes of orders failed within 30s, more than 50%",
        ),
        # The first few probes of a run are no rate yet.
        ("error_rate", RATE, view(UP, tallies={"orders": Tally(149, 149, 300)}), None),
        (
            "error_rate",
            RATE,
            view(UP, tallies={"orders": Tally(150, 150, 300)}),
            "150 of 150 probes of orders failed within 30s, more than 50%",
        ),
        ("error_rate", RATE, view(UP, tallies={"orders": Tally(0, 0, 0)}), None),
        ("error_rate", {**RATE, "workload": "billing"}, view(UP, tallies={"orders": Tally(300, 300, 300)}), None),
        (
            "error_rate",
            {**RATE, "workload": "billing"},
            view(UP, tallies={"billing": Tally(300, 300, 300)}),
            "300 of 300 probes of billing failed within 30s, more than 50%",
        ),
        ("error_rate", {**RATE, "workload": "gone"}, view(UP), None),
        ("fault_not_observed_for", "5s", view(), None),
        ("fault_not_observed_for", "5s", view(faults=(SEALED,)), None),
        ("fault_not_observed_for", "5.1s", view(faults=(UNSEEN,)), None),
        (
            "fault_not_observed_for",
            "5s",
            view(faults=(SEALED, UNSEEN)),
            "vault-slow on vault was not seen to bite within 5s",
        ),
    ],
)
def test_when_it_trips(name: str, args: object, moment: StopView, reason: str | None) -> None:
    assert trips(name, args, moment) == reason


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("any_workload_down_for", "0s"),
        ("any_workload_down_for", "2h"),
        ("any_workload_down_for", 5),
        ("workload_down", {"workload": "", "for": "5s"}),
        ("workload_down", {"for": "5s"}),
        ("error_rate", {"above": 1.0, "over": "30s"}),
        ("error_rate", {"above": 0.0, "over": "30s"}),
        ("error_rate", {"above": 0.5, "over": "10ms"}),
    ],
)
def test_arguments_that_make_no_sense(name: str, args: object) -> None:
    with pytest.raises(ValidationError):
        registry.get(name).Args.model_validate(args)


def test_each_is_in_a_file_of_its_own_and_explains_itself() -> None:
    assert {"any_workload_down_for", "all_workloads_down_for"} <= set(registry.names())
    for name in registry.names():
        kind = registry.get(name)
        assert kind.trips.__module__ == f"harness.stops.{name}"
        assert kind.summary.endswith(".")


def test_two_of_one_name_are_a_mistake() -> None:
    def other(moment: StopView, args: object) -> str | None:
        return None

    kind = registry.get("any_workload_down_for")
    with pytest.raises(ValueError, match="two stop conditions are called 'any_workload_down_for'"):
        registry.stop("any_workload_down_for", kind.Args)(other)
