"""The benchmark command itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import benchmarks.__main__ as command
from benchmarks.figures import figures
from benchmarks.result import Figure, FigureResult, NotMeasured, Row, Wish
from harness.lab.errors import EnvironmentUnusable


def slow(wish: Wish) -> FigureResult:
    return FigureResult("judge", (Row("judge", "s", (9.0,) * wish.repetitions(2), target=5.0),))


def quick(wish: Wish) -> FigureResult:
    return FigureResult("start-up", (Row("start", "s", (0.1,), target=0.25),), notes=(f"verbose {wish.verbose}",))


def unable(wish: Wish) -> FigureResult:
    raise EnvironmentUnusable("no container engine")


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> object:
    known = {"judge": slow, "start-up": quick, "overhead": unable}
    found = {name: Figure(name, "", measure) for name, measure in known.items()}
    monkeypatch.setattr(command, "KNOWN", found)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command.main, arguments)

    return run


def test_the_figures_of_the_issue_are_found_by_file() -> None:
    assert set(figures()) == {
        "domains",
        "faults",
        "judge",
        "measurement-error",
        "overhead",
        "proxy",
        "sampler-capacity",
        "start-up",
    }
    assert all(figure.summary for figure in figures().values())


def test_a_missed_target_is_shown_and_is_no_error(invoke) -> None:
    result = invoke("--only", "judge", "--only", "start-up")
    assert result.exit_code == 0
    assert "NO: 9.00" in result.stdout
    assert "yes" in result.stdout


def test_a_missed_target_is_an_error_when_strict(invoke) -> None:
    assert invoke("--only", "judge", "--strict").exit_code == 1
    assert invoke("--only", "start-up", "--strict").exit_code == 0


def test_one_figure_that_cannot_be_measured_does_not_keep_others_from_it(invoke) -> None:
    result = invoke()
    assert result.exit_code == 1
    assert "overhead was not measured: no container engine" in result.stdout
    assert "0.100" in result.stdout


def test_the_file_has_every_value(invoke, tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    assert invoke("--only", "judge", "--only", "overhead", "--runs", "3", "--json", str(path)).exit_code == 1
    document = json.loads(path.read_text(encoding="utf-8"))
    judge, overhead = sorted(document["figures"], key=lambda figure: figure["name"])
    assert judge["rows"][0]["values"] == [9.0, 9.0, 9.0]
    assert judge["rows"][0]["met"] is False
    assert overhead == {
        "name": "overhead",
        "problem": "no container engine",
        "rows": [],
        "breakdowns": [],
        "notes": [],
    }
    assert "cores" in document["machine"]


def test_verbose_reaches_the_figure(invoke) -> None:
    assert "verbose True" in invoke("--only", "start-up", "--verbose").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "speed"), "speed"),
        (("--runs", "0"), "0"),
        (("--json", "/nowhere/figures.json"), "there is no folder /nowhere"),
    ],
)
def test_what_a_user_gets_wrong_is_told_before_anything_is_measured(
    arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(figure: Figure, wish: Wish) -> FigureResult:
        raise AssertionError

    monkeypatch.setattr(command, "_measure", never)
    result = CliRunner().invoke(command.main, arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output


def test_not_measured_keeps_its_words() -> None:
    def measure(wish: Wish) -> FigureResult:
        raise NotMeasured("only 3 of 420 outages took place")

    assert command._measure(Figure("x", "", measure), Wish()).problem == "only 3 of 420 outages took place"
