"""The hash of the plan of every scenario in the catalogue, with a seed. Also a program: prints them as JSON.

Compose is not asked: roles and networks are not what could make a plan waver, so a topology is made up that has each
service that a scenario names.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from harness.plan.make import make_plan
from harness.plan.model import Plan
from harness.scenario.catalogue import scenario_files
from harness.scenario.loader import load_scenario
from harness.scenario.model import Scenario
from harness.scenario.vocabulary import Vocabulary
from harness.topology.model import Topology
from harness.topology.parse import parse_topology

ROOT = Path(__file__).parents[3]
SEED = 20_261_122


def scenarios() -> dict[str, Scenario]:
    vocabulary = Vocabulary.installed()
    loaded = [load_scenario(path, vocabulary) for path in scenario_files(ROOT / "scenarios")]
    return {one.scenario.name: one.scenario for one in loaded}


def topology_for(scenario: Scenario) -> Topology:
    workload = {"x-lockout": {"role": "workload", "probe": {"tcp": {"port": 1}}}}
    names = {claims.workload for claims in scenario.expect if claims.workload} | {step.on for step in scenario.timeline}
    return parse_topology({"services": dict.fromkeys(names, workload)}, [Path("made-up.yaml")])


def plan_of(scenario: Scenario) -> Plan:
    return make_plan(scenario, topology_for(scenario), SEED)


def hashes() -> dict[str, str]:
    return {name: plan_of(scenario).hash() for name, scenario in scenarios().items()}


if __name__ == "__main__":
    drawn = plan_of(next(iter(scenarios().values()))).rng("timeline.0").random()
    json.dump({"hashes": hashes(), "drawn": drawn}, sys.stdout)
