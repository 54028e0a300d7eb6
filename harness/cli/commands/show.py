from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import complete_run, json_option, runs_option


@click.command("show", short_help="Show a run again, or list the runs there are.")
@click.argument("run", required=False, shell_complete=complete_run)
@json_option
@runs_option
def command(run: str | None, as_json: bool, runs: Path) -> int:
    """Show the result of RUN (a folder, a run's id or its beginning, or 'latest'); without RUN, list all runs.

    Reads what is stored and writes nothing.
    """
    from harness.report.summary import render_json
    from harness.report.text import render_text, report_console
    from harness.run.folder import find_run
    from harness.run.judging import judge_folder, report_input

    if run is None:
        return _list(runs, as_json)
    folder = find_run(run, runs)
    made = report_input(folder, judge_folder(folder))
    if as_json:
        click.echo(render_json(made))
    else:
        render_text(made, report_console())
    return 0


def _list(runs: Path, as_json: bool) -> int:
    import json

    from harness.report.summary import read_summary

    rows: list[dict[str, str]] = []
    for folder in sorted(runs.glob("*")) if runs.is_dir() else []:
        if not (folder / "events.jsonl").exists():
            continue
        try:
            summary = read_summary((folder / "run.json").read_text(encoding="utf-8"))
            rows.append({"run": folder.name, "verdict": str(summary.verdict), "scenario": summary.scenario})
        except (OSError, ValueError):
            rows.append({"run": folder.name, "verdict": "unfinished", "scenario": ""})
    if as_json:
        click.echo(json.dumps(rows))
    elif not rows:
        click.echo(f"no runs in {runs}")
    for row in rows if not as_json else ():
        click.echo(f"{row['verdict']:<12}  {row['run']}")
    return 0
