"""The scenario of a drill: what is gone through when, and that it is one like any other."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from harness.breakglass import plan
from harness.breakglass.plan import Round, drill_scenario, fault_for, rounds, scenario_text
from harness.scenario.base import parse_duration
from harness.scenario.crosscheck import cross_check
from harness.scenario.loader import load_scenario
from harness.scenario.vocabulary import Vocabulary
from tests.unit.breakglass.estate import COMPOSE, edited, estate

VOCABULARY = Vocabulary.installed()


@pytest.mark.parametrize("procedure", ["ledger-envelope", "postgres-role", "vault-quorum"])
def test_it_is_a_sound_scenario_of_its_topology(procedure: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    scenario = drill_scenario(procedure, estate(), [tmp_path / "compose.yaml"])
    path = tmp_path / f"break-glass-drill-{procedure}.scenario.yaml"
    path.write_text(scenario_text(scenario))
    loaded = load_scenario(path, VOCABULARY)
    assert cross_check(loaded, estate(), VOCABULARY) == []
    assert loaded.topology_files == (tmp_path / "compose.yaml",)


def test_each_loss_comes_alone_and_then_all_together() -> None:
    vault, idp, names = ("vault-sealed", "vault"), ("idp-down-warm", "idp"), ("dns-resolver-gone", "desk")
    assert rounds(estate().procedures["ledger-envelope"], estate()) == (
        Round("calm", ()),
        Round("without-idp", (idp,)),
        Round("without-vault", (vault,)),
        Round("without-names", (names,)),
        Round("without-all", (idp, vault, names)),
    )


def test_what_it_opens_is_not_taken_away() -> None:
    attempts = [one.attempt for one in rounds(estate().procedures["vault-quorum"], estate())]
    assert attempts == ["calm", "without-idp", "without-names", "without-all"]


def test_a_vault_that_lockout_cannot_unseal_is_paused() -> None:
    topology = estate(
        edited(
            ("role: vault, initialise: {shares: 3, threshold: 2}", "role: vault, admin_token: {literal: some-token}"),
            (COMPOSE[COMPOSE.index("    vault-quorum:") : COMPOSE.index("    postgres-role:")], ""),
        )
    )
    assert fault_for("vault", topology) == ("vault-paused", "vault")


def steps(procedure: str) -> list[tuple[float, float, str, str]]:
    scenario = drill_scenario(procedure, estate(), [])
    return [
        (
            parse_duration(step["at"]),
            parse_duration(step["at"]) + parse_duration(step["for"]),
            step.get("fault") or step["with"]["attempt"],
            step.get("with", {}).get("stage", ""),
        )
        for step in scenario["timeline"]
    ]


@pytest.mark.parametrize("procedure", ["ledger-envelope", "postgres-role", "vault-quorum"])
def test_an_attempt_is_made_well_within_its_faults_and_closed_after_them(procedure: str) -> None:
    found = steps(procedure)
    acts = [step for step in found if step[3]]
    faults = [step for step in found if not step[3]]
    assert [stage for *_, stage in acts][:1] + [stage for *_, stage in acts][-1:] == ["first", "last"]
    for begins, ends, attempt, stage in acts:
        during = [(start, end) for start, end, *_ in faults if start <= begins < end]
        assert bool(during) is (stage != "first"), attempt
        assert all(start + plan.SETTLED <= begins and end < ends for start, end in during)
    for (_, ends, *_), (begins, *_) in pairwise(acts):
        assert ends < begins


def test_the_calm_attempt_lasts_until_it_has_ended_by_itself() -> None:
    begins, ends, *_ = steps("ledger-envelope")[0]
    assert ends - begins > 8.0


@pytest.mark.parametrize(("lasts", "waited"), [("580s", True), ("581s", False), ("24h", False)])
def test_what_lasts_for_too_long_is_not_waited_for(lasts: str, waited: bool) -> None:
    topology = estate(edited(("lasts: 8s", f"lasts: {lasts}")))
    (calm, *_) = drill_scenario("ledger-envelope", topology, [])["timeline"]
    assert (parse_duration(calm["for"]) > parse_duration(lasts)) is waited
    assert parse_duration(calm["for"]) <= 600
