from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.scenario.crosscheck import cross_check
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.vocabulary import Vocabulary
from harness.topology.model import Topology
from harness.topology.parse import parse_topology

from .conftest import GOOD, NAME

Load = Callable[[str], LoadedScenario]


@pytest.fixture
def topology() -> Topology:
    def workload(*needs: str) -> dict[str, object]:
        access = {"primary": {"needs": list(needs)}}
        return {"x-lockout": {"role": "workload", "probe": {"tcp": {"port": 1}}, "access": access}}

    vault = {"x-lockout": {"role": "vault", "initialise": {}}}
    config = {
        "services": {
            "vault": vault,
            "vault-secondary": vault,
            "postgres": {"x-lockout": {"role": "database"}},
            "ledger": {"x-lockout": {"role": "resource", "port": 1}},
            "sidecar": {},
            "orders": {**workload("vault", "postgres"), "depends_on": {"vault": {}, "postgres": {}}},
            "fragile": {**workload("vault"), "depends_on": {"vault": {}}},
            "lonely": workload("vault"),
        }
    }
    return parse_topology(config, [Path("compose.yaml")])


def edited(*edits: tuple[str, str]) -> str:
    text = GOOD
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_a_fitting_scenario_has_no_problems(load: Load, topology: Topology, vocabulary: Vocabulary) -> None:
    assert cross_check(load(GOOD), topology, vocabulary) == []


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [("on: vault", "on: vualt")],
            ["8:9: timeline.0.on: unknown service 'vualt', did you mean 'vault'?"],
            id="unknown-target",
        ),
        pytest.param(
            [("on: vault", "on: postgres")],
            [
                "8:9: timeline.0.on: 'vault-sealed' needs a target of role 'vault', such as vault, vault-secondary; "
                "'postgres' has the role 'database'"
            ],
            id="target-of-wrong-role",
        ),
        pytest.param(
            [("on: vault", "on: sidecar")],
            [
                "8:9: timeline.0.on: 'vault-sealed' needs a target of role 'vault', such as vault, vault-secondary; "
                "'sidecar' has no x-lockout block"
            ],
            id="target-without-role",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: idp-down-warm")],
            [
                "8:9: timeline.0.on: 'idp-down-warm' needs a target of role 'idp', of which this topology has none; "
                "'vault' has the role 'vault'"
            ],
            id="no-target-at-all",
        ),
        pytest.param(
            [("workload: orders", "workload: order")],
            ["11:15: expect.0.workload: unknown workload 'order', did you mean 'orders'?"],
            id="unknown-workload",
        ),
        pytest.param(
            [("workload: orders", "workload: ledger")],
            [
                "11:15: expect.0.workload: service 'ledger' has the role 'resource', a workload is needed; "
                "workloads: fragile, lonely, orders"
            ],
            id="expectation-for-no-workload",
        ),
        pytest.param(
            [("workload: orders", "workload: sidecar")],
            [
                "11:15: expect.0.workload: service 'sidecar' has no x-lockout block, a workload is needed; "
                "workloads: fragile, lonely, orders"
            ],
            id="expectation-for-plain-service",
        ),
        pytest.param(
            [("recovers_without_restart: {}", "fails_over: {to: vault-secondry, within: 5s}")],
            ["13:22: expect.0.fails_over.to: unknown vault or idp 'vault-secondry', did you mean 'vault-secondary'?"],
            id="fails-over-to-nowhere",
        ),
        pytest.param(
            [("vault-sealed", "network-partition"), ("for: 20s", "for: 20s\n    with: {workloads: [orders, vault]}")],
            [
                "10:32: timeline.0.with.workloads.1: service 'vault' has the role 'vault', a workload is needed; "
                "workloads: fragile, lonely, orders"
            ],
            id="argument-names-no-workload",
        ),
        pytest.param(
            [("vault-sealed", "static-role-rotated"), ("for: 20s", "with: {role: r, database: ledger}")],
            [
                "9:31: timeline.0.with.database: service 'ledger' has the role 'resource', a database is needed; "
                "databases: postgres"
            ],
            id="argument-names-no-database",
        ),
        pytest.param(
            [("expect:", "services: [fragile, order]\nexpect:")],
            [
                "10:21: services.1: unknown service 'order', did you mean 'orders'?",
                "12:15: expect.0.workload: service 'orders' is not started by this scenario; add it to 'services'",
            ],
            id="unknown-service",
        ),
        pytest.param(
            [("expect:", "services: [fragile]\nexpect:"), ("on: vault", "on: vault-secondary")],
            [
                "8:9: timeline.0.on: service 'vault-secondary' is not started by this scenario; add it to 'services'",
                "12:15: expect.0.workload: service 'orders' is not started by this scenario; add it to 'services'",
            ],
            id="target-not-started",
        ),
        pytest.param(
            [("expect:", "services: [vault]\nexpect:")],
            [
                "10:11: services: starts no workload; workloads: fragile, lonely, orders",
                "12:15: expect.0.workload: service 'orders' is not started by this scenario; add it to 'services'",
                "16:15: expect.1.workload: service 'fragile' is not started by this scenario; add it to 'services'",
            ],
            id="no-workload-started",
        ),
    ],
)
def test_what_does_not_fit_is_said_where_it_is(
    load: Load, topology: Topology, vocabulary: Vocabulary, edits: list[tuple[str, str]], expected: list[str]
) -> None:
    problems = cross_check(load(edited(*edits)), topology, vocabulary)
    assert [str(problem) for problem in problems] == [f"vault-outage.scenario.yaml:{line}" for line in expected]


