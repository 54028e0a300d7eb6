"""A hand-made vocabulary, so that these tests do not depend on which faults exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from harness.awaited import registry as awaited
from harness.scenario.base import Duration, StrictModel
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.problems import ScenarioError
from harness.scenario.vocabulary import AwaitedKind, ExpectationKind, FaultKind, Holds, StopKind, Vocabulary
from harness.stops.args import LimitAlone


class NoArgs(StrictModel):
    pass


class CutArgs(StrictModel):
    workloads: tuple[str, ...] = Field((), strict=False)
    how: Literal["reset", "blackhole"] = "reset"


class RotateArgs(StrictModel):
    role: str
    database: str = "postgres"


class OpenArgs(StrictModel):
    reason: str = "incident"


class WithinArgs(StrictModel):
    within: Duration
    after: Literal["inject", "undo"] = "inject"
    fault: int | str | None = None


class FailsOverArgs(StrictModel):
    to: str
    within: Duration


class CountArgs(StrictModel):
    at_most: int = Field(ge=1)
    per: Duration


class DownArgs(StrictModel):
    workload: str
    limit: Duration = Field(alias="for")


def holding(*aspects: str) -> Holds:
    return lambda target, args: frozenset(f"{target}/{aspect}" for aspect in aspects)


def cuts(target: str, args: CutArgs) -> frozenset[str]:
    """What this one holds depends on its arguments."""
    return frozenset(f"{target}/route of {workload}" for workload in args.workloads)


def itself(target: str, args: StrictModel) -> frozenset[str]:
    """What a fault takes down, or needs up, that is about its target."""
    return frozenset({target})


VOCABULARY = Vocabulary.of(
    [
        FaultKind(
            "vault-sealed",
            frozenset({"vault"}),
            NoArgs,
            summary="Vault is sealed.",
            holds=holding("seal"),
            takes_down=itself,
            needs_up=itself,
        ),
        FaultKind(
            "vault-hard-kill",
            frozenset({"vault"}),
            NoArgs,
            holds=holding("container", "seal"),
            takes_down=itself,
            needs_up=itself,
        ),
        FaultKind("policy-deleted", frozenset({"vault"}), NoArgs, holds=holding("policies"), needs_up=itself),
        FaultKind("vault-stopped", frozenset({"vault"}), NoArgs, holds=holding("container", "seal")),
        FaultKind("vault-slow", frozenset({"vault"}), NoArgs, longest=30.0),
        FaultKind("network-partition", frozenset({"vault"}), CutArgs, holds=cuts),
        FaultKind("token-revoked", frozenset({"vault"}), CutArgs, instant=True, needs_up=itself),
        FaultKind("vault-resealed", frozenset({"vault"}), NoArgs, instant=True, holds=holding("seal")),
        FaultKind("static-role-rotated", frozenset({"vault"}), RotateArgs, instant=True),
        FaultKind("idp-down-warm", frozenset({"idp"}), NoArgs),
        FaultKind("break-glass-opened", frozenset({"resource"}), OpenArgs, operator=True),
    ],
    [
        ExpectationKind("re_authenticates", WithinArgs),
        ExpectationKind("recovers_without_restart", NoArgs),
        ExpectationKind("fails_over", FailsOverArgs),
        ExpectationKind("no_stampede", CountArgs),
    ],
    [
        StopKind("any_workload_down_for", LimitAlone),
        StopKind("all_workloads_down_for", LimitAlone),
        StopKind("workload_down", DownArgs, "This workload is down for long."),
    ],
    [AwaitedKind(name, awaited.get(name).Args) for name in awaited.names()],
)

NAME = "vault-outage.scenario.yaml"
GOOD = """\
# yaml-language-server: $schema=../schemas/scenario-v1.schema.json
name: vault-outage
summary: Vault is sealed for 20 s while tokens live 60 s.
topology: lab.yaml
timeline:
  - at: 5s
    fault: vault-sealed
    on: vault
    for: 20s
expect:
  - workload: orders
    re_authenticates: {within: 10s, after: undo}
    recovers_without_restart: {}
    controls: [nist-800-53r5:CP-10, nist-csf-2.0:PR.IR-03]
  - workload: fragile
    re_authenticates: {within: 10s, after: undo}
    accepted_risk: {reason: logs in once, until: 2027-06-30}
stop_if:
  - any_workload_down_for: 120s
"""


@pytest.fixture
def vocabulary() -> Vocabulary:
    return VOCABULARY


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str | bytes], LoadedScenario]:
    """Loads a text as ``vault-outage.scenario.yaml``, next to an empty ``lab.yaml``."""
    (tmp_path / "lab.yaml").write_text("services: {}\n")

    def _load(text: str | bytes, name: str = NAME) -> LoadedScenario:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_scenario(path, VOCABULARY)

    return _load


@pytest.fixture
def errors_of(load: Callable[[str | bytes], LoadedScenario]) -> Callable[[str | bytes], list[str]]:
    """The lines an unusable text is answered with."""

    def _errors_of(text: str | bytes, name: str = NAME) -> list[str]:
        with pytest.raises(ScenarioError) as caught:
            load(text, name)
        return str(caught.value).splitlines()

    return _errors_of
