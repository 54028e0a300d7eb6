"""What users and machines do wrong: every time a sentence that says what, where and what would be right."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import harness.lab.images
import harness.run.conductor
from harness.cli.main import cli as command_line
from harness.cli.main import guarded
from harness.history.events import StopTripped
from harness.history.reader import read_events
from harness.lab import bring_up
from harness.lab.engine import Engine
from harness.lab.images import resolve
from harness.lab.images.catalogue import FIXTURES, load_catalogue
from harness.report.summary import RunSummary, read_summary
from harness.run.ledger import outstanding
from tests.integration.support import Cli, Done, small_scenario, topology_with

pytestmark = pytest.mark.engine

FAIL, USAGE, INCONCLUSIVE, UNUSABLE = 1, 2, 3, 4
HEALTH = "import urllib.request as u; u.urlopen('http://vault:8200/v1/sys/health', timeout=1)"
NEEDS_VAULT = json.dumps(["python3", "-c", HEALTH])  # a probe command that fails with Vault


@pytest.fixture
def inside(cli: Cli, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The command line in this process, so that a test can put bad luck in its way."""
    monkeypatch.setenv("XDG_STATE_HOME", str(cli.state))
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str) -> Done:
        capfd.readouterr()
        code = guarded(lambda: command_line.main(args=list(arguments), prog_name="lockout", standalone_mode=False))
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return Done(code, said.out, said.err)

    return run


def only_run(cli: Cli) -> Path:
    (events,) = cli.runs.glob("*/events.jsonl")
    return events.parent


def summary_of(cli: Cli) -> RunSummary:
    return read_summary((only_run(cli) / "run.json").read_bytes())


def nothing_is_left(cli: Cli, engine: Engine) -> None:
    for events in cli.runs.glob("*/events.jsonl"):
        assert cli.left_of(events.parent.name, engine.client) == []


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


# ---- workloads


def test_workloads_that_never_become_ready(
    cli: Cli, engine: Engine, inside: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness.run.conductor, "STEADY_DEADLINE", 4.0)
    services = """
        quitter:
          image: python:3.11-slim-bookworm
          command: [python3, -c, "print('cannot find orders.toml'); raise SystemExit(3)"]
          x-lockout: {role: workload, probe: {tcp: {port: 9000}}}
        dreamer:
          image: python:3.11-slim-bookworm
          init: true
          command: [python3, -uc, "import time; print('waiting for the tides'); time.sleep(3600)"]
          x-lockout: {role: workload, probe: {http: {port: 8080}}}
    """
    scenario = small_scenario(cli.scenarios, topology=topology_with(cli.scenarios, services))
    done = inside("run", str(scenario), "--runs", str(cli.runs))
    assert done.code == INCONCLUSIVE
    for words in ("quitter", "exited (exit code 3)", "cannot find orders.toml"):
        assert words in done.text
    for words in ("dreamer", "its container is running", "waiting for the tides"):
        assert words in done.text
    nothing_is_left(cli, engine)
    (steady,) = [result for result in summary_of(cli).run_results if result.expectation == "steady_before"]
    assert steady.outcome == "inconclusive"
    assert "dreamer" in steady.summary
    assert "web" not in steady.summary


def test_a_service_that_others_wait_for_fails(cli: Cli, engine: Engine) -> None:
    services = """
        migration:
          image: python:3.11-slim-bookworm
          command: [python3, -c, "print('table exists already'); raise SystemExit(7)"]
        worker:
          image: python:3.11-slim-bookworm
          depends_on: {migration: {condition: service_completed_successfully}}
          command: [python3, -m, http.server, "8080"]
          x-lockout: {role: workload, probe: {http: {port: 8080}}}
    """
    scenario = small_scenario(cli.scenarios, topology=topology_with(cli.scenarios, services))
    done = cli.run("run", str(scenario), "--runs", str(cli.runs))
    assert done.code == UNUSABLE
    for words in ("migration", "exit code 7", "table exists already"):
        assert words in done.err
    nothing_is_left(cli, engine)


