"""However a run ends, what it did is taken back and nothing is left; after SIGKILL, ``lockout heal`` does that."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness.history.events import FaultInjected, FaultObserved, FaultUndone, ServiceReady
from harness.lab.containers import RUN_LABEL, SERVICE_LABEL
from harness.lab.engine import Engine
from harness.lab.store import file_lock
from harness.lab.waiting import wait_for
from harness.report.summary import read_summary
from harness.run.healing import leftover_runs
from harness.run.ledger import outstanding
from harness.run.open_runs import mark_open
from tests.integration.relay import Relay
from tests.integration.support import Cli, LiveRun, objects_of, processes_with, small_scenario

pytestmark = pytest.mark.engine

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
NOTHING = "nothing to heal"


def state_of(engine: Engine, run: str, service: str) -> str:
    labels = [f"{RUN_LABEL}={run}", f"{SERVICE_LABEL}={service}"]
    found = engine.client.containers.list(all=True, filters={"label": labels})
    return found[0].status if found else "missing"


def until_compose_is_at_work(live: LiveRun) -> None:
    """Containers, networks and volumes are just being made."""
    log = live.folder.path / "lab" / "compose.log"
    live.until(lambda: log.exists() and "Creat" in log.read_text(encoding="utf-8"), 60, "Compose is at work")


def until_half_set_up(live: LiveRun) -> None:
    live.until_event(lambda event: isinstance(event, ServiceReady), "a service is ready")


def until_observed(live: LiveRun) -> None:
    live.until_event(lambda event: isinstance(event, FaultObserved), "the fault bites")


def nothing_is_left(cli: Cli, live: LiveRun, engine: Engine) -> None:
    assert cli.left_of(live.run, engine.client) == []
    assert processes_with(cli.mark) == []


def faults_are_undone(live: LiveRun) -> None:
    """Whatever was injected was seen to be undone, and the ledger knows."""
    events = live.events()
    injected = {event.fault_id for event in events if isinstance(event, FaultInjected)}
    undone = {event.fault_id for event in events if isinstance(event, FaultUndone) and event.verified}
    assert undone >= injected
    assert outstanding(live.folder.ledger) == ()


# ---- signals


def test_a_signal_while_containers_are_made(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    until_compose_is_at_work(live)
    live.signal(INT)
    assert live.finish().code == 130
    nothing_is_left(cli, live, engine)
    ending = live.ending()
    assert ending is not None
    assert (ending.ending, ending.reason) == ("interrupted", "SIGINT")


def test_a_signal_while_waiting_for_another_run(cli: Cli, engine: Engine) -> None:
    with file_lock(cli.state / "lockout" / "bring-up.lock"):
        live = cli.start(small_scenario(cli.scenarios))
        live.until(lambda: "another run" in live.text, 60, "it waits")
        live.signal(INT)
        assert live.finish(20).code == 130
    nothing_is_left(cli, live, engine)


def test_a_signal_while_the_lab_is_set_up(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    live.until_phase("setup")
    until_compose_is_at_work(live)
    live.until(lambda: state_of(engine, live.run, "vault") == "running", 60, "Vault runs")
    live.signal(TERM)
    assert live.finish().code == 130
    nothing_is_left(cli, live, engine)


def test_a_signal_during_the_baseline(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios, at="60s"))
    live.until_phase("baseline")
    live.signal(HUP)
    assert live.finish().code == 130
    nothing_is_left(cli, live, engine)
    assert not [event for event in live.events() if isinstance(event, FaultInjected)]


@pytest.mark.parametrize(
    ("number", "fault"),
    [(INT, "vault-sealed"), (TERM, "vault-paused"), (HUP, "vault-hard-kill")],
    ids=["SIGINT-sealed", "SIGTERM-paused", "SIGHUP-killed"],
)
def test_a_signal_while_a_fault_is_on(cli: Cli, engine: Engine, number: signal.Signals, fault: str) -> None:
    live = cli.start(small_scenario(cli.scenarios, fault=fault))
    until_observed(live)
    live.signal(number)
    done = live.finish()
    assert done.code == 130
    assert "every fault is undone" in done.err
    nothing_is_left(cli, live, engine)
    faults_are_undone(live)
    undone = [event for event in live.events() if isinstance(event, FaultUndone)]
    assert [event.verified for event in undone] == [True]
    assert undone[0].evidence
    # Evidence was gathered, but this is no pass.
    assert cli.run("judge", str(live.folder.path)).code == 3
    assert read_summary((live.folder.path / "run.json").read_bytes()).verdict == "inconclusive"


def test_a_signal_right_after_the_order_to_inject(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios, fault="vault-stopped"))
    live.until_phase("fault")
    live.signal(INT)
    assert live.finish().code == 130
    nothing_is_left(cli, live, engine)
    faults_are_undone(live)


def test_a_signal_during_recovery(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios, lasts="1s", observe_for="60s"))
    live.until_phase("recovery")
    live.signal(TERM)
    assert live.finish().code == 130
    nothing_is_left(cli, live, engine)
    faults_are_undone(live)


def test_an_impatient_user_does_no_harm(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    until_observed(live)
    for phase in ("undo", "verify", "teardown"):
        live.signal(INT)
        live.until_phase(phase)
    # From here on all the time until it has ended.
    while wait_for(lambda: live.process.poll() is not None, 0.1) is None:
        live.signal(INT)
        live.signal(TERM)
    assert live.finish().code == 130
    nothing_is_left(cli, live, engine)
    faults_are_undone(live)


# ---- SIGKILL


def test_heal_after_sigkill_while_a_fault_is_on(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    until_observed(live)
    live.kill()
    assert objects_of(live.run, engine.client)
    assert [one.fault for one in outstanding(live.folder.ledger)] == ["vault-sealed"]

    for command in (["list"], ["doctor"], ["list", "--json"]):
        done = cli.run(*command)
        assert "lockout heal" in done.err
        assert live.run in done.err
        assert command[0] == "doctor" or "heal" not in done.out

    healed = cli.run("heal")
    assert healed.code == 0, healed.text
    assert "undone: vault-sealed on vault" in healed.out
    nothing_is_left(cli, live, engine)
    assert outstanding(live.folder.ledger) == ()

    again = cli.run("heal")
    assert again.code == 0
    assert NOTHING in again.out
    assert "lockout heal" not in cli.run("list").err


@pytest.mark.parametrize("fault", ["vault-paused", "vault-stopped"])
def test_heal_for_machines(cli: Cli, engine: Engine, fault: str) -> None:
    live = cli.start(small_scenario(cli.scenarios, fault=fault))
    until_observed(live)
    assert json.loads(cli.run("heal", "--json").out) == [], "a run that is going on is left alone"
    assert live.process.poll() is None
    live.kill()
    healed = cli.run("heal", "--json")
    assert healed.code == 0, healed.text
    assert json.loads(healed.out) == [
        {"run": live.run, "undone": [f"{fault} on vault"], "failed": [], "left": [], "healed": True}
    ]
    nothing_is_left(cli, live, engine)


@pytest.mark.parametrize("moment", [until_compose_is_at_work, until_half_set_up], ids=["containers", "provisioning"])
def test_heal_after_sigkill_during_set_up(cli: Cli, engine: Engine, moment: object) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    assert callable(moment)
    moment(live)
    live.kill()
    healed = cli.run("heal")
    assert healed.code == 0, healed.text
    # What the dead run had started may have been at work still; it has nobody left to work for.
    assert wait_for(lambda: not processes_with(cli.mark), 10)
    nothing_is_left(cli, live, engine)


@contextmanager
def everybody_else_is_alive(cli: Cli, engine: Engine, own: str) -> Iterator[None]:
    """Other runs on this engine, of whoever, are none of our business: for a while they count as going on."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(cli.state)
    try:
        with ExitStack() as marks:
            for run in leftover_runs(engine.client):
                if run != own:
                    marks.enter_context(mark_open(run, cli.runs))
            yield
    finally:
        os.environ.pop("XDG_STATE_HOME")
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before


