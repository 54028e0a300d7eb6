"""Compares the corpus with the scenarios there are: nothing may be missing on either side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.scenario.catalogue import find_scenarios
from harness.scenario.document import read_document
from tests.corpus.stated import THE_RUN, Claim, Entry, Verdict, numbered

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
NO_EXPECTATIONS = frozenset({"workload", "accepted_risk", "controls"})


@dataclass(frozen=True, slots=True)
class Known:
    """One scenario of the catalogue, as far as the corpus is concerned; ``accepted`` are the risks that it accepts."""

    name: str
    group: str
    path: Path
    claims: tuple[Claim, ...]
    accepted: frozenset[Claim]


def known_scenarios(root: Path = SCENARIOS) -> dict[str, Known]:
    """All scenarios below *root*, read without judging them: that is what ``lockout validate`` is for."""
    found = {}
    for entry in find_scenarios(root):
        blocks = read_document(entry.path).data.get("expect")
        pairs: list[tuple[str, str]] = []
        accepted: list[bool] = []
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, dict):
                own = [(str(block.get("workload", "")), name) for name in block if name not in NO_EXPECTATIONS]
                pairs += own
                accepted += ["accepted_risk" in block] * len(own)
        claims = numbered(entry.name, pairs)
        risks = frozenset(claim for claim, is_risk in zip(claims, accepted, strict=True) if is_risk)
        found[entry.name] = Known(entry.name, entry.group, entry.path, claims, risks)
    return found


def differences(known: Mapping[str, Known], corpus: Mapping[str, Entry]) -> tuple[str, ...]:
    """One sentence for everything that stands on one side only, or in the wrong file."""
    said = []
    for name, scenario in sorted(known.items()):
        entry = corpus.get(name)
        if entry is None:
            said.append(f"{name}: no verdicts stated; add them to tests/corpus/verdicts/{scenario.group}.yaml")
            continue
        if entry.group != scenario.group:
            said.append(f"{name}: stands in {entry.group}.yaml, and its scenario in scenarios/{scenario.group}")
        said += [f"{claim}: no verdict stated" for claim in scenario.claims if claim not in entry.verdicts]
        said += [f"{claim}: a verdict, and no such claim" for claim in entry.verdicts if claim not in scenario.claims]
    said += [f"{name}: verdicts, and no such scenario" for name in sorted(corpus.keys() - known.keys())]
    return tuple(said)


def lopsided(corpus: Mapping[str, Entry], excused: Mapping[str, str]) -> tuple[str, ...]:
    """Scenarios that lack a workload that passes all of its claims, or one that fails a claim; and idle excuses."""
    said = []
    for name, entry in sorted(corpus.items()):
        failing = {claim.workload for claim, verdict in entry.verdicts.items() if verdict is Verdict.FAIL}
        lacks = []
        if {claim.workload for claim in entry.verdicts} <= failing:
            lacks.append("no workload is resilient (all its claims hold)")
        if not failing:
            lacks.append("no workload is fragile (a claim fails)")
        if lacks and name not in excused:
            said.append(f"{name}: {' and '.join(lacks)}; give it one, or a reason in tests/corpus/one_sided.yaml")
        if not lacks and name in excused:
            said.append(f"{name}: has both sides, and needs no excuse in tests/corpus/one_sided.yaml")
    said += [f"{name}: excused, and no such scenario" for name in sorted(excused.keys() - corpus.keys())]
    return tuple(said)


def contradictions(known: Mapping[str, Known], corpus: Mapping[str, Entry]) -> tuple[str, ...]:
    """Where a scenario and the corpus, written apart from each other, do not say the same of a workload."""
    said = []
    for name, entry in sorted(corpus.items()):
        if name not in known:
            continue
        for claim, verdict in entry.verdicts.items():
            if verdict is Verdict.FAIL and claim not in known[name].accepted:
                said.append(f"{claim}: fails, and the scenario accepts no such risk")
            if verdict is not Verdict.FAIL and claim in known[name].accepted:
                said.append(f"{claim}: holds, and the scenario accepts that it fails")
    return tuple(said)


def stub(scenario: Known) -> str:
    """An entry to be filled in, with TODO for each verdict."""
    lines = [f"{scenario.name}:"]
    for workload in dict.fromkeys(claim.workload for claim in scenario.claims):
        lines.append(f"  {workload or THE_RUN}:")
        own = [claim.expectation for claim in scenario.claims if claim.workload == workload]
        for name in dict.fromkeys(own):
            asked = ["TODO"] * own.count(name)
            lines.append(f"    {name}: " + (asked[0] if len(asked) == 1 else f"[{', '.join(asked)}]"))
    return "\n".join(lines)
