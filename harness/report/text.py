"""The result on a terminal and in the log of a CI job."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.checks.judgement import Card, Result, Status, WorkloadSummary
from harness.checks.verdict import EXIT_CODES, Outcome
from harness.report import narrative, words
from harness.report.card import print_card
from harness.report.model import ReportInput
from harness.report.text_timeline import ASCII, UNICODE, Glyphs, timeline_lines

LOG_WIDTH = 100  # where there is no terminal to ask
_CELL_WIDTH = 32  # columns that a name or a figure gets before it is broken
_NARROW = 78  # below this the five columns no longer fit side by side
_EVIDENCE = 3
_STYLES = {
    Status.PASS: "green",
    Status.DEGRADED: "yellow",
    Status.ACCEPTED: "cyan",
    Status.ACCEPTED_PASSES: "cyan",
    Status.INCONCLUSIVE: "magenta",
    Status.FAIL: "bold red",
}
_OUTCOME_STYLES = {Outcome.PASS: "bold green", Outcome.INCONCLUSIVE: "bold magenta", Outcome.FAIL: "bold red"}


class _ReportConsole(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller: rich itself would exit with 1, which is a verdict."""
        raise BrokenPipeError


def report_console(file: IO[str] | None = None, environ: Mapping[str, str] | None = None) -> Console:
    """A console for :func:`render_text`: 100 columns where there is no terminal and ``COLUMNS`` is not set.

    Rich itself honours ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM=dumb``.
    """
    target = file if file is not None else sys.stdout
    env = os.environ if environ is None else environ
    width = None
    if not target.isatty() and not env.get("COLUMNS", "").isdigit():
        width = LOG_WIDTH
    return _ReportConsole(file=target, width=width, highlight=False, soft_wrap=False, _environ=env)


def render_text(report: ReportInput, console: Console) -> None:
    """Writes the whole result to *console*, in ASCII where its encoding is not a Unicode one."""
    _Writer(report, console, ASCII if console.options.ascii_only else UNICODE).write()


def render_card(card: Card, console: Console) -> None:
    """Writes only the card of a drill to *console*."""
    glyphs = ASCII if console.options.ascii_only else UNICODE
    print_card(card, console, lambda text: glyphs.plain(words.visible(text)), _STYLES)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 2, 0, 0))


