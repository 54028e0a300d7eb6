"""The entry point: commands by file, and for everything a user can cause a sentence and an exit code."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import harness
import harness.cli.commands
from harness.cli.main import CommandFolder, cli, guarded
from harness.faults.ports import FaultNotPossible
from harness.history.reader import HistoryError
from harness.lab.containers import EngineGone
from harness.lab.errors import EnvironmentUnusable
from harness.lab.project import ComposeRefused
from harness.run.folder import RunFolderError
from harness.scenario.catalogue import UnknownScenarioError
from harness.scenario.problems import Problem, ScenarioError, TopologyError

ROOT = Path(__file__).parents[3]
COMMANDS = sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(harness.cli.commands.__path__))


def lockout(*args: str) -> int:
    """The exit code of the command line, in this process."""
    return guarded(lambda: cli.main(list(args), prog_name="lockout", standalone_mode=False))


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from the clone, from its runs, and from those of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("LOCKOUT_SCENARIOS", "LOCKOUT_RUNS", "LOCKOUT_IMAGES"):
        monkeypatch.delenv(name, raising=False)


def raises(error: BaseException) -> Callable[[], object]:
    def run() -> object:
        raise error

    return run


PROBLEM = Problem(Path("a.scenario.yaml"), 3, 5, "timeline.0.fault", "unknown fault 'vault-seeled'")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (click.UsageError("no such option"), 2, "no such option"),
        (click.BadParameter("not a number", param_hint="--seed"), 2, "not a number"),
        (ScenarioError([PROBLEM]), 2, "a.scenario.yaml:3:5: timeline.0.fault: unknown fault 'vault-seeled'"),
        (TopologyError([PROBLEM]), 2, "a.scenario.yaml:3:5"),
        (UnknownScenarioError("unknown scenario 'x'"), 2, "unknown scenario 'x'"),
        (RunFolderError("no run 'x'"), 2, "no run 'x'"),
        (HistoryError(Path("events.jsonl"), 7, "not an event"), 2, "events.jsonl:7: not an event"),
        (ComposeRefused("docker compose rejects a.yaml: b"), 2, "docker compose rejects a.yaml: b"),
        (EnvironmentUnusable("no engine", ("start one",)), 4, "no engine\n  - start one"),
        (EngineGone("the container engine does not answer"), 4, "the container engine does not answer"),
        (FaultNotPossible("no proxy"), 4, "no proxy"),
        (PermissionError(13, "Permission denied", "/runs/x"), 4, "/runs/x"),
        (FileNotFoundError(2, "No such file or directory", "gone.yaml"), 4, "gone.yaml"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
    ],
)
def test_what_a_user_can_cause(error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raises(error)) == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError("no file is named"), KeyError("vault")])
def test_a_mistake_of_ours_is_not_hidden(error: Exception) -> None:
    with pytest.raises(type(error)):
        guarded(raises(error))


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1), (3, 3), ("text", 0)])
def test_what_a_command_returns_is_the_exit_code(result: object, code: int) -> None:
    assert guarded(lambda: result) == code


def left_alone(program: str) -> tuple[int, str]:
    """Exit code and stderr of a Python *program* whose stdout nobody reads; a real pipe, as with ``| head``."""
    read, write = os.pipe()
    os.close(read)
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    _, said = child.communicate(timeout=20)
    return child.returncode, said


def test_a_reader_that_has_gone_is_no_error() -> None:
    command = "['list', '--scenarios', 'scenarios']"
    assert left_alone(f"import sys; sys.argv[1:] = {command}; from harness.cli.main import main; main()") == (0, "")


@pytest.mark.parametrize("printing", ["print('x')", "report_console().print('x')"])
def test_a_reader_that_has_gone_changes_no_verdict(printing: str) -> None:
    program = (
        "import sys\nfrom harness.cli.reader import may_leave\nfrom harness.report.text import report_console\n"
        f"with may_leave():\n    for _ in range(9):\n        {printing}\n"
        "sys.exit(3)"
    )
    assert left_alone(program) == (3, "")


def test_a_broken_connection_to_something_else_is_no_success() -> None:
    program = (
        "import sys\nimport harness.cli.main as m\n"
        "def breaks():\n    raise BrokenPipeError(32, 'Broken pipe')\n"
        "m.mention_dead_runs = breaks\nsys.argv[1:] = ['list']\nm.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert "a connection broke" in done.stderr


# Commands


def test_every_file_is_a_command() -> None:
    folder = cli
    assert isinstance(folder, CommandFolder)
    assert folder.list_commands(click.Context(folder)) == COMMANDS
    assert {"run", "list", "validate", "plan", "judge", "show", "heal", "gc", "doctor"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: cli {name}")
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.short_help is not None
    assert command.short_help.endswith(".")


def test_help_lists_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("--help") == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert "Exit codes: 0 pass, 1 fail, 2 bad usage or scenario, 3 inconclusive, 4 environment" in " ".join(out.split())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("--version") == 0
    assert capsys.readouterr().out == f"lockout {harness.__version__}\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rnu", "no command 'rnu', did you mean 'run'?"),
        ("validat", "no command 'validat', did you mean 'validate'?"),
        ("xyzzy", f"no command 'xyzzy'; there are {', '.join(COMMANDS)}"),
    ],
)
def test_an_unknown_command(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout(name) == 2
    assert said in capsys.readouterr().err


def test_no_command_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout() == 2
    assert "Usage: lockout" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["run"], "Missing argument 'SCENARIO...'"),
        (["run", "x", "--seed", "-1"], "-1 is not in the range"),
        (["run", "x", "--seed", "soon"], "'soon' is not a valid integer range"),
        (["run", "x", "--images", "never"], "'never' is not one of 'auto', 'pull', 'build', 'present'"),
        (["list", "--jsn"], "No such option"),
        (["judge"], "Missing argument 'RUN'"),
    ],
)
def test_bad_usage(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout(*args) == 2
    assert said in capsys.readouterr().err


# Commands that need no engine


@pytest.mark.parametrize("command", ["judge", "show"])
@pytest.mark.parametrize("run", ["latest", "no-such-run"])
def test_a_run_that_does_not_exist(command: str, run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout(command, run) == 2
    assert f"no run '{run}'; there are none in runs" in capsys.readouterr().err


def test_runs_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("show") == 0
    assert capsys.readouterr().out == "no runs in runs\n"
    (tmp_path / "runs" / "20261122-r-1").mkdir(parents=True)
    (tmp_path / "runs" / "20261122-r-1" / "events.jsonl").touch()
    assert lockout("show", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"run": "20261122-r-1", "verdict": "unfinished", "scenario": ""}]


def test_a_run_that_was_killed_cannot_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "runs" / "20261122-r-1"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").touch()
    assert lockout("show", "latest") == 2
    assert "error: " in capsys.readouterr().err


def test_nothing_to_heal(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("heal") == 0
    assert capsys.readouterr().out == "nothing to heal: no killed run is known on this machine\n"
    assert lockout("heal", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_scenarios_are_listed_by_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine" / "vault").mkdir(parents=True)
    (tmp_path / "mine" / "vault" / "gone.scenario.yaml").write_text("name: gone\nsummary: Vault is gone.\n")
    (tmp_path / "mine" / "broken.scenario.yaml").write_text("name: [\n")
    assert lockout("list", "--scenarios", "mine") == 0
    out = capsys.readouterr().out
    assert "vault\n" in out
    assert "gone" in out
    assert "Vault is gone." in out
    assert lockout("list", "--scenarios", "mine", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["group"], bool(row["problem"])) for row in rows] == [
        ("broken", "", True),
        ("gone", "vault", False),
    ]


def test_without_scenarios_it_is_said_where_was_looked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scenarios").mkdir()
    assert lockout("list") == 0
    assert capsys.readouterr().err == f"no scenarios in {tmp_path / 'scenarios'}\n"


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_an_unknown_scenario(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.lab import plugins
    from harness.lab.plugins import Compose

    monkeypatch.setattr(plugins, "ensure_compose", lambda progress: Compose(("false",), "2", "test"))
    assert lockout(command, "vault-outag", "--scenarios", str(ROOT / "scenarios")) == 2
    assert "unknown scenario 'vault-outag', did you mean 'vault-outage'?" in capsys.readouterr().err


def test_completion_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("completion", "bash") == 0
    assert "_LOCKOUT_COMPLETE=bash_complete" in capsys.readouterr().out
    assert lockout("completion", "tcsh") == 2


def test_listing_is_quick_because_it_imports_little() -> None:
    program = "import sys, json, harness.cli.main; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"docker", "hvac", "aiohttp", "pydantic", "requests", "rich"} & set(json.loads(done.stdout))


def test_the_command_as_it_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli.main import main; main()", "rnu"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 2
    assert "did you mean 'run'?" in done.stderr
    assert "Traceback" not in done.stderr
