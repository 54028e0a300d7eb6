"""Putting right what a killed run left: from its ledger, in another process, and never claiming too much."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from harness.lab import owner, waiting
from harness.lab.engine import Candidate, Engine, Failure
from harness.lab.errors import EnvironmentUnusable
from harness.lab.spec import load_spec
from harness.run import active, healing
from harness.run.healing import Healed, Leftover, heal_run, heal_runs, leftover_runs, living_runs
from harness.run.ledger import Intent, UndoLedger, outstanding
from harness.run.open_runs import OpenRun, mark_open, open_runs
from harness.scenario.problems import Problem, TopologyError
from tests.unit.faults.fakes import FakeLab
from tests.unit.lab_core.topologies import make_spec


class Dead:
    """A run whose process is gone; ``lab`` is what it left, ``left`` what will not be removed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.lab = FakeLab()
        self.left: tuple[str, ...] = ()
        self.removed: list[str] = []
        self.said: list[str] = []
        with mark_open("r-1", folder) as mark:
            mark.keep()
        monkeypatch.setattr(healing, "load_spec", lambda path: None)
        monkeypatch.setattr(healing, "RunningLab", lambda spec, containers, secrets: self.lab)
        monkeypatch.setattr(healing, "remove_by_label", self._remove)
        monkeypatch.setattr(
            active, "wait_for", lambda condition, deadline, poll=0.01: waiting.wait_for(condition, 0.05, 0.01)
        )

    def _remove(self, containers: Any) -> tuple[str, ...]:
        self.removed.append(containers.run)
        return self.left

    def injected(self, *intents: tuple[str, str, Mapping[str, object]]) -> None:
        ledger = UndoLedger(self.folder / "ledger.jsonl")
        for number, (fault, target, record) in enumerate(intents):
            ledger.intend(Intent(f"timeline.{number}", fault, target, record))
        ledger.close()

    def heal(self) -> Healed:
        client: Any = None
        return heal_run(OpenRun("r-1", self.folder, alive=False), client, self.said.append)


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dead:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Dead(tmp_path, monkeypatch)


SEALED = ("vault-sealed", "vault", {"service": "vault"})
OPENED = ("break-glass-opened", "ledger", {"service": "ledger"})


def test_faults_are_undone_newest_first_and_everything_is_removed(dead: Dead) -> None:
    dead.injected(OPENED, SEALED)
    dead.lab.the_vault.sealed = True
    dead.lab.the_ledger.opened = (60.0, "incident")
    healed = dead.heal()
    assert healed == Healed("r-1", ("vault-sealed on vault", "break-glass-opened on ledger"), (), ())
    assert healed.whole
    assert dead.lab.writes == ["unseal vault", "close"]
    assert dead.removed == ["r-1"]
    assert outstanding(dead.folder / "ledger.jsonl") == ()
    assert open_runs() == ()


def test_a_run_without_a_fault_is_only_removed(dead: Dead) -> None:
    assert dead.heal() == Healed("r-1", (), (), ())
    assert dead.removed == ["r-1"]


def test_what_cannot_be_undone_is_named_and_stays_in_the_ledger(dead: Dead) -> None:
    dead.injected(SEALED, OPENED)
    dead.lab.the_vault.sealed = True
    dead.lab.the_vault._holds_keys = False
    healed = dead.heal()
    assert healed.undone == ("break-glass-opened on ledger",)
    assert healed.failed == ("vault-sealed on vault: vault cannot be unsealed",)
    assert not healed.whole
    assert [intent.fault for intent in outstanding(dead.folder / "ledger.jsonl")] == ["vault-sealed"]


@pytest.mark.parametrize(
    "intent", [("vault-forgotten", "vault", {"service": "vault"}), ("vault-sealed", "vault", {"vault": "vault"})]
)
def test_an_entry_of_another_version(dead: Dead, intent: tuple[str, str, Mapping[str, object]]) -> None:
    dead.injected(intent, OPENED)
    healed = dead.heal()
    assert healed.undone == ("break-glass-opened on ledger",)
    [failed] = healed.failed
    assert "its ledger entry is of another version of lockout" in failed


