"""``lockout break-glass``: what is drilled, what is shown of a stored drill, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.breakglass.plan import drill_scenario, scenario_text
from harness.cli.commands import run as run_command
from harness.cli.main import cli, guarded
from harness.history import break_glass as b
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.lab import plugins
from harness.run import prepare
from harness.scenario.loader import load_scenario
from harness.scenario.vocabulary import Vocabulary
from harness.topology.compose_output import parse_config
from harness.topology.model import Topology
from tests.unit.breakglass.estate import COMPOSE, estate
from tests.unit.breakglass.histories import Written, good


@pytest.fixture(autouse=True)
def without_compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and a Compose that prints a file as it is."""

    def read(files: tuple[Path, ...], compose: object, environ: Mapping[str, str]) -> tuple[str, Topology]:
        text = files[-1].read_text(encoding="utf-8")
        return text, parse_config(text, files)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(plugins, "ensure_compose", lambda progress: None)
    monkeypatch.setattr(prepare, "read_topology", read)
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose" / "estate.yaml").write_text(COMPOSE, encoding="utf-8")
    plain = COMPOSE[COMPOSE.index("services:") :]
    (tmp_path / "compose" / "plain.yaml").write_text(plain, encoding="utf-8")


def lockout(*args: str) -> int:
    return guarded(lambda: cli.main(["break-glass", *args], prog_name="lockout", standalone_mode=False))


def drilled(monkeypatch: pytest.MonkeyPatch, code: int = 0) -> list[str]:
    """What is run instead: the names of scenarios, each of which can be read."""
    ran: list[str] = []

    def run_all(paths: list[Path], options: object, seed: object, as_json: bool, share: bool) -> int:
        ran.extend(load_scenario(path, Vocabulary.installed()).scenario.name for path in paths)
        return code

    monkeypatch.setattr(run_command, "run_all", run_all)
    return ran


def test_every_procedure_is_a_run_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = drilled(monkeypatch, code=3)
    assert lockout("drill", "estate") == 3
    names = ("ledger-envelope", "vault-quorum", "postgres-role")
    assert ran == [f"break-glass-drill-{name}" for name in names]


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("--method", "root-quorum", "vault-quorum"),
        ("--method", "database-role", "postgres-role"),
        ("--procedure", "ledger-envelope", "ledger-envelope"),
    ],
)
def test_one_of_them_can_be_chosen(option: str, value: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = drilled(monkeypatch)
    assert lockout("drill", "estate", option, value) == 0
    assert ran == [f"break-glass-drill-{name}"]


def test_the_scenario_can_be_printed_instead(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = drilled(monkeypatch)
    assert lockout("drill", "estate", "--method", "root-quorum", "--print") == 0
    assert ran == []
    expected = scenario_text(drill_scenario("vault-quorum", estate(), [Path("compose/estate.yaml")]))
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["plain"], "declares no emergency procedure (x-lockout: break_glass)"),
        (["estate", "--method", "root-quorm"], "unknown method 'root-quorm', did you mean 'root-quorum'?"),
        (["estate", "--procedure", "vault-quorm"], "unknown emergency procedure 'vault-quorm'"),
        (["estate", "--procedure", "vault-quorum", "--method", "database-role"], "no such procedure is declared"),
        (["nowhere"], "unknown topology 'nowhere'"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_drilled_is_said(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("drill", *args) == 2
    assert said in capsys.readouterr().err


def stored(written: Written, name: str = "20261122-100000-drill-0001") -> Path:
    """A run folder with this history."""
    folder = Path("runs", name)
    (folder / "scenario").mkdir(parents=True)
    scenario = folder / "scenario" / "break-glass-drill-ledger-envelope.scenario.yaml"
    scenario.write_text(scenario_text(drill_scenario("ledger-envelope", estate(), [])).replace("[]", "[x.yaml]"))
    with HistoryWriter(folder / "events.jsonl", Redactor()) as history:
        for event in written.events:
            history.append(event)
    return folder


def test_the_card_of_a_stored_drill_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    folder = stored(good())
    before = sorted(folder.rglob("*"))
    assert lockout("show") == 0
    out = capsys.readouterr().out
    assert "envelope (offline-credential), which opens ledger: 13 of 13 hold" in out
    for title in ("Isolated from the normal path", "Two holders", "Not used day to day"):
        assert title in out
    assert "degraded" in out
    assert sorted(folder.rglob("*")) == before, "nothing is written"


@pytest.mark.parametrize(("allowed", "code", "status"), [(True, 1, "fail"), (False, 0, "pass")])
def test_the_exit_code_is_that_of_the_card(
    allowed: bool, code: int, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(good().change(b.ActionTried, lambda one: not one.wanted, allowed=allowed))
    assert lockout("show", "latest", "--json") == code
    card = json.loads(capsys.readouterr().out)
    assert [row["number"] for row in card["rows"]] == list(range(1, 14))
    assert [row["status"] for row in card["rows"] if row["property"] == "scoped"] == [status]


def test_what_could_not_be_told_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    stored(good().drop(b.LifetimeRead))
    assert lockout("show") == 3
    assert "cannot be told" in capsys.readouterr().out


def test_a_run_that_is_no_drill_has_no_card(capsys: pytest.CaptureFixture[str]) -> None:
    bare = good()
    bare.events = [one for one in bare.events if not isinstance(one, b.BreakGlassEvent)]
    stored(bare)
    assert lockout("show") == 2
    assert "is no drill of break-glass" in capsys.readouterr().err
