"""Compares what runs found with what is stated: sensitivity, specificity, and every miss by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.report.summary import ResultPart, RunSummary
from tests.corpus.stated import Claim, Entry, Verdict, numbered


@dataclass(frozen=True, slots=True)
class Judged:
    """One stated claim, and what a run said of it. ``got`` is a verdict, ``inconclusive``, or ``no run``."""

    claim: Claim
    stated: Verdict
    got: str
    words: str = ""
    run: str = ""

    @property
    def right(self) -> bool:
        return self.got == self.stated

    @property
    def planted(self) -> bool:
        """Whether there is a mistake to be found."""
        return self.stated is Verdict.FAIL


@dataclass(frozen=True, slots=True)
class Score:
    """``beside`` are findings that nothing is stated about and that are not in order, in words."""

    judged: tuple[Judged, ...]
    beside: tuple[str, ...] = ()

    @property
    def planted(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.planted)

    @property
    def sound(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if not one.planted)

    @property
    def sensitivity(self) -> float:
        """The share of planted mistakes that were found."""
        return _share(self.planted)

    @property
    def specificity(self) -> float:
        """The share of sound claims that were not accused, nor left open."""
        return _share(self.sound)

    @property
    def misses(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if not one.right)

    @property
    def perfect(self) -> bool:
        return bool(self.judged) and not self.misses and not self.beside


def _share(judged: tuple[Judged, ...]) -> float:
    return sum(one.right for one in judged) / len(judged) if judged else 1.0


def score(corpus: Mapping[str, Entry], wanted: Iterable[str], summaries: Iterable[RunSummary]) -> Score:
    """Judge one run of each *wanted* scenario. One that gave no summary is wrong about everything."""
    runs = {summary.scenario: summary for summary in summaries}
    judged: list[Judged] = []
    beside: list[str] = []
    for name in wanted:
        entry, run = corpus[name], runs.get(name)
        if run is None:
            judged += [Judged(claim, stated, "no run") for claim, stated in entry.verdicts.items()]
            continue
        claims = numbered(name, [(result.workload, result.expectation) for result in run.results])
        found = dict(zip(claims, run.results, strict=True))
        for claim, stated in entry.verdicts.items():
            result = found.pop(claim, None)
            if result is None:
                judged.append(Judged(claim, stated, "no run", "the run says nothing of it", run.run))
            else:
                judged.append(Judged(claim, stated, got(result), result.summary, run.run))
        beside += [f"{claim}: {got(result)}, and nothing is stated ({run.run})" for claim, result in found.items()]
        beside += [
            f"{name}: {result.expectation} of the run: {result.outcome}: {result.summary} ({run.run})"
            for result in run.run_results
            if result.outcome != "pass"
        ]
    return Score(tuple(judged), tuple(beside))


def got(result: ResultPart) -> str:
    """The verdict itself, without what somebody accepts."""
    return str(Verdict.DEGRADED) if result.status == "degraded" else result.outcome