@pytest.mark.parametrize("fault", ["0", "vault-sealed", "timeline.0"])
def test_an_expectation_may_name_a_step(load: Load, topology: Topology, vocabulary: Vocabulary, fault: str) -> None:
    loaded = load(edited(("after: undo", f"fault: {fault}")))
    assert cross_check(loaded, topology, vocabulary) == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("1", "there is no timeline.1; the last step is timeline.0"),
        ("-1", "there is no timeline.-1; the last step is timeline.0"),
        ("vault-seled", "unknown step of the timeline 'vault-seled', did you mean 'vault-sealed'?"),
        ("timeline.1", "unknown step of the timeline 'timeline.1'; known: vault-sealed"),
    ],
)
def test_a_step_that_an_expectation_names_must_exist(
    load: Load, topology: Topology, vocabulary: Vocabulary, fault: str, message: str
) -> None:
    (problem,) = cross_check(load(edited(("after: undo", f"fault: {fault}"))), topology, vocabulary)
    assert str(problem) == f"vault-outage.scenario.yaml:12:44: expect.0.re_authenticates.fault: {message}"


def test_what_a_workload_needs_must_be_started(load: Load, vocabulary: Vocabulary, topology: Topology) -> None:
    loaded = load(
        edited(
            ("expect:", "services: [lonely, sidecar]\nexpect:"),
            ("workload: orders", "workload: lonely"),
            ("  - workload: fragile\n    re_authenticates: {within: 10s, after: undo}\n", ""),
            ("    accepted_risk: {reason: logs in once, until: 2027-06-30}\n", ""),
        )
    )
    assert [str(problem) for problem in cross_check(loaded, topology, vocabulary)] == [
        "vault-outage.scenario.yaml:8:9: timeline.0.on: service 'vault' is not started by this scenario; "
        "add it to 'services'",
        "vault-outage.scenario.yaml:10:11: services: 'lonely' needs 'vault' for its primary access path, "
        "and it is not started; add it",
    ]


@pytest.mark.parametrize(
    ("need", "missing"),
    [
        ({"any_of": ["vault", "vault-secondary"]}, []),
        ({"any_of": ["ledger", "vault-secondary"]}, ["ledger", "vault-secondary"]),
        ({"at_least": 2, "of": ["vault", "ledger", "postgres"]}, []),
        ({"all_of": ["vault", "ledger"]}, ["ledger"]),
        ("zone", []),
    ],
)
def test_a_gate_asks_for_no_more_than_it_needs(
    load: Load, vocabulary: Vocabulary, topology: Topology, need: object, missing: list[str]
) -> None:
    """Vault and PostgreSQL are started; a place always is there."""
    access = {"primary": {"needs": [need]}}
    block = {"role": "workload", "probe": {"tcp": {"port": 1}}, "access": access}
    services: dict[str, object] = {name: {} for name in ("ledger", "vault-secondary")}
    for name in ("vault", "postgres"):
        services[name] = {"x-lockout": (topology.services[name].block or pytest.fail(name)).as_document()}
    services["orders"] = {"x-lockout": block, "depends_on": {"vault": {}, "postgres": {}}}
    services["fragile"] = {"x-lockout": {**block, "access": {}}}
    config = {"services": services, "x-lockout": {"places": {"zone": ["ledger"]}}}
    gated = parse_topology(config, [Path("compose.yaml")])
    loaded = load(edited(("expect:", "services: [orders, fragile]\nexpect:")))
    assert [problem.message for problem in cross_check(loaded, gated, vocabulary)] == [
        f"'orders' needs {name!r} for its primary access path, and it is not started; add it" for name in missing
    ]


