"""From a scenario to what its run is judged against."""

from __future__ import annotations

from harness.checks.args import ExpectationArgs
from harness.checks.claims import Claim, RunClaims
from harness.checks.judgement import AcceptedRisk
from harness.scenario.model import Claims, Scenario


def to_claims(scenario: Scenario) -> RunClaims:
    """All claims of *scenario*, in its order, and the ids of all its steps (as in the plan).

    Raises:
        TypeError: the scenario was read with a vocabulary whose expectations are not those of ``harness.checks``.
    """
    return RunClaims(
        claims=tuple(claim for claims in scenario.expect for claim in _claims_of(claims)),
        faults=tuple(f"timeline.{index}" for index in range(len(scenario.timeline))),
    )


def _claims_of(claims: Claims) -> list[Claim]:
    risk = claims.accepted_risk
    accepted = AcceptedRisk(reason=risk.reason, until=risk.until) if risk else None
    result = []
    for one in claims.expectations:
        if not isinstance(one.args, ExpectationArgs):
            raise TypeError(f"arguments of {one.name!r} are {type(one.args).__name__}, not ExpectationArgs")
        result.append(Claim(claims.workload, one.name, one.args, accepted, claims.controls))
    return result
