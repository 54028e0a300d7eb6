"""From a scenario's name to a plan: everything that is decided before anything is started."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.lab.plugins import Compose
from harness.lab.project import Project
from harness.plan.make import make_plan
from harness.plan.model import Plan
from harness.scenario.crosscheck import cross_check
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.problems import ScenarioError
from harness.scenario.vocabulary import Vocabulary
from harness.topology.compose_output import parse_config
from harness.topology.model import Topology

SEED_BITS = 32


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario that fits its topology, and the plan made of both."""

    loaded: LoadedScenario
    config: str  # Compose's merged YAML
    topology: Topology
    services: frozenset[str]
    plan: Plan


def read_topology(files: tuple[Path, ...], compose: Compose, environ: Mapping[str, str]) -> tuple[str, Topology]:
    """What Compose makes of *files*, with *environ* for interpolation, and the topology in it.

    Raises TopologyError and ComposeRefused.
    """
    config = Project(compose, "lockout-plan", files, environ, {}).config()
    return config, parse_config(config, files)


def prepare(path: Path, compose: Compose, seed: int | None = None) -> Prepared:
    """Read the scenario in *path* and its topology, and plan the run. Starts nothing, needs no engine.

    Raises ScenarioError, TopologyError and ComposeRefused, each with all it found and where.
    """
    vocabulary = Vocabulary.installed()
    loaded = load_scenario(path, vocabulary)
    scenario = loaded.scenario
    config, topology = read_topology(loaded.topology_files, compose, scenario.env)
    if problems := cross_check(loaded, topology, vocabulary):
        raise ScenarioError(problems)
    if seed is None:
        seed = scenario.seed if scenario.seed is not None else secrets.randbits(SEED_BITS)
    plan = make_plan(scenario, topology, seed, vocabulary.faults)
    return Prepared(loaded, config, topology, topology.started_with(scenario.services), plan)
