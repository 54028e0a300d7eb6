"""The stated verdicts as data, read strictly from their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.scenario.document import read_document

VERDICTS = Path(__file__).with_name("verdicts")
ONE_SIDED = Path(__file__).with_name("one_sided.yaml")
THE_RUN = "the run"
"""Stands where a workload would, above claims about the run as a whole. No service can be called that."""


class Verdict(StrEnum):
    """Whether a claim holds, whoever accepts what. There is no right *inconclusive*."""

    PASS = "pass"
    DEGRADED = "degraded"  # it holds, but only through break-glass
    FAIL = "fail"


class CorpusError(Exception):
    """A file of the corpus says something that cannot be; the message names the place."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One expectation about one workload. ``number`` counts claims of the same kind about it, in the file's order."""

    scenario: str
    workload: str  # empty: about the run as a whole
    expectation: str
    number: int = 1

    def __str__(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.scenario}: {self.workload or THE_RUN} {self.expectation}{again}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stated about one scenario; ``group`` is the file it stands in."""

    scenario: str
    group: str
    verdicts: Mapping[Claim, Verdict]


def numbered(scenario: str, pairs: Sequence[tuple[str, str]]) -> tuple[Claim, ...]:
    """The claims for (workload, expectation) *pairs*, in that order."""
    return tuple(
        Claim(scenario, workload, expectation, pairs[: index + 1].count((workload, expectation)))
        for index, (workload, expectation) in enumerate(pairs)
    )


def read_corpus(folder: Path = VERDICTS) -> dict[str, Entry]:
    """All entries by the name of their scenario. Raises CorpusError, and ScenarioError for what is no YAML."""
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.yaml")):
        for scenario, workloads in read_document(path).data.items():
            if scenario in entries:
                raise CorpusError(f"{path.name}: {scenario} stands in {entries[scenario].group}.yaml, too")
            said = list(_said(f"{path.name}: {scenario}", workloads))
            claims = numbered(scenario, [(workload, expectation) for workload, expectation, _ in said])
            verdicts = {claim: verdict for claim, (_, _, verdict) in zip(claims, said, strict=True)}
            entries[scenario] = Entry(scenario, path.stem, verdicts)
    return entries


def _said(place: str, workloads: object) -> Iterator[tuple[str, str, Verdict]]:
    if not isinstance(workloads, dict) or not workloads:
        raise CorpusError(f"{place}: expected workloads, each with its expectations")
    for workload, expectations in workloads.items():
        if not isinstance(expectations, dict) or not expectations:
            raise CorpusError(f"{place}: {workload}: expected expectations, each with a verdict")
        for expectation, words in expectations.items():
            for word in words if isinstance(words, list) else [words]:
                if word not in tuple(Verdict):
                    known = ", ".join(Verdict)
                    raise CorpusError(f"{place}: {workload}: {expectation}: {word!r} is no verdict; expected {known}")
                yield "" if workload == THE_RUN else workload, expectation, Verdict(str(word))


def read_one_sided(path: Path = ONE_SIDED) -> dict[str, str]:
    """Why a scenario has no resilient or no fragile side, by its name."""
    found = read_document(path).data
    for scenario, reason in found.items():
        if not isinstance(reason, str) or len(reason) < 20:
            raise CorpusError(f"{path.name}: {scenario}: expected the reason, in a sentence")
    return {scenario: str(reason) for scenario, reason in found.items()}
