"""The stop lever, pulled while a fault is on: all is undone and removed, and nothing new is started."""

from __future__ import annotations

import json

import pytest

from harness.history.events import FaultObserved, FaultUndone, SteadyState
from harness.lab.engine import Engine
from harness.report.summary import read_summary
from harness.run.ledger import outstanding
from tests.integration.secrets_scan import Scanner
from tests.integration.support import Cli, processes_with, small_scenario

pytestmark = pytest.mark.engine
REASON = "incident 42 next door"


def test_the_lever_ends_a_run_and_refuses_the_next(cli: Cli, engine: Engine) -> None:
    first, second = small_scenario(cli.scenarios), small_scenario(cli.scenarios, name="second")
    live = cli.start(first, str(second))
    live.until_event(lambda event: isinstance(event, FaultObserved), "the fault bites")
    secrets = json.loads(cli.secrets_of(live.run).read_text(encoding="utf-8"))
    pulled = cli.run("stop", "--reason", REASON, "--wait")
    assert pulled.code == 0, pulled.text
    assert f"{live.run}: ends now" in pulled.out

    done = live.finish(30)
    assert done.code == 3, "inconclusive, as no claim had failed"
    assert REASON in done.text
    assert "1 of 2 scenarios were not run" in done.err
    ending = live.ending()
    assert ending is not None
    assert ending.ending == "stopped"
    assert REASON in ending.reason
    events = live.events()
    assert [event.verified for event in events if isinstance(event, FaultUndone)] == [True]
    assert [event.moment for event in events if isinstance(event, SteadyState)] == ["before", "after"]
    assert outstanding(live.folder.ledger) == ()
    summary = read_summary((live.folder.path / "run.json").read_bytes())
    assert summary.verdict == "inconclusive"
    [completed] = [result for result in summary.run_results if result.expectation == "run_completed"]
    assert REASON in completed.summary
    assert cli.left_of(live.run, engine.client) == []
    assert processes_with(cli.mark) == []

    refused = cli.run("run", str(first), "--runs", str(cli.runs / "refused"))
    assert refused.code == 4
    assert f"{REASON}\n" in refused.err
    assert "stop --release' releases it" in refused.err
    assert not (cli.runs / "refused").exists()
    assert "runs are refused: the stop lever is pulled" in cli.run("doctor").out
    assert cli.run("stop", "--release").code == 0
    assert "stop lever" not in cli.run("doctor").out

    # What was said on the way named no secret.
    scanner = Scanner(secrets.items())
    assert scanner.found_in(str(secrets).encode())
    assert scanner.found_in((pulled.text + done.text + refused.text).encode()) == []


def test_a_file_made_by_hand_ends_a_run_that_is_being_set_up(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    log = live.folder.path / "lab" / "compose.log"
    live.until(lambda: log.exists() and "Creat" in log.read_text(encoding="utf-8"), 60, "Compose is at work")
    lever = cli.state / "lockout" / "stop"
    lever.write_text("fire drill\n", encoding="utf-8")
    done = live.finish()
    assert done.code == 3, done.text
    ending = live.ending()
    assert ending is not None
    assert (ending.ending, ending.reason) == ("stopped", "the stop lever is pulled: fire drill")
    assert cli.left_of(live.run, engine.client) == []
    lever.unlink()
