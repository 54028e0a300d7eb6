"""Judges a stored history and writes its reports. Needs no engine, no clock and no network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.checks.judge import judge
from harness.checks.judgement import Judgement
from harness.history.events import AnyEvent
from harness.history.index import History
from harness.history.reader import read_events
from harness.report.model import ReportInput
from harness.report.registry import write_reports
from harness.report.timeline import Timeline, TimelineBuilder
from harness.run.folder import RunFolder
from harness.scenario.claims import to_claims
from harness.scenario.loader import load_scenario
from harness.scenario.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Judged:
    """What one reading of a history yields."""

    judgement: Judgement
    timeline: Timeline


def judge_folder(folder: RunFolder) -> Judged:
    """Judge the run in *folder* by the copy of its scenario.

    Raises RunFolderError, HistoryError and ScenarioError for a folder that is not whole.
    """
    scenario = load_scenario(folder.scenario(), Vocabulary.installed(), topology_needed=False).scenario
    timeline = TimelineBuilder()

    def drawn_on_the_way() -> Iterator[AnyEvent]:
        # Decoding is most of the work with a long history, so it is done once.
        for event in read_events(folder.events):
            timeline.take(event)
            yield event

    history = History.from_events(drawn_on_the_way())
    return Judged(judge(history, to_claims(scenario)), timeline.finish())


def report_input(folder: RunFolder, judged: Judged) -> ReportInput:
    """What reports of the run in *folder* are made from."""
    return ReportInput(folder.read_info(), judged.judgement, judged.timeline)


def write_report(folder: RunFolder, judged: Judged) -> ReportInput:
    """Write every report of the run in *folder*, and return what they were made from."""
    made = report_input(folder, judged)
    write_reports(made, folder.path)
    return made
