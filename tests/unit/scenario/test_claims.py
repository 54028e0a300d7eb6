from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harness.checks.args import ExpectationArgs
from harness.checks.claims import Claim, RunClaims
from harness.checks.judgement import AcceptedRisk
from harness.scenario.base import Duration, StrictModel
from harness.scenario.claims import to_claims
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.vocabulary import ExpectationKind, FaultKind, StopKind, Vocabulary
from harness.stops.args import LimitAlone

from .conftest import GOOD


class SoonArgs(ExpectationArgs):
    within: Duration


SEALED = FaultKind("vault-sealed", frozenset({"vault"}), StrictModel)
NAMES = ("re_authenticates", "recovers_without_restart")
VOCABULARY = Vocabulary.of(
    [SEALED],
    [ExpectationKind(NAMES[0], SoonArgs), ExpectationKind(NAMES[1], ExpectationArgs)],
    [StopKind("any_workload_down_for", LimitAlone)],
)


def test_claims_are_those_of_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").touch()
    path = tmp_path / "vault-outage.scenario.yaml"
    path.write_text(GOOD.replace(", after: undo", ""))
    claims = to_claims(load_scenario(path, VOCABULARY).scenario)
    controls = ("nist-800-53r5:CP-10", "nist-csf-2.0:PR.IR-03")
    soon = SoonArgs.model_validate({"within": "10s"})
    risk = AcceptedRisk("logs in once", date(2027, 6, 30))
    assert claims == RunClaims(
        claims=(
            Claim("orders", "re_authenticates", soon, None, controls),
            Claim("orders", "recovers_without_restart", ExpectationArgs(), None, controls),
            Claim("fragile", "re_authenticates", soon, risk, ()),
        ),
        faults=("timeline.0",),
    )


def test_a_foreign_vocabulary_is_a_mistake_of_the_programmer(load: Callable[[str], LoadedScenario]) -> None:
    with pytest.raises(TypeError, match="arguments of 're_authenticates' are WithinArgs, not ExpectationArgs"):
        to_claims(load(GOOD).scenario)
