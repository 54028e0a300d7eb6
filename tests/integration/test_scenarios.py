"""The scenarios that lockout comes with, through the command line, on a real Vault: both sides in one green run."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.checks.verdict import Outcome
from harness.history.events import FaultObserved, FaultUndone, PhaseEntered, RunStarted, Sample
from harness.history.reader import read_events
from harness.lab.engine import Engine
from harness.lab.plugins import Compose
from harness.report.summary import RunSummary, read_summary
from harness.run.folder import RunFolder
from harness.run.judging import judge_folder
from harness.run.ledger import outstanding
from harness.scenario.catalogue import SUFFIX, scenario_files
from harness.scenario.loader import load_scenario
from harness.scenario.model import Scenario
from harness.scenario.order import spans
from harness.scenario.vocabulary import Vocabulary
from tests.integration.conftest import clear
from tests.integration.parts import a_part
from tests.integration.support import ROOT, Cli, Done, files_of, processes_with, shapes_in

LONG = 3600.0  # seconds for all of them together

FILES = {path.name.removesuffix(SUFFIX): path for path in scenario_files(ROOT / "scenarios")}
PARTS = 4  # the whole catalogue takes half an hour
pytestmark = [pytest.mark.engine, pytest.mark.parametrize("name", a_part(sorted(FILES), PARTS))]


@dataclass(frozen=True)
class Ran:
    scenario: Scenario
    cli: Cli
    done: Done
    folder: RunFolder
    summary: RunSummary


def scenario(name: str) -> Scenario:
    return load_scenario(FILES[name], Vocabulary.installed(), topology_needed=False).scenario


def workloads_of(known: Scenario) -> set[str]:
    """Those with claims about them."""
    return {claims.workload for claims in known.expect if claims.workload}


def length(known: Scenario) -> float:
    """Seconds from the first look at the clock to the end of the observation, at the least."""
    return max(span.ends for span in spans(known.timeline)) + known.observe_for


def run_all(names: Collection[str], home: Path) -> tuple[Cli, Mapping[str, Ran]]:
    """All of them in one command, as a night's run does it, so that those of one topology share a lab."""
    cli = Cli(home)
    runs = cli.runs / "of"
    done = cli.run("run", *(str(FILES[name]) for name in names), "--json", "--runs", str(runs), timeout=LONG)
    found = [RunFolder(path) for path in sorted(runs.iterdir())] if runs.is_dir() else []
    # A run that was made once more, in a new lab, leaves the evidence of its first attempt, which nobody judged.
    judged = [(folder, folder.path / "run.json") for folder in found if (folder.path / "run.json").exists()]
    summaries = [(folder, read_summary(path.read_bytes())) for folder, path in judged]
    ran = {one.scenario: Ran(scenario(one.scenario), cli, done, folder, one) for folder, one in summaries}
    assert ran.keys() == set(names), done.text
    return cli, ran


@pytest.fixture(scope="module")
def all_runs(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    engine: Engine,
    compose: Compose,
    images_present: None,
) -> Iterator[Mapping[str, Ran]]:
    """Runs of the scenarios that are selected."""
    items = [
        item for item in request.session.items if isinstance(item, pytest.Function) and item.path == Path(__file__)
    ]
    wanted = sorted({item.callspec.params["name"] for item in items})
    cli, ran = run_all(wanted, tmp_path_factory.mktemp("scenarios"))
    yield ran
    clear(cli, engine)


@pytest.fixture
def ran(name: str, all_runs: Mapping[str, Ran]) -> Ran:
    return all_runs[name]


def test_the_run_is_green(ran: Ran) -> None:
    shown = [
        f"{r.workload} {r.expectation}: {r.status}: {r.summary}"
        for r in (*ran.summary.results, *ran.summary.run_results)
    ]
    assert ran.summary.verdict == "pass", "\n".join([ran.done.err, *shown])
    assert {result.outcome for result in ran.summary.run_results} == {"pass"}
    printed = json.loads(ran.done.out)
    written = json.loads((ran.folder.path / "run.json").read_text(encoding="utf-8"))
    assert written in (printed if isinstance(printed, list) else [printed])


