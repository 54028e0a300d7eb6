"""Putting right what a killed run left: from its ledger, in another process, and never claiming too much."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.lab import waiting
from harness.lab.errors import EnvironmentUnusable
from harness.run import active, healing
from harness.run.healing import Healed, heal_run, leftover_runs, living_runs
from harness.run.ledger import Intent, UndoLedger, outstanding
from harness.run.open_runs import OpenRun, mark_open, open_runs
from tests.unit.faults.fakes import FakeLab


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
    with pytest.raises(EnvironmentUnusable):
        dead.heal()
    assert [run.run for run in open_runs()] == ["r-1"]


def test_only_living_runs_are_living(dead: Dead, tmp_path: Path) -> None:
    with mark_open("r-2", tmp_path):
        assert living_runs() == {"r-2"}


def test_leftovers_are_counted_by_run() -> None:
    def of(attribute: str, *runs: str | None) -> Any:
        entries = [{"lockout.run": run} if run else None for run in runs]
        if attribute == "labels":
            found: list[Any] = [SimpleNamespace(labels=labels) for labels in entries]
        else:
            found = [SimpleNamespace(attrs={"Labels": labels}) for labels in entries]
        return SimpleNamespace(list=lambda **_: found)

    client: Any = SimpleNamespace(
        containers=of("labels", "a", "a", "b", None), networks=of("attrs", "a"), volumes=of("attrs", "c", None)
    )
    assert leftover_runs(client) == {"a": 3, "b": 1, "c": 1}
