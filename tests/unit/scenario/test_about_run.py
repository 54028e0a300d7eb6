"""Claims about the run as a whole: entries of ``expect`` without a workload."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import jsonschema
import pytest

from harness.checks.blast_radius import Args
from harness.checks.claims import Claim
from harness.scenario.claims import to_claims
from harness.scenario.crosscheck import cross_check
from harness.scenario.document import read_document
from harness.scenario.effect import gone
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.model import Scenario
from harness.scenario.problems import ScenarioError
from harness.scenario.reading import Reading
from harness.scenario.schema import scenario_schema
from harness.scenario.vocabulary import ExpectationKind, FaultKind, Vocabulary
from harness.topology.parse import parse_topology

from .conftest import GOOD, NAME, VOCABULARY, NoArgs

RADIUS = ExpectationKind("blast_radius", Args)
SEALED = FaultKind("vault-sealed", frozenset({"vault"}), NoArgs, effect=lambda target, args: gone(target))
KNOWN = replace(
    VOCABULARY,
    faults=MappingProxyType({**VOCABULARY.faults, SEALED.name: SEALED}),
    expectations=MappingProxyType({**VOCABULARY.expectations, RADIUS.name: RADIUS}),
)
ENTRY = "  - workload: orders\n"


def with_entry(entry: str, *edits: tuple[str, str]) -> str:
    text = GOOD.replace(ENTRY, f"  - {entry}\n{ENTRY}", 1)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def load(folder: Path, text: str, vocabulary: Vocabulary = KNOWN) -> LoadedScenario:
    (folder / "lab.yaml").write_text("services: {}\n")
    path = folder / NAME
    path.write_text(text)
    return load_scenario(path, vocabulary)


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(folder, text)
    return str(caught.value).splitlines()


def misfits(folder: Path, text: str, *needs: str) -> list[str]:
    """What cross-checking says; *needs* are those of the workloads."""
    probe = {"role": "workload", "probe": {"tcp": {"port": 1}}}
    block = {**probe, "access": {"primary": {"needs": list(needs)}}} if needs else probe
    services = {
        "vault": {"x-lockout": {"role": "vault", "initialise": {}}},
        **{name: {"x-lockout": block} for name in ("orders", "fragile")},
    }
    loaded = load(folder, text)
    topology = parse_topology({"services": services}, [Path("compose.yaml")])
    return [str(problem).removeprefix(f"{NAME}:") for problem in cross_check(loaded, topology, KNOWN)]


@pytest.mark.parametrize(
    ("entry", "args"),
    [
        ("blast_radius: predicted", {"as": "predicted"}),
        ("blast_radius: {as: predicted, max_outage: 3s}", {"as": "predicted", "max_outage": "3s"}),
        ("blast_radius: {only: [fragile]}", {"only": ("fragile",)}),
        ("blast_radius: {at_most: 0}", {"at_most": 0}),
    ],
)
def test_it_reads_like_a_sentence(tmp_path: Path, entry: str, args: dict[str, object]) -> None:
    scenario = load(tmp_path, with_entry(entry)).scenario
    [one] = scenario.expect[0].expectations
    assert (scenario.expect[0].workload, one.name, one.args) == ("", "blast_radius", Args.model_validate(args))
    assert misfits(tmp_path, with_entry(entry), "vault") == []


def test_it_becomes_a_claim_without_a_workload(tmp_path: Path) -> None:
    text = GOOD.partition("expect:")[0] + "expect:\n  - blast_radius: predicted\n    controls: [nist-800-53r5:CP-10]\n"
    [claim] = to_claims(load(tmp_path, text).scenario).claims
    assert claim == Claim("", "blast_radius", Args.model_validate("predicted"), None, ("nist-800-53r5:CP-10",))


def test_it_survives_being_written_and_read_again(tmp_path: Path) -> None:
    scenario = load(tmp_path, with_entry("blast_radius: {only: [fragile]}")).scenario
    document = scenario.as_document()
    assert "workload" not in document["expect"][0]
    assert Scenario.model_validate(document, context=Reading(KNOWN)) == scenario


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "blast_radius: predcted",
            "11:19: expect.0.blast_radius: expected 'predicted', or a mapping with 'only' or 'at_most', not 'predcted'",
        ),
        (
            "blast_radius: {only: [orders], at_most: 1}",
            "11:19: expect.0.blast_radius: needs exactly one of 'as', 'only' and 'at_most', but there is 'only' and "
            "'at_most'",
        ),
        (
            "blast_radius: {}",
            "11:19: expect.0.blast_radius: needs exactly one of 'as', 'only' and 'at_most', but there is none of them",
        ),
        (
            "blast_radius: {only: []}",
            "11:26: expect.0.blast_radius.only: must not be empty; write 'at_most: 0' when nobody may be locked out",
        ),
        ("blast_radius: {only: [orders, orders]}", "11:35: expect.0.blast_radius.only.1: 'orders' is listed twice"),
        ("blast_radius: {at_most: -1}", "11:29: expect.0.blast_radius.at_most: must be at least 0, not the number -1"),
        (
            "blast_radius: {at_mots: 1}",
            "11:20: expect.0.blast_radius: unknown key 'at_mots', did you mean 'at_most'?",
        ),
        (
            "recovers_without_restart: {}",
            "11:5: expect.0: required key 'workload' is missing",
        ),
        (
            "{blast_radius: predicted, recovers_without_restart: {}}",
            "11:31: expect.0.recovers_without_restart: is about one workload; write it into an entry with 'workload'",
        ),
        (
            "{workload: orders, blast_radius: predicted}",
            "11:24: expect.0.blast_radius: is about the run as a whole; write it into an entry without 'workload'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, entry: str, expected: str) -> None:
    assert refused(tmp_path, with_entry(entry)) == [f"{NAME}:{expected}"]


def test_the_same_of_the_run_twice_is_refused(tmp_path: Path) -> None:
    [told] = refused(tmp_path, with_entry("blast_radius: predicted\n  - blast_radius: {as: predicted}"))
    assert told == f"{NAME}:12:5: expect.1.blast_radius: already expected of the run in expect.0"


@pytest.mark.parametrize(
    ("entry", "needs", "expected"),
    [
        (
            "blast_radius: {only: [order]}",
            ("vault",),
            "11:27: expect.0.blast_radius.only.0: unknown workload 'order', did you mean 'orders'?",
        ),
        (
            "blast_radius: {only: [vault]}",
            ("vault",),
            "11:27: expect.0.blast_radius.only.0: service 'vault' has the role 'vault', a workload is needed; "
            "workloads: fragile, orders",
        ),
        (
            "blast_radius: {at_most: 2}",
            ("vault",),
            "11:29: expect.0.blast_radius.at_most: can never fail: there are 2 workloads",
        ),
        (
            "blast_radius: {only: [orders, fragile]}",
            ("vault",),
            "11:26: expect.0.blast_radius.only: can never fail: these are all the workloads that there are",
        ),
        (
            "blast_radius: predicted",
            (),
            "11:19: expect.0.blast_radius: can never be settled, for nothing is predicted; fragile: declares no access "
            "paths (x-lockout: access)",
        ),
    ],
)
def test_what_does_not_fit_the_topology_is_told(
    tmp_path: Path, entry: str, needs: tuple[str, ...], expected: str
) -> None:
    assert misfits(tmp_path, with_entry(entry), *needs) == [expected]


def test_a_fault_that_nobody_can_foresee_settles_no_prediction(tmp_path: Path) -> None:
    text = with_entry("blast_radius: predicted", ("fault: vault-sealed", "fault: vault-slow"))
    [told] = misfits(tmp_path, text, "vault")
    assert told.startswith(
        "11:19: expect.0.blast_radius: can never be settled, for nothing is predicted; fragile: vault"
    )
    assert misfits(tmp_path, text.replace("blast_radius: predicted", "blast_radius: {at_most: 1}"), "vault") == []


# In an editor


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = scenario_schema(KNOWN)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize(
    ("entry", "valid"),
    [
        ("blast_radius: predicted", True),
        ("blast_radius: {as: predicted}", True),
        ("blast_radius: {only: [orders], max_outage: 3s}", True),
        ("blast_radius: {at_most: 0}", True),
        ("blast_radius: foretold", False),
        ("blast_radius: {}", False),
        ("blast_radius: {only: [orders], at_most: 1}", False),
        ("blast_radius: {at_most: -1}", False),
        ("recovers_without_restart: {}", False),
        ("{workload: orders, blast_radius: predicted}", False),
        ("{blast_radius: predicted, recovers_without_restart: {}}", False),
        ("{}", False),
    ],
)
def test_the_schema_knows_what_the_loader_knows(
    validator: jsonschema.Draft7Validator, tmp_path: Path, entry: str, valid: bool
) -> None:
    path = tmp_path / NAME
    path.write_text(with_entry(entry))
    assert validator.is_valid(read_document(path).data) is valid
