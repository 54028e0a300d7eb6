"""Several runs in a row: which of them share a lab, and that none is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.lab.errors import EnvironmentUnusable
from harness.lab.progress import PlainLines, Progress
from harness.run import series as module
from harness.run.held import LabKey, NotFit
from harness.run.runner import RunDone
from harness.run.series import Series, in_order
from harness.run.signals import Interrupted, SignalGate


def scenario(name: str, topology: str, config: str = "") -> Any:
    loaded = SimpleNamespace(topology_files=(Path(topology),), scenario=SimpleNamespace(name=name))
    return SimpleNamespace(loaded=loaded, config=config)


A1, A2, A3 = (scenario(f"a{number}", "a.yaml") for number in (1, 2, 3))
B1 = scenario("b1", "b.yaml")


@dataclass
class Lab:
    key: LabKey
    number: int
    unfit: str = ""
    removed: int = 0

    def make_fit(self) -> None:
        if self.unfit:
            raise NotFit(self.unfit)

    def remove(self) -> tuple[str, ...]:
        self.removed += 1
        return ()


@dataclass
class Stage:
    """Plays the runner: says which run had which lab."""

    told: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # runs that left their lab for another
    labs: list[Lab] = field(default_factory=list)
    unfit_after: set[str] = field(default_factory=set)
    unsteady_in_used: set[str] = field(default_factory=set)
    breaks_at: dict[str, BaseException] = field(default_factory=dict)
    breaks_in_used: dict[str, BaseException] = field(default_factory=dict)
    never_made: dict[str, BaseException] = field(default_factory=dict)  # what making the runner raises
    unwritten_at: str = ""  # whose history cannot be written when the lab has been passed on
    signal_at: str = ""
    signal_late_at: str = ""  # when it had been decided already that the lab goes on

    def runner(
        self,
        one: Any,
        engine: object,
        compose: object,
        options: object,
        progress: object,
        rest: Sequence[object],
        held: Lab | None,
    ) -> Any:
        made = SimpleNamespace(held=None)
        name = one.loaded.scenario.name
        if name in self.never_made:
            raise self.never_made[name]

        def run(gate: SignalGate) -> RunDone:
            if name in self.breaks_at:
                raise self.breaks_at[name]
            if held is not None and name in self.breaks_in_used:
                raise self.breaks_in_used[name]
            lab = held or Lab(LabKey.of(one), len(self.labs) + 1)
            if held is None:
                self.labs.append(lab)
            self.told.append(f"{name} in lab {lab.number}")
            unsteady = held is not None and name in self.unsteady_in_used
            signal = 2 if name in (self.signal_at, self.signal_late_at) else None
            if rest and not unsteady and name != self.signal_at:
                made.held = lab
                self.kept.append(name)
                lab.unfit = "policy p is gone" if name in self.unfit_after else ""
            else:
                lab.remove()
            if name == self.unwritten_at:
                raise EnvironmentUnusable("events.jsonl could not be written")
            folder: Any = None
            ending: Any = None
            return RunDone(folder, ending, signal=signal, reused=held is not None, unsteady=unsteady)

        made.run = run
        return made


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage()
    monkeypatch.setattr(module, "Runner", made.runner)
    return made


@contextmanager
def show() -> Iterator[Progress]:
    yield PlainLines()


def run(stage: Stage, *scenarios: Any, share: bool = True) -> list[RunDone]:
    nothing: Any = None
    return list(Series(nothing, nothing, nothing, show, share).runs(scenarios, SignalGate()))


def all_removed(stage: Stage) -> bool:
    return all(lab.removed for lab in stage.labs)


def test_runs_of_one_topology_share_a_lab(stage: Stage) -> None:
    run(stage, A1, A2, A3)
    assert stage.told == ["a1 in lab 1", "a2 in lab 1", "a3 in lab 1"]
    assert stage.kept == ["a1", "a2"]
    assert all_removed(stage)


def test_they_come_one_after_the_other_wherever_they_stand(stage: Stage) -> None:
    run(stage, A1, B1, A2)
    assert stage.told == ["a1 in lab 1", "a2 in lab 1", "b1 in lab 2"]
    assert all_removed(stage)


def test_whoever_wants_a_new_lab_each_time_gets_it_in_the_order_given(stage: Stage) -> None:
    run(stage, A1, B1, A2, share=False)
    assert stage.told == ["a1 in lab 1", "b1 in lab 2", "a2 in lab 3"]
    assert all_removed(stage)


def test_the_same_file_by_another_way_is_the_same() -> None:
    assert LabKey.of(scenario("a", "tokens/../a.yaml")) == LabKey.of(scenario("b", "vault/../a.yaml"))


def test_the_same_files_with_other_variables_are_another_topology() -> None:
    other = scenario("a4", "a.yaml", config="environment: {A: b}")
    assert [one.loaded.scenario.name for one in in_order([A1, other, A2])] == ["a1", "a2", "a4"]


def test_a_lab_that_is_not_as_it_was_is_not_used_again(stage: Stage) -> None:
    stage.unfit_after = {"a1"}
    run(stage, A1, A2, A3)
    assert stage.told == ["a1 in lab 1", "a2 in lab 2", "a3 in lab 2"]
    assert all_removed(stage)


def test_without_a_steady_state_in_a_used_lab_the_run_is_made_in_a_new_one(stage: Stage) -> None:
    stage.unsteady_in_used = {"a2"}
    done = run(stage, A1, A2, A3)
    assert stage.told == ["a1 in lab 1", "a2 in lab 1", "a2 in lab 2", "a3 in lab 2"]
    assert [one.unsteady for one in done] == [False, False, False]
    assert all_removed(stage)


def test_a_signal_ends_the_series_and_leaves_no_lab(stage: Stage) -> None:
    stage.signal_at = "a2"
    done = run(stage, A1, A2, A3)
    assert [one.signal for one in done] == [None, 2]
    assert all_removed(stage)


def test_a_signal_that_comes_late_leaves_no_lab_either(stage: Stage) -> None:
    stage.signal_late_at = "a1"
    nothing: Any = None
    runs = Series(nothing, nothing, nothing, show, True).runs([A1, A2], SignalGate())
    assert next(runs).signal == 2
    assert all_removed(stage), "it is told that it is gone, so it has to be"
    assert list(runs) == []


def test_a_used_lab_in_which_a_run_cannot_be_made_gives_way_to_a_new_one(stage: Stage) -> None:
    stage.breaks_in_used = {"a2": EnvironmentUnusable("a port is taken by something else")}
    done = run(stage, A1, A2, A3)
    assert stage.told == ["a1 in lab 1", "a2 in lab 2", "a3 in lab 2"]
    assert len(done) == 3
    assert all_removed(stage)


@pytest.mark.parametrize("error", [EnvironmentUnusable("the engine does not answer"), Interrupted(15)])
def test_a_run_that_does_not_even_begin_leaves_no_lab(stage: Stage, error: BaseException) -> None:
    stage.never_made = {"a2": error}
    with pytest.raises(type(error)):
        run(stage, A1, A2)
    assert all_removed(stage)


def test_a_lab_that_was_passed_on_goes_when_the_evidence_could_not_be_kept(stage: Stage) -> None:
    stage.unwritten_at = "a1"
    with pytest.raises(EnvironmentUnusable, match="could not be written"):
        run(stage, A1, A2)
    assert all_removed(stage)


VOLUME = (
    "services: {{orders: {{x-lockout: {{role: {role}}}, volumes: [{{type: {type}, source: x, read_only: {ro}}}]}}}}"
)


@pytest.mark.parametrize(
    ("role", "kind", "read_only", "kept"),
    [
        ("workload", "volume", "false", True),
        ("workload", "volume", "true", False),
        ("workload", "bind", "false", False),  # which no new lab would clear either
        ("database", "volume", "false", False),
    ],
)
def test_a_workload_that_keeps_something_gets_a_new_lab(
    stage: Stage, role: str, kind: str, read_only: str, kept: bool
) -> None:
    config = VOLUME.format(role=role, type=kind, ro=read_only)
    run(stage, scenario("a1", "a.yaml", config), scenario("a2", "a.yaml", config))
    assert stage.told == ["a1 in lab 1", f"a2 in lab {1 + kept}"]
    assert all_removed(stage)


@pytest.mark.parametrize("error", [EnvironmentUnusable("the engine is gone"), Interrupted(15), ZeroDivisionError()])
def test_a_run_that_cannot_be_made_leaves_no_lab(stage: Stage, error: BaseException) -> None:
    stage.breaks_at = {"a2": error}
    with pytest.raises(type(error)):
        run(stage, A1, A2, A3)
    assert stage.told == ["a1 in lab 1"]
    assert all_removed(stage)


def test_whoever_stops_asking_leaves_no_lab(stage: Stage) -> None:
    nothing: Any = None
    runs = Series(nothing, nothing, nothing, show, True).runs([A1, A2], SignalGate())
    next(runs)
    runs.close()
    assert all_removed(stage)
