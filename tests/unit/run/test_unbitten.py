"""A fault that did nothing: whichever it is, the run shows nothing and says so."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from harness.checks.claims import RunClaims
from harness.checks.run_level import fault_observed
from harness.checks.verdict import Outcome
from harness.faults import registry
from harness.faults.ports import Lab
from harness.history.events import FaultInjected, FaultObserved
from harness.history.index import History
from harness.scenario.base import StrictModel
from tests.unit.faults.cases import all_cases
from tests.unit.run.fakes import Stage, begin, end

pytestmark = pytest.mark.usefixtures("quick")

CASES = all_cases()


def nothing(fault: object, record: StrictModel, args: StrictModel, lab: Lab, rng: Random) -> None:
    """What injecting comes to where its rule matches nothing, its token has ended, its certificate is not asked for."""


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_bite_makes_the_run_inconclusive(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, case = registry.get(name), CASES[name]
    monkeypatch.setattr(type(fault), "inject", nothing)
    step = begin(0.01, name, case.target, instant=fault.instant, operator=fault.operator, **case.args)
    stage = Stage(tmp_path, [step] if fault.instant else [step, end(0.06, step)])
    case.ready(stage.lab)
    stage.conductor.conduct()
    assert stage.of(FaultInjected)
    assert stage.of(FaultObserved) == []
    finding = fault_observed(History.from_events(stage.events), RunClaims((), ("timeline.0",)))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert name in finding.summary