def test_gc_after_sigkill(cli: Cli, engine: Engine) -> None:
    live = cli.start(small_scenario(cli.scenarios, fault="vault-paused"))
    until_observed(live)
    with everybody_else_is_alive(cli, engine, live.run):
        assert f"{live.run}: still going on, left alone" in cli.run("gc").out
        assert state_of(engine, live.run, "vault") == "paused"
        live.kill()
        done = cli.run("gc")
    assert done.code == 0, done.text
    assert f"{live.run}: " in done.out
    nothing_is_left(cli, live, engine)
    assert NOTHING in cli.run("heal").out


# ---- kept labs


def test_a_kept_lab_stays_until_gc(cli: Cli, engine: Engine) -> None:
    scenario = small_scenario(cli.scenarios, lasts="1s", observe_for="1s")
    live = cli.start(scenario, "--keep")
    done = live.finish()
    assert done.code == 0, done.text
    assert state_of(engine, live.run, "vault") == "running"
    assert state_of(engine, live.run, "web") == "running"
    faults_are_undone(live)
    # It is no accident: nobody is alarmed, and nobody removes it in passing.
    assert "killed" not in cli.run("list").err
    assert NOTHING in cli.run("heal").out
    assert state_of(engine, live.run, "web") == "running"

    with everybody_else_is_alive(cli, engine, live.run):
        removed = cli.run("gc")
    assert removed.code == 0, removed.text
    nothing_is_left(cli, live, engine)


# ---- the engine


@pytest.mark.parametrize("fault", ["vault-sealed", "vault-paused"])
def test_an_engine_that_is_lost_makes_the_run_inconclusive(
    cli: Cli, engine: Engine, tmp_path_factory: pytest.TempPathFactory, fault: str
) -> None:
    # Socket paths may have 100 characters only.
    relay = Relay(engine.host, tmp_path_factory.mktemp("r") / "s")
    live = cli.start(small_scenario(cli.scenarios, fault=fault), DOCKER_HOST=relay.host)
    until_observed(live)
    relay.cut()
    done = live.finish()
    assert done.code == 3, done.text
    assert "engine" in done.text
    summary = read_summary((live.folder.path / "run.json").read_bytes())
    assert summary.verdict == "inconclusive"
    assert {r.expectation for r in summary.run_results if r.outcome == "inconclusive"} >= {"engine_held"}
    assert "left behind" in done.err

    assert "lockout heal" in cli.run("list").err
    healed = cli.run("heal")
    assert healed.code == 0, healed.text
    nothing_is_left(cli, live, engine)


def test_an_engine_that_is_lost_during_set_up(
    cli: Cli, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    relay = Relay(engine.host, tmp_path_factory.mktemp("r") / "s")
    live = cli.start(small_scenario(cli.scenarios), DOCKER_HOST=relay.host)
    until_compose_is_at_work(live)
    relay.cut()
    done = live.finish()
    assert done.code in (3, 4), done.text  # inconclusive, or not even begun
    assert "engine" in done.text
    assert cli.run("heal").code == 0
    nothing_is_left(cli, live, engine)


def test_a_run_whose_folder_was_removed_can_still_be_cleaned_up(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    live = cli.start(small_scenario(cli.scenarios))
    until_observed(live)
    live.kill()
    live.folder.path.rename(tmp_path / "elsewhere")
    healed = cli.run("heal")
    assert healed.code in (0, 1), healed.text
    nothing_is_left(cli, live, engine)