def test_a_workload_that_fails_its_claim_beside_the_users_own_system(
    cli: Cli, engine: Engine, taken: int, request: pytest.FixtureRequest
) -> None:
    """The files publish a port and name a container that exist already: those of the user's own running system."""
    name = f"lockout-test-{taken}"
    (image,) = resolve(["base-python"], "auto", engine).values()
    request.addfinalizer(engine.client.containers.create(image.ref, name=name).remove)
    services = f"""
        needy:
          image: python:3.11-slim-bookworm
          init: true
          container_name: {name}
          ports: ["127.0.0.1:{taken}:8080"]
          command: [python3, -m, http.server, "8080"]
          x-lockout: {{role: workload, probe: {{command: {NEEDS_VAULT}, timeout: 3s}}}}
    """
    claims = ["{workload: web, stays_available: {}}", "{workload: needy, stays_available: {}}"]
    topology = topology_with(cli.scenarios, services)
    more = "sampling: {every: 500ms}"
    scenario = small_scenario(cli.scenarios, topology=topology, lasts="3s", claims=claims, observe_for="4s", more=more)
    done = cli.run("run", str(scenario), "--runs", str(cli.runs))
    assert done.code == FAIL, done.text
    assert {part.workload: part.status for part in summary_of(cli).workloads} == {"web": "pass", "needy": "fail"}
    nothing_is_left(cli, engine)


def test_a_stop_condition_ends_the_run(cli: Cli, engine: Engine) -> None:
    services = f"""
        needy:
          image: python:3.11-slim-bookworm
          init: true
          command: [python3, -m, http.server, "8080"]
          x-lockout: {{role: workload, probe: {{command: {NEEDS_VAULT}, timeout: 3s}}}}
    """
    topology = topology_with(cli.scenarios, services)
    more = "sampling: {every: 500ms}\nstop_if:\n  - any_workload_down_for: 2s"
    claims = ["{workload: needy, stays_available: {}}"]
    scenario = small_scenario(cli.scenarios, topology=topology, claims=claims, more=more)
    done = cli.run("run", str(scenario), "--runs", str(cli.runs))
    assert done.code in (FAIL, INCONCLUSIVE), done.text
    assert [event for event in read_events(only_run(cli) / "events.jsonl") if isinstance(event, StopTripped)]
    summary = summary_of(cli)
    assert [fault.undo_verified for fault in summary.faults] == [True]
    assert [r.outcome for r in summary.run_results if r.expectation == "run_completed"] == ["inconclusive"]
    nothing_is_left(cli, engine)


# ---- the machine


