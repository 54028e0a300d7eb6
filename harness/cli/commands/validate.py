from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import complete_scenario, existing, json_option, scenarios_option, scenarios_root
from harness.cli.reader import may_leave


@click.command("validate", short_help="Check scenarios and their topologies without starting anything.")
@click.argument("scenario", nargs=-1, shell_complete=complete_scenario)
@json_option
@scenarios_option
def command(scenario: tuple[str, ...], as_json: bool, scenarios: Path | None) -> int:
    """Check SCENARIOs by name or path; all of them when none is given. Needs Compose, but no engine.

    Every problem is shown with file, line and column. Exit code 2 if there are any.
    """
    from harness.cli.progress import shown_progress
    from harness.lab.plugins import ensure_compose
    from harness.lab.project import ComposeRefused
    from harness.run.prepare import prepare
    from harness.scenario.catalogue import UnknownScenarioError, find_scenarios, resolve_scenario
    from harness.scenario.problems import DocumentError

    root = scenarios_root(scenarios)
    if scenario:
        paths = [resolve_scenario(name, root) for name in scenario]
    else:
        paths = [entry.path for entry in find_scenarios(existing(root))]
        if not paths:
            raise UnknownScenarioError(f"no scenarios in {root.resolve()}")
    with shown_progress() as progress:
        compose = ensure_compose(progress)
    problems: list[str] = []
    for path in paths:
        try:
            prepare(path, compose)
        except DocumentError as error:
            problems += [str(problem) for problem in error.problems]
        except ComposeRefused as error:
            problems.append(str(error))
    with may_leave():
        _show([str(path) for path in paths], problems, as_json)
    return 2 if problems else 0


def _show(paths: list[str], problems: list[str], as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps({"checked": paths, "problems": problems}))
        return
    for problem in problems:
        click.echo(problem, err=True)
    counted = f"{len(problems) or 'no'} problem{'s' * (len(problems) != 1)}"
    click.echo(f"{len(paths)} scenario{'s' * (len(paths) != 1)} checked, {counted}")
