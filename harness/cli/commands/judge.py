from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import complete_run, json_option, runs_option
from harness.cli.reader import may_leave


@click.command("judge", short_help="Judge the stored history of a run again, and write its reports again.")
@click.argument("run", shell_complete=complete_run)
@json_option
@runs_option
def command(run: str, as_json: bool, runs: Path) -> int:
    """Judge RUN (a folder, a run's id or its beginning, or 'latest') from its stored evidence alone.

    Needs no engine and no network. Gives the same verdict on any machine, at any later date; exit codes as for
    'lockout run'.
    """
    from harness.checks.verdict import EXIT_CODES
    from harness.report.text import render_text, report_console
    from harness.run.folder import find_run
    from harness.run.judging import judge_folder, write_report

    folder = find_run(run, runs)
    judged = judge_folder(folder)
    made = write_report(folder, judged)
    with may_leave():
        if as_json:
            click.echo((folder.path / "run.json").read_text(encoding="utf-8").rstrip())
        else:
            render_text(made, report_console())
    return EXIT_CODES[judged.judgement.outcome]