def test_ports_that_are_always_taken(
    cli: Cli, engine: Engine, inside: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    free = bring_up.free_ports
    monkeypatch.setattr(bring_up, "free_ports", lambda count: (taken, *free(count - 1)))
    done = inside("run", str(small_scenario(cli.scenarios)), "--runs", str(cli.runs))
    assert done.code == UNUSABLE
    assert "a port is taken by something else" in done.err
    assert str(taken) in done.err
    nothing_is_left(cli, engine)


def test_a_port_that_is_taken_once(
    cli: Cli, engine: Engine, inside: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    free = bring_up.free_ports
    bad = [taken]
    monkeypatch.setattr(bring_up, "free_ports", lambda count: (bad.pop(), *free(count - 1)) if bad else free(count))
    before = {volume.name for volume in engine.client.volumes.list()}
    done = inside("run", str(small_scenario(cli.scenarios, lasts="1s")), "--runs", str(cli.runs))
    assert done.code == 0, done.text
    nothing_is_left(cli, engine)
    assert {volume.name for volume in engine.client.volumes.list()} <= before, "volumes without a label, too"


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit counts otherwise elsewhere")
def test_a_disk_that_is_full(cli: Cli, engine: Engine) -> None:
    # No file may grow beyond 8 kB: the history is full a few seconds after it began.
    prefix = ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh"]
    done = cli.run("run", str(small_scenario(cli.scenarios)), "--runs", str(cli.runs), prefix=prefix)
    assert done.code == UNUSABLE, done.text
    assert "events.jsonl" in done.err
    assert outstanding(only_run(cli) / "ledger.jsonl") == ()
    nothing_is_left(cli, engine)


@pytest.mark.parametrize("runs", ["/proc", "/proc/runs", "{home}/file/runs"])
def test_a_run_folder_that_cannot_be_written(cli: Cli, runs: str) -> None:
    (cli.runs / "file").write_text("")
    where = runs.format(home=cli.runs)
    done = cli.run("run", str(small_scenario(cli.scenarios)), "--runs", where)
    assert done.code == UNUSABLE
    assert where in done.err


@pytest.mark.parametrize(
    ("host", "why"),
    [("unix:///nowhere.sock", "no such socket"), ("tcp://127.0.0.1:1", "nothing answers"), ("nonsense", "nonsense")],
)
def test_an_engine_that_cannot_be_reached(cli: Cli, host: str, why: str) -> None:
    done = cli.run("run", str(small_scenario(cli.scenarios)), "--runs", str(cli.runs), DOCKER_HOST=host)
    assert done.code == UNUSABLE
    for words in ("DOCKER_HOST", host, why, "unset DOCKER_HOST"):
        assert words in done.err
    assert list(cli.runs.iterdir()) == []


def test_without_an_engine_the_other_commands_still_answer(cli: Cli) -> None:
    nowhere = "unix:///nowhere.sock"
    scenario = str(small_scenario(cli.scenarios))
    planned = cli.run("plan", scenario, DOCKER_HOST=nowhere)
    assert planned.code == 0, planned.text
    assert "vault-sealed" in planned.out
    assert "no container engine is reachable" in planned.out
    assert cli.run("validate", scenario, DOCKER_HOST=nowhere).code == 0
    assert cli.run("doctor", DOCKER_HOST=nowhere).code == UNUSABLE
    assert cli.run("gc", DOCKER_HOST=nowhere).code == 0
    assert cli.run("heal", DOCKER_HOST=nowhere).code == 0
    assert cli.run("images", "pki", DOCKER_HOST=nowhere).code == UNUSABLE


# ---- images


@pytest.fixture
def fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder that images are made from, in the place of the real one."""
    copy = tmp_path / "fixtures"
    shutil.copytree(FIXTURES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(harness.lab.images, "load_catalogue", lambda: load_catalogue(copy))
    return copy


def test_an_image_that_is_absent_and_may_not_be_made(
    cli: Cli, inside: Callable[..., Done], fixtures: Path, engine: Engine
) -> None:
    (fixtures / "pki" / "app" / "lab_pki" / "__init__.py").write_text('"""Changed."""\n')
    services = """
        authority: {image: lockout/pki, network_mode: none}
    """
    scenario = small_scenario(cli.scenarios, topology=topology_with(cli.scenarios, services))
    done = inside("run", str(scenario), "--runs", str(cli.runs), "--images", "present")
    assert done.code == UNUSABLE
    assert "image pki: it is not present" in done.err
    assert "--images" in done.err
    nothing_is_left(cli, engine)


def test_an_image_whose_requirements_cannot_be_installed(inside: Callable[..., Done], fixtures: Path) -> None:
    lock = fixtures / "pki" / "requirements.lock"
    lock.write_text("cryptography = = 1\n")
    done = inside("images", "pki")
    assert done.code == UNUSABLE
    assert "image pki" in done.err
    assert "Invalid requirement" in done.err, "the last lines of the log"
    assert "full log" in done.err
    assert [tag for tag in done.text.split() if tag.startswith("lockout/pki:")] == []


def test_an_image_whose_dockerfile_is_wrong(inside: Callable[..., Done], fixtures: Path) -> None:
    dockerfile = fixtures / "pki" / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text(encoding="utf-8") + "COPY not-there /x\n", encoding="utf-8")
    done = inside("images", "pki")
    assert done.code == UNUSABLE
    assert "image pki" in done.err
    assert "not-there" in done.err


def test_a_catalogue_of_images_that_is_wrong(inside: Callable[..., Done], fixtures: Path) -> None:
    (fixtures / "images.yaml").write_text("images: {pki: {bild: {}}}\n", encoding="utf-8")
    done = inside("images")
    assert done.code == UNUSABLE
    assert "images.yaml" in done.err
    assert "bild" in done.err


@pytest.mark.parametrize(
    ("image", "words"), [("lockout/no-such", "no-such"), ("127.0.0.1:1/nobody/nothing:1", "127.0.0.1:1")]
)
def test_an_image_that_nobody_has(cli: Cli, engine: Engine, image: str, words: str) -> None:
    services = f"stranger: {{image: '{image}'}}"
    scenario = small_scenario(cli.scenarios, topology=topology_with(cli.scenarios, services))
    done = cli.run("run", str(scenario), "--runs", str(cli.runs))
    assert done.code == UNUSABLE, done.text
    assert words in done.err
    nothing_is_left(cli, engine)


# ---- what users write

GOOD = """\
name: wrong
summary: For a test.
topology: {topology}
timeline:
  - {{at: 3s, fault: vault-sealed, on: vault, for: 8s}}
expect:
  - {{workload: web, stays_available: {{}}}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        (
            "fault: vault-sealed",
            "fault: vault-seeled",
            ":5:21: timeline.0.fault: unknown fault 'vault-seeled', ",
        ),
        ("for: 8s", "for: no", ":5:51: timeline.0.for: 'no' is not a duration"),
        ("at: 3s", "at: 012", ":5:10: timeline.0.at: '012' is not a duration"),
        ("on: vault", "on: vaul", "'vaul', did you mean 'vault'?"),
        ("workload: web", "workload: wep", "'wep', did you mean 'web'?"),
        ("summary: For a test.", "summary: one\nsummary: two", ":3:1: summary: duplicate key 'summary', first given"),
        ("expect:", "expect: [", "not valid YAML"),
        ("small.compose.yaml", "smal.compose.yaml", "smal.compose.yaml"),
        ("name: wrong", "name: right", "'right' differs from the file name; write 'wrong'"),
    ],
)
def test_a_scenario_with_a_mistake(cli: Cli, right: str, wrong: str, words: str) -> None:
    small = Path(__file__).with_name("small.compose.yaml")
    text = GOOD.format(topology=small)
    assert right in text
    path = cli.scenarios / "wrong.scenario.yaml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    for command in (["run", str(path), "--runs", str(cli.runs)], ["validate", str(path)]):
        done = cli.run(*command)
        assert done.code == USAGE
        assert words in done.err
        assert "wrong.scenario.yaml:" in done.err
    assert list(cli.runs.iterdir()) == []


def test_the_scenario_with_the_mistakes_put_right_is_right(cli: Cli) -> None:
    path = cli.scenarios / "wrong.scenario.yaml"
    path.write_text(GOOD.format(topology=Path(__file__).with_name("small.compose.yaml")), encoding="utf-8")
    assert cli.run("validate", str(path)).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "vault-outag"], "did you mean 'vault-outage'?"),
        (["run", "nothing-like-it"], "known: audience-mismatch"),
        (["run", "no/such.scenario.yaml"], "no such file"),
        (["run"], "Missing argument"),
        (["rum", "vault-outage"], "did you mean 'run'?"),
        (["run", "vault-outage", "--images", "magic"], "'magic' is not one of"),
        (["judge", "no-such-run"], "no run 'no-such-run'"),
        (["show", "no-such-run"], "no run 'no-such-run'"),
    ],
)
def test_a_command_with_a_mistake(cli: Cli, arguments: list[str], words: str) -> None:
    done = cli.run(*arguments, LOCKOUT_RUNS=str(cli.runs))
    assert done.code == USAGE
    assert words in done.err


def test_compose_files_that_compose_rejects(cli: Cli) -> None:
    services = "stranger: {image: x, prots: ['1:1']}"
    scenario = small_scenario(cli.scenarios, topology=topology_with(cli.scenarios, services))
    done = cli.run("run", str(scenario), "--runs", str(cli.runs))
    assert done.code == USAGE
    assert "prots" in done.err
    assert "with.compose.yaml" in done.err


def test_a_block_with_a_mistake(cli: Cli) -> None:
    services = "stranger: {image: x, x-lockout: {role: workloat}}"
    scenario = small_scenario(cli.scenarios, topology=topology_with(cli.scenarios, services))
    done = cli.run("validate", str(scenario), "--json")
    assert done.code == USAGE
    (problem,) = json.loads(done.out)["problems"]
    assert "workloat" in problem
    assert "'workload'" in problem
    assert "stranger" in problem