@dataclass(frozen=True, slots=True)
class _Writer:
    report: ReportInput
    console: Console
    glyphs: Glyphs

    def write(self) -> None:
        self._heading()
        self._table()
        self._radius()
        self._card()
        self._timeline()
        self._reasons()
        self._risks()
        self._of_the_run()
        self._end()

    def _plain(self, text: str) -> str:
        return self.glyphs.plain(words.visible(text))

    def _line(self, *parts: tuple[str, str] | str, indent: int = 0) -> None:
        """One paragraph; when it must wrap, all its lines are indented alike."""
        text = Text()
        for part in parts:
            content, style = (part, "") if isinstance(part, str) else part
            text.append(self._plain(content), style)
        for line in text.wrap(self.console, max(self.console.width - indent, 10)):
            line.rstrip()
            self.console.print(Text(" " * indent).append_text(line), no_wrap=True, overflow="ignore", crop=False)

    def _heading(self) -> None:
        run = self.report.run
        self.console.print()
        self._line((run.scenario, "bold"), f"   {run.summary}" if run.summary else "")
        self._line((f"run {run.run} · seed {run.seed} · {words.span(run.duration)}", "dim"))

    def _table(self) -> None:
        if not self.report.judgement.workloads:
            return
        self.console.print()
        if self.console.width < _NARROW:
            for summary in self.report.judgement.workloads:
                self._stacked(summary)
            return
        table = _table()
        rows = [
            (
                self._plain(summary.workload),
                self._plain(words.outage(summary)),
                self._plain(words.time_to_recover(summary)),
                self._plain(summary.how),
                self._plain(words.status(summary.status)),
            )
            for summary in self.report.judgement.workloads
        ]
        for index, heading in enumerate(("workload", "outage", "time to recover", "how", "verdict")):
            # Names and figures in two pieces cannot be read; the words under "how" can be broken anywhere.
            longest = max(len(heading), *(len(row[index]) for row in rows))
            least = None if heading == "how" else min(longest, _CELL_WIDTH)
            table.add_column(heading, overflow="fold", no_wrap=least == longest, min_width=least)
        for summary, row in zip(self.report.judgement.workloads, rows, strict=True):
            table.add_row(*(Text(cell) for cell in row[:-1]), Text(row[-1], _STYLES[summary.status]))
        self.console.print(table)

    def _stacked(self, summary: WorkloadSummary) -> None:
        """A workload without a table, where the terminal is too narrow for one."""
        self._line((summary.workload, "bold"), "  ", (words.status(summary.status), _STYLES[summary.status]))
        measured = f"outage {words.outage(summary)}"
        if (recover := words.time_to_recover(summary)) != words.NOTHING:
            measured += f", time to recover {recover}"
        self._line(f"{measured}; {summary.how}" if summary.how else measured, indent=2)

    def _radius(self) -> None:
        """Predicted beside observed, and what is to be said of it."""
        rows = self.report.judgement.radius
        if not rows:
            return
        self._section("Blast radius")
        cells = [(r.workload, r.predicted_words, r.observed_words, words.compared(r)) for r in rows]
        if self.console.width < _NARROW:
            for name, predicted, observed, compared in cells:
                self._line((name, "bold"), f"  {compared}")
                self._line(f"predicted: {predicted}; observed: {observed}", indent=2)
        else:
            table = _table()
            for heading in ("workload", "predicted", "observed", "compared"):
                table.add_column(heading, overflow="fold", no_wrap=heading == "compared")
            for row, cell in zip(rows, cells, strict=True):
                style = "bold red" if row.difference else ""
                table.add_row(*(Text(self._plain(text)) for text in cell[:-1]), Text(self._plain(cell[-1]), style))
            self.console.print(table)
        for remark in narrative.radius_remarks(rows):
            self._line(remark, indent=2)

    def _card(self) -> None:
        """What the drill showed of the emergency procedure."""
        if (card := self.report.judgement.card) is not None:
            self.console.print()
            print_card(card, self.console, self._plain, _STYLES)

    def _timeline(self) -> None:
        lines = timeline_lines(self.report, self.console.width, self.glyphs)
        if lines:
            self.console.print()
        for line in lines:
            self.console.print(line, no_wrap=True, overflow="crop")

    def _reasons(self) -> None:
        shown = [
            result
            for result in self.report.judgement.results
            if result.status in (Status.FAIL, Status.INCONCLUSIVE, Status.DEGRADED)
        ]
        if not shown:
            return
        self._section("Why")
        for result in sorted(shown, key=lambda found: _URGENCY.index(found.status)):
            self._result(result)

    def _result(self, result: Result) -> None:
        who = f"{result.workload}: " if result.workload else ""
        self._line((words.status(result.status), _STYLES[result.status]), "  ", (f"{who}{words.claim(result)}", "bold"))
        self._line(result.finding.summary, indent=4)
        if result.accepted_risk is not None and result.status is Status.FAIL:
            until = result.accepted_risk.until.isoformat()
            self._line(
                f"the risk was accepted until {until}, which has passed: {result.accepted_risk.reason}", indent=4
            )
        self._evidence(result)

    def _evidence(self, result: Result) -> None:
        evidence = result.finding.evidence
        width = max((len(words.clock(item.t)) for item in evidence[:_EVIDENCE]), default=0)
        for item in evidence[:_EVIDENCE]:
            self._line((f"{words.clock(item.t):>{width}}", "cyan"), f"  {item.text}", indent=6)
        if len(evidence) > _EVIDENCE:
            self._line((f"and {len(evidence) - _EVIDENCE} more in the report", "dim"), indent=6)

    def _risks(self) -> None:
        risks = narrative.accepted_risks(self.report.judgement.results)
        if not risks:
            return
        self._section("Accepted risks")
        for risk in risks:
            mark = words.STATUS_GLYPHS[Status.ACCEPTED]
            self._line(
                (mark, "cyan"), "  ", (words.whose(risk.workload), "bold"), ("  until ", "dim"), (risk.until, "dim")
            )
            self._line(risk.reason, indent=4)
            if risk.passes:
                self._line(("passes after all: the acceptance can be removed", "yellow"), indent=6)
            for result in risk.failing:
                self._line((f"{words.claim(result)}: {result.finding.summary}", "dim"), indent=6)

    def _of_the_run(self) -> None:
        shown = [result for result in self.report.judgement.run_results if result.status is not Status.PASS]
        if not shown:
            return
        self._section("About the run itself")
        for result in sorted(shown, key=lambda found: _URGENCY.index(found.status)):
            self._result(result)

    def _section(self, title: str) -> None:
        self.console.print()
        self._line((title, "bold underline"))

    def _end(self) -> None:
        judgement, run = self.report.judgement, self.report.run
        self.console.print()
        self._line(
            (words.OUTCOME_WORDS[judgement.outcome], _OUTCOME_STYLES[judgement.outcome]),
            f"  {narrative.verdict_sentence(judgement)}",
        )
        code = EXIT_CODES[judgement.outcome]
        self._line((f"exit code {code} · run folder: {run.folder}", "dim"))
        if run.rejudge:
            self._line((f"judge again: {run.rejudge}", "dim"))


_URGENCY = (
    Status.FAIL, Status.INCONCLUSIVE, Status.DEGRADED, Status.ACCEPTED, Status.ACCEPTED_PASSES, Status.PASS,
)  # fmt: skip
