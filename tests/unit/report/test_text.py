from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.checks.judgement import Judgement, Status, WorkloadSummary
from harness.report.model import ReportInput
from harness.report.text import render_text, report_console
from harness.report.timeline import Timeline
from tests.unit.report.builders import RISK, fault, judgement, report, result, samples, started, timeline


class Output(io.StringIO):
    """A file with an encoding and, if wished, a terminal behind it."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        super().__init__()
        self._encoding = encoding
        self._terminal = terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def rendered(found: ReportInput, encoding: str = "utf-8", **environ: str) -> str:
    output = Output(encoding)
    render_text(found, report_console(output, environ))
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines())


def test_the_whole_text() -> None:
    assert (
        rendered(report())
        == """
vault-outage   Vault is sealed for 20 s.
run r1 · seed 7 · 52.3 s

workload   outage          time to recover   how                verdict
───────────────────────────────────────────────────────────────────────────────
orders     4.2 s ± 0.1 s   1.2 s ± 0.1 s     re-authenticated   ✔ pass
fragile    7.0 s ± 0.1 s   never             locked out         ~ accepted risk

                       0 s         2 s         4 s         6 s         8 s
                       ╷           ╷           ╷           ╷           ╷          ╷
vault-sealed on vault              ├─────────────────────────────┤
orders                 ━━━━━━━━━━━━━━━━━××××××××××××××××××××××××××━━━━━━━━━━━━━━━━━
fragile                ━━━━━━━━━━━━━━━━━×××××××××××××××××××××××××××××××××××××××××××
                       ━ up   × down

Accepted risks
~  fragile  until 2027-06-30
    logs in once at start and never again
      re_authenticates within 10s after undo: no request to Vault after undo, limit 10 s

PASS  The one claim holds; 1 accepted risk.
exit code 0 · run folder: runs/r1
judge again: lockout judge runs/r1"""
    )


def test_a_narrow_ascii_output() -> None:
    text = rendered(report(), "ascii", COLUMNS="50")
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 50
    assert (
        text
        == """
vault-outage   Vault is sealed for 20 s.
run r1 | seed 7 | 52.3 s

orders  + pass
  outage 4.2 s +/- 0.1 s, time to recover 1.2 s
  +/- 0.1 s; re-authenticated
fragile  ~ accepted risk
  outage 7.0 s +/- 0.1 s, time to recover never;
  locked out

                       0 s          5 s
                       '            '            '
vault-sealed on vault       [------------]
orders                 =======xxxxxxxxxxxxx=======
fragile                =======xxxxxxxxxxxxxxxxxxxx
                       = up   x down

Accepted risks
~  fragile  until 2027-06-30
    logs in once at start and never again
      re_authenticates within 10s after undo: no
      request to Vault after undo, limit 10 s

PASS  The one claim holds; 1 accepted risk.
exit code 0 | run folder: runs/r1
judge again: lockout judge runs/r1"""
    )


def failing() -> Judgement:
    return judgement(
        result(Status.PASS),
        result(Status.INCONCLUSIVE, "blind", summary="no sample in the window"),
        result(
            Status.FAIL,
            "fragile",
            summary="no request to Vault after undo, limit 10 s",
            limit="within 10s after undo",
            evidence=[(9.5, "a"), (10.0, "b"), (11.0, "c"), (12.0, "d"), (13.0, "e")],
        ),
        run=(result(Status.INCONCLUSIVE, "", "clock_jump", "wall time moved by 3.2 s"),),
    )


def test_every_non_pass_is_explained_most_urgent_first() -> None:
    text = rendered(report(failing()))
    why = text[text.index("Why") :]
    assert why.startswith(
        """Why
✘ fail  fragile: re_authenticates within 10s after undo
    no request to Vault after undo, limit 10 s
       9.5 s  a
      10.0 s  b
      11.0 s  c
      and 2 more in the report
? inconclusive  blind: re_authenticates
    no sample in the window

About the run itself
? inconclusive  clock jump
    wall time moved by 3.2 s

FAIL  1 of 3 claims does not hold; 2 findings inconclusive.
exit code 1"""
    )


def test_an_acceptance_that_has_run_out_is_named() -> None:
    text = rendered(report(judgement(result(Status.FAIL, "fragile", accepted_risk=RISK))))
    assert "the risk was accepted until 2027-06-30, which has passed: logs in once" in text


def test_an_accepted_risk_that_passes_says_so() -> None:
    text = rendered(report(judgement(result(Status.ACCEPTED_PASSES, "fragile"))))
    assert "passes after all: the acceptance can be removed" in text


def test_without_any_event_there_is_no_timeline() -> None:
    text = rendered(ReportInput(report().run, judgement(result(Status.PASS)), Timeline()))
    assert text.splitlines()[2:] == [
        "run r1 · seed 7 · 52.3 s",
        "",
        "PASS  The one claim holds.",
        "exit code 0 · run folder: runs/r1",
        "judge again: lockout judge runs/r1",
    ]


def test_every_state_has_a_glyph_of_its_own_and_a_short_outage_is_seen() -> None:
    view = timeline(
        [started()],
        fault(1.0, None),
        fault(2.0, 3.0, "timeline.1", operator=True, name="break-glass-opened"),
        samples(0, 50),
        samples(50, 50.1, ok=False),
        samples(50.1, 100, path="break-glass"),
        samples(110, 120),
    )
    text = rendered(ReportInput(report().run, judgement(result(Status.PASS)), view))
    lane = next(line for line in text.splitlines() if line.startswith("orders"))
    assert lane.count("×") in (1, 2)
    assert {"━", "×", "◆", "·"} == set(lane.split()[1])
    assert "┝" in text
    assert next(line for line in text.splitlines() if line.startswith("vault-sealed")).endswith("─")


def test_hostile_text_is_shown_and_obeyed_by_nobody() -> None:
    found = judgement(
        result(Status.FAIL, "[bold]x[/bold]\x1b[2J", summary="line\none\r\x07"),
        workloads=(WorkloadSummary("[red]w\x1b]0;t\x07", Status.FAIL, "how\x9b"),),
    )
    text = rendered(report(found))
    assert "[bold]x[/bold]" in text
    assert "[red]w" in text
    assert "line one" in text
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\r"}


@pytest.mark.parametrize(
    ("environ", "coloured"), [({"TERM": "xterm-256color"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)]
)
def test_colour_on_a_terminal_unless_no_color(environ: dict[str, str], coloured: bool) -> None:
    output = Output(terminal=True)
    render_text(report(), report_console(output, environ))
    assert ("\x1b[3" in output.getvalue()) is coloured


@pytest.mark.parametrize(("environ", "width"), [({}, 100), ({"COLUMNS": "60"}, 60), ({"COLUMNS": "wide"}, 100)])
def test_width_where_there_is_no_terminal(environ: dict[str, str], width: int) -> None:
    assert report_console(Output(), environ).width == width


@pytest.mark.parametrize("width", [20, 30, 41, 60, 77, 78, 79, 100, 200])
def test_no_width_breaks_the_lines_of_the_timeline(width: int) -> None:
    output = Output()
    render_text(report(), Console(file=output, width=width, highlight=False))
    lanes = [line for line in output.getvalue().splitlines() if "━" in line and " up" not in line]
    assert len(lanes) == 2
    assert max(map(len, lanes)) <= width