def test_dependencies_of_listed_services_are_started(load: Load, topology: Topology, vocabulary: Vocabulary) -> None:
    loaded = load(edited(("expect:", "services: [orders, fragile]\nexpect:")))
    assert cross_check(loaded, topology, vocabulary) == []


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        ("fails_over: {to: orders, within: 5s}", "fails_over.to: service 'orders' has the role 'workload', a vault or"),
        ("fails_over: {to: vault, within: 5s}", "fails_over.to: 'vault' is what fails; name the one to go over to"),
        ("re_authenticates: {within: 5s, at: postgres}", "re_authenticates.at: service 'postgres' has the role"),
        ("fails_closed: {within: 20s}", "can never be settled: the fault is over 20s after inject, before 20s"),
        ("keeps_serving_cached: {for: 10m}", "can never be settled: the run ends 30s after inject, before 600s"),
        ("revoked_within: {limit: 30s}", "can never be settled: the run ends 30s after inject, before 30s"),
        ("uses_break_glass: {within: 5s}", "'uses_break_glass' needs a step 'break-glass-opened' in the timeline"),
    ],
)
def test_a_claim_that_no_run_could_settle_is_refused(
    tmp_path: Path, topology: Topology, claim: str, problem: str
) -> None:
    [found] = problems_of(claiming(claim), tmp_path, topology)
    assert found.startswith(f"{NAME}:12:")
    assert problem in found


@pytest.mark.parametrize(
    "claim",
    [
        "fails_over: {to: vault-secondary, within: 60s}",
        "fails_closed: {within: 19s}",
        "keeps_serving_cached: {for: 29s}",
        "revoked_within: {limit: 29s}",
    ],
)
def test_a_claim_that_can_just_be_settled_is_not(tmp_path: Path, topology: Topology, claim: str) -> None:
    assert problems_of(claiming(claim), tmp_path, topology) == []


def claiming(claim: str) -> str:
    return edited(("re_authenticates: {within: 10s, after: undo}\n    recovers_without_restart: {}", claim))


def test_an_operator_step_must_not_outlast_what_it_opens(tmp_path: Path, topology: Topology) -> None:
    step = "  - {at: 6s, operator: break-glass-opened, on: ledger, for: 9s, with: {at_most: 5s}}\nexpect:"
    [found] = problems_of(edited(("expect:", step)), tmp_path, topology)
    assert "timeline.1.with.at_most: ends by itself after 5s, before 9s are over" in found


def test_a_stop_condition_names_a_workload_that_is_started(tmp_path: Path, topology: Topology) -> None:
    def problem_of(workload: str) -> str:
        condition = f"workload_down: {{workload: {workload}, for: 5s}}"
        [found] = problems_of(edited(("any_workload_down_for: 120s", condition)), tmp_path, topology)
        return found

    place = f"{NAME}:19:31: stop_if.0.workload_down.workload: "
    assert problem_of("order") == place + "unknown workload 'order', did you mean 'orders'?"
    assert problem_of("ledger").startswith(place + "service 'ledger' has the role 'resource', a workload is needed;")


@pytest.mark.parametrize(("over", "fits"), [("200s", True), ("201s", False)])
def test_more_probes_than_are_remembered_cannot_be_counted(
    tmp_path: Path, topology: Topology, over: str, fits: bool
) -> None:
    condition = f"error_rate: {{above: 0.5, over: {over}}}"
    told = (
        f"{NAME}:19:36: stop_if.0.error_rate.over: with a probe every 100ms, 2000 of which are remembered, 200s at most"
    )
    found = problems_of(edited(("any_workload_down_for: 120s", condition)), tmp_path, topology)
    assert found == ([] if fits else [told])


def problems_of(text: str, folder: Path, topology: Topology) -> list[str]:
    """Against the faults and expectations that there are."""
    (folder / "lab.yaml").write_text("services: {}\n")
    (folder / NAME).write_text(text)
    vocabulary = Vocabulary.installed()
    loaded = load_scenario(folder / NAME, vocabulary)
    return [str(problem) for problem in cross_check(loaded, topology, vocabulary)]
