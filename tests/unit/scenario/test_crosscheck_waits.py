"""Does what steps wait for fit the topology?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.scenario.crosscheck import cross_check
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.vocabulary import Vocabulary
from harness.topology.model import Topology
from harness.topology.parse import parse_topology

from .conftest import GOOD, NAME
from .test_timeline import with_steps

Load = Callable[[str], LoadedScenario]


@pytest.fixture
def topology() -> Topology:
    def workload(*identity: dict[str, str]) -> dict[str, Any]:
        access = {"primary": {"needs": ["vault"]}}
        block = {"role": "workload", "probe": {"tcp": {"port": 1}}, "access": access, "identity": list(identity)}
        return {"x-lockout": block, "depends_on": {"vault": {}}}

    config = {
        "services": {
            "vault": {"x-lockout": {"role": "vault", "initialise": {}}},
            "idp": {"x-lockout": {"role": "idp", "port": 1}},
            "ledger": {"x-lockout": {"role": "resource", "port": 1}},
            "orders": workload({"vault": "vault", "method": "approle", "role": "orders"}),
            "payments": workload({"idp": "idp", "client": "payments"}),
            "fragile": workload(),
        }
    }
    return parse_topology(config, [Path("compose.yaml")])


def told(load: Load, topology: Topology, vocabulary: Vocabulary, *steps: str, more: str = "") -> list[str]:
    return [str(problem) for problem in cross_check(load(with_steps(*steps) + more), topology, vocabulary)]


def until(what: str, at_most: str = "60s") -> str:
    return f"at: 5s, fault: vault-sealed, on: vault, until: {what}, at_most: {at_most}"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("{token-expired: orders}", []),
        ("token-expired", []),
        ("{token-expired: fragile}", []),  # it declares nothing, so its address tells
        ("{workload-down: payments}", []),
        ("{logged-in: {workload: payments, at: idp}}", []),
        ("{login-refused: {workload: orders, at: vault}}", []),
        ("{workload-down: order}", ["workload-down.workload: unknown workload 'order', did you mean 'orders'?"]),
        (
            "{token-expired: {workload: ledger, for: 3s}}",
            [
                "token-expired.workload: service 'ledger' has the role 'resource', a workload is needed; workloads: "
                "fragile, orders, payments"
            ],
        ),
        (
            "{logged-in: {workload: orders, at: vualt}}",
            ["logged-in.at: unknown vault or idp 'vualt', did you mean 'vault'?"],
        ),
        (
            "{token-expired: payments}",
            ["token-expired: 'payments' has no identity with a Vault (x-lockout: identity), and so no token"],
        ),
        (
            "{lease-expired: payments}",
            ["lease-expired: 'payments' has no identity with a Vault (x-lockout: identity), and so no lease"],
        ),
    ],
)
def test_who_is_waited_for_is_there(
    load: Load, topology: Topology, vocabulary: Vocabulary, what: str, expected: list[str]
) -> None:
    found = told(load, topology, vocabulary, until(what))
    assert [problem.split("timeline.0.until.")[1] for problem in found] == expected
    assert all(problem.startswith(f"{NAME}:6:") for problem in found)


def test_a_problem_points_at_the_name(load: Load, topology: Topology, vocabulary: Vocabulary) -> None:
    when = "when: {workload-up: order}, within: 5s, fault: vault-slow, on: vault, for: 5s"
    [problem] = told(load, topology, vocabulary, "at: 5s, fault: vault-sealed, on: vault, for: 5s", when)
    assert (
        problem
        == f"{NAME}:7:26: timeline.1.when.workload-up.workload: unknown workload 'order', did you mean 'orders'?"
    )


def test_who_is_not_started_is_not_waited_for(load: Load, topology: Topology, vocabulary: Vocabulary) -> None:
    found = told(load, topology, vocabulary, until("{workload-down: payments}"), more="services: [orders, fragile]\n")
    assert [problem.split(": ", 2)[2] for problem in found] == [
        "service 'payments' is not started by this scenario; add it to 'services'"
    ]


def test_without_a_vault_there_is_no_token(load: Load, vocabulary: Vocabulary, topology: Topology) -> None:
    text = GOOD.replace("  - workload: orders\n", "  - workload: payments\n")
    steps = "  - {at: 5s, fault: idp-down-warm, on: idp, until: token-expired}\n"
    first = "  - at: 5s\n    fault: vault-sealed\n    on: vault\n    for: 20s\n"
    block = {"role": "workload", "probe": {"tcp": {"port": 1}}, "access": {"primary": {"needs": ["idp"]}}}
    services = {name: {"x-lockout": block} for name in ("payments", "fragile")}
    without = parse_topology(
        {"services": {**services, "idp": {"x-lockout": {"role": "idp", "port": 1}}}}, [Path("compose.yaml")]
    )
    found = [str(problem) for problem in cross_check(load(text.replace(first, steps)), without, vocabulary)]
    assert found == [f"{NAME}:6:52: timeline.0.until.token-expired: no Vault is started, so nobody has a token of one"]


@pytest.mark.parametrize(("at_most", "settled"), [("26s", False), ("26001ms", True)])
def test_a_claim_is_held_against_the_longest_that_a_fault_may_last(
    tmp_path: Path, topology: Topology, at_most: str, settled: bool
) -> None:
    text = with_steps(until("{token-expired: orders}", at_most))
    text = text.replace("recovers_without_restart: {}", "fails_closed: {within: 26s}")
    (tmp_path / "lab.yaml").touch()
    path = tmp_path / NAME
    path.write_text(text)
    installed = Vocabulary.installed()
    found = [str(problem) for problem in cross_check(load_scenario(path, installed), topology, installed)]
    assert ([problem for problem in found if "fails_closed" in problem] == []) == settled


def test_break_glass_must_stay_open_for_as_long_as_its_step_may_last(tmp_path: Path, topology: Topology) -> None:
    opened = "at: 6s, operator: break-glass-opened, on: ledger, until: {workload-up: orders}, at_most: 60s"
    text = with_steps("at: 5s, fault: vault-sealed, on: vault, for: 20s", opened + ", with: {at_most: 30s}")
    (tmp_path / "lab.yaml").touch()
    path = tmp_path / NAME
    path.write_text(text)
    installed = Vocabulary.installed()
    found = [str(problem) for problem in cross_check(load_scenario(path, installed), topology, installed)]
    assert [problem.split(": ", 2)[2] for problem in found if "with.at_most" in problem] == [
        "ends by itself after 30s, before 60s are over"
    ]