def test_resilient_workloads_pass_and_accepted_risks_are_real(ran: Ran) -> None:
    assert workloads_of(ran.scenario) == {part.workload for part in ran.summary.workloads}
    expected = sum(len(claims.expectations) for claims in ran.scenario.expect)
    assert len(ran.summary.results) == expected
    for result in ran.summary.results:
        wanted = {"pass", "degraded"} if result.accepted_risk is None else {"accepted"}
        assert result.status in wanted, f"{result.workload} {result.expectation}: {result.status}: {result.summary}"
        assert result.outcome == ("pass" if result.accepted_risk is None else "fail")
    sides = {result.accepted_risk is None for result in ran.summary.results}
    assert sides == {True, False}, "a reader is to see both a resilient and a fragile workload"


def test_every_fault_bites_and_is_seen_to_be_undone(ran: Ran) -> None:
    assert [fault.fault for fault in ran.summary.faults] == [step.name for step in ran.scenario.timeline]
    for fault in ran.summary.faults:
        assert fault.injected is not None
        assert fault.observed is not None
        assert fault.undone is not None
        assert fault.injecting <= fault.injected <= fault.observed <= fault.undone
        assert fault.undo_verified
    events = list(read_events(ran.folder.events))
    assert all(event.evidence for event in events if isinstance(event, FaultObserved | FaultUndone))
    assert outstanding(ran.folder.ledger) == ()


def test_the_history_has_all_phases_and_samples_at_the_rate_asked_for(ran: Ran) -> None:
    events = list(read_events(ran.folder.events))
    phases = [event.phase for event in events if isinstance(event, PhaseEntered)]
    assert phases[:3] == ["setup", "baseline", "fault"]
    assert phases[-3:] == ["recovery", "verify", "teardown"]
    every = ran.scenario.sampling.every
    for workload in workloads_of(ran.scenario):
        times = sorted(event.t for event in events if isinstance(event, Sample) and event.workload == workload)
        assert times[-1] - times[0] >= length(ran.scenario)
        # Half of what is asked for would show in every measured time; a busy machine may miss a few.
        assert len(times) >= 0.9 * (times[-1] - times[0]) / every, f"{workload}: {len(times)} samples"


def test_the_run_folder_is_whole(ran: Ran) -> None:
    path = ran.folder.path
    for name in ("events.jsonl", "run.json", "ledger.jsonl", "info.json", "report.html", "junit.xml"):
        assert (path / name).stat().st_size > 0, name
    logs = {entry.stem for entry in (path / "logs").glob("*.log")}
    workloads = workloads_of(ran.scenario)
    assert workloads | {step.on for step in ran.scenario.timeline} <= logs
    assert all((path / "logs" / f"{name}.log").stat().st_size > 0 for name in workloads)
    suites = ElementTree.parse(path / "junit.xml").getroot()
    cases = list(suites.iter("testcase"))
    assert len(cases) >= len(ran.summary.results)
    assert [case for case in cases if case.find("failure") is not None or case.find("error") is not None] == []
    html = (path / "report.html").read_text(encoding="utf-8")
    assert "<svg" in html
    assert "<script" not in html
    assert ran.summary.run in html


def test_judging_the_stored_history_again_gives_the_same(ran: Ran) -> None:
    again = judge_folder(ran.folder).judgement
    assert again.outcome is Outcome.PASS
    assert [(r.workload, r.expectation, r.status.value, r.finding.summary) for r in again.results] == [
        (r.workload, r.expectation, r.status, r.summary) for r in ran.summary.results
    ]


def test_nothing_stays_behind(ran: Ran, engine: Engine) -> None:
    started = next(event for event in read_events(ran.folder.events) if isinstance(event, RunStarted))
    assert ran.cli.left_of(started.lab, engine.client) == []
    assert processes_with(ran.cli.mark) == []


def test_nothing_in_the_run_folder_looks_like_a_secret(ran: Ran) -> None:
    files = list(files_of(ran.folder.path))
    assert len(files) > 10
    assert {path.name: found for path, data in files if (found := shapes_in(data))} == {}
    assert shapes_in(ran.done.text.encode()) == []