def test_what_cannot_be_removed_keeps_the_run_marked(dead: Dead) -> None:
    dead.left = ("network x: in use",)
    assert dead.heal() == Healed("r-1", (), (), ("network x: in use",))
    assert [run.run for run in open_runs()] == ["r-1"]


def test_without_an_answer_nothing_is_called_undone(dead: Dead) -> None:
    dead.injected(SEALED)
    dead.lab.world.silent = True
    assert dead.heal().undone == ()


def test_an_engine_that_is_gone_keeps_the_run_marked(dead: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(containers: object) -> tuple[str, ...]:
        raise EnvironmentUnusable("the container engine does not answer")

    monkeypatch.setattr(healing, "remove_by_label", gone)
    healed = dead.heal()
    assert healed.left == ("its containers, networks and volumes: the container engine does not answer",)
    assert not healed.whole
    assert [run.run for run in open_runs()] == ["r-1"]


PROBLEM = TopologyError([Problem(Path("compose.yaml"), 3, 1, "services.vault", "unknown role 'safe'")])


@pytest.mark.parametrize(
    "error",
    [
        EnvironmentUnusable("no description"),
        PROBLEM,
        PermissionError(13, "denied"),
        ValueError("torn"),
        KeyError("files"),
    ],
)
def test_a_description_that_cannot_be_used_is_told_and_the_lab_removed(
    dead: Dead, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def load(folder: Path) -> None:
        raise error

    monkeypatch.setattr(healing, "load_spec", load)
    dead.injected(SEALED)
    healed = dead.heal()
    [failed] = healed.failed
    assert str(error) in failed
    assert not healed.whole
    assert dead.removed == ["r-1"]
    assert open_runs() == ()


@pytest.mark.parametrize("torn", ["lab.json", "config.yaml"])
def test_a_description_that_was_torn_is_told_and_the_lab_removed(
    dead: Dead, monkeypatch: pytest.MonkeyPatch, torn: str
) -> None:
    monkeypatch.setattr(healing, "load_spec", load_spec)
    make_spec(dead.folder).save()
    (dead.folder / "lab" / torn).write_text('{"run": [1, {')
    dead.injected(SEALED)
    [failed] = dead.heal().failed
    assert "no description of its lab" in failed
    assert dead.removed == ["r-1"]


def test_with_the_run_folder_gone_nobody_knows_whether_a_fault_is_on(dead: Dead) -> None:
    dead.injected(SEALED)
    shutil.rmtree(dead.folder)
    healed = dead.heal()
    assert "it is gone" in healed.failed[0]
    assert not healed.whole
    assert dead.removed == ["r-1"]


def test_secrets_that_were_torn_do_not_keep_anything_from_being_removed(dead: Dead, tmp_path: Path) -> None:
    secrets = tmp_path / "state" / "lockout" / "secrets" / "r-1.json"
    secrets.parent.mkdir()
    secrets.write_text('{"vault-unseal-k')
    dead.injected(OPENED)
    assert dead.heal().whole
    assert not secrets.exists()


class Engines:
    """Engines by address, and the one that is used where nothing else is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: dict[str, Any] = {}
        self.usual: Any = EnvironmentUnusable("no container engine is reachable")
        self.ensured = 0
        self.healed: list[tuple[str, str]] = []
        monkeypatch.setattr(healing, "reach_engine", self._reach)
        monkeypatch.setattr(healing, "heal_run", self._heal)

    @staticmethod
    def made(host: str, name: str) -> Engine:
        client: Any = name
        return Engine(client, host, "test", "29", "1.52", "amd64", "", True, False, id=name)

    def _reach(self, place: Candidate) -> Engine | Failure:
        return self.at.get(place.host) or Failure("silent", "nothing answers there")

    def _ensure(self) -> Engine:
        self.ensured += 1
        if isinstance(self.usual, Exception):
            raise self.usual
        assert isinstance(self.usual, Engine)
        return self.usual

    def _heal(self, run: OpenRun, client: Any, say: object) -> Healed:
        self.healed.append((run.run, client))
        return Healed(run.run, (), (), ())

    def heal(self, *dead: tuple[str, str, str]) -> list[Healed]:
        runs = [OpenRun(run, Path(), alive=False, host=host, engine=engine) for run, host, engine in dead]
        return heal_runs(runs, self._ensure, lambda _: None)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    return Engines(monkeypatch)


def test_each_run_is_healed_on_its_own_engine(engines: Engines) -> None:
    engines.at = {"unix:///a": Engines.made("unix:///a", "A"), "unix:///b": Engines.made("unix:///b", "B")}
    assert all(one.whole for one in engines.heal(("r-1", "unix:///a", "A"), ("r-2", "unix:///b", "B")))
    assert engines.healed == [("r-1", "A"), ("r-2", "B")]
    assert engines.ensured == 0


def test_a_run_on_an_engine_that_is_out_of_reach_is_refused_and_the_others_are_healed(engines: Engines) -> None:
    engines.usual = engines.at["unix:///a"] = Engines.made("unix:///a", "A")
    first, second = engines.heal(("r-1", "unix:///gone", "G"), ("r-2", "unix:///a", "A"))
    assert not first.whole
    assert "unix:///gone" in first.failed[0]
    assert second.whole
    assert engines.healed == [("r-2", "A")]


def test_an_engine_is_the_same_at_another_address(engines: Engines) -> None:
    engines.usual = Engines.made("unix:///now", "A")
    assert engines.heal(("r-1", "unix:///before", "A"))[0].whole
    assert engines.healed == [("r-1", "A")]


@pytest.mark.parametrize(("host", "engine", "healed"), [("", "", True), ("unix:///x", "", False)])
def test_marks_that_name_no_engine(engines: Engines, host: str, engine: str, healed: bool) -> None:
    engines.usual = Engines.made("unix:///now", "")
    assert engines.heal(("r-1", host, engine))[0].whole is healed


def test_an_engine_that_has_to_be_started_first(engines: Engines) -> None:
    engines.usual = Engines.made("unix:///a", "A")
    assert all(one.whole for one in engines.heal(("r-1", "unix:///a", "A"), ("r-2", "unix:///a", "A")))
    assert engines.ensured == 1


def test_no_engine_at_all_is_the_machines_fault(engines: Engines) -> None:
    with pytest.raises(EnvironmentUnusable, match="no container engine is reachable"):
        engines.heal(("r-1", "unix:///a", "A"), ("r-2", "", ""))
    engines.at["unix:///a"] = Engines.made("unix:///a", "A")
    first, second = engines.heal(("r-1", "unix:///a", "A"), ("r-2", "", ""))
    assert (first.whole, second.whole) == (True, False)


def test_only_living_runs_are_living(dead: Dead, tmp_path: Path) -> None:
    with mark_open("r-2", tmp_path):
        assert living_runs() == {"r-2"}


def test_leftovers_are_counted_by_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "owner", lambda: "us")
    owners = {"b": {"lockout.owner": "us"}, "c": {"lockout.owner": "them"}}

    def of(attribute: str, *runs: str | None) -> Any:
        entries = [{"lockout.run": run, **owners.get(run, {})} if run else None for run in runs]
        if attribute == "labels":
            found: list[Any] = [SimpleNamespace(labels=labels) for labels in entries]
        else:
            found = [SimpleNamespace(attrs={"Labels": labels}) for labels in entries]
        return SimpleNamespace(list=lambda **_: found)

    client: Any = SimpleNamespace(
        containers=of("labels", "a", "a", "b", None), networks=of("attrs", "a"), volumes=of("attrs", "c", None)
    )
    assert leftover_runs(client) == {"a": Leftover(3, ours=True), "b": Leftover(1, ours=True), "c": Leftover(1, False)}


def test_an_engine_that_fails_is_told_in_words() -> None:
    def listed(**_: object) -> list[object]:
        raise requests.exceptions.ConnectionError

    client: Any = SimpleNamespace(containers=SimpleNamespace(list=listed))
    with pytest.raises(EnvironmentUnusable, match="the container engine does not answer"):
        leftover_runs(client)
