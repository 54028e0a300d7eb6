from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import existing, json_option, scenarios_option, scenarios_root


@click.command("list", short_help="List scenarios.")
@json_option
@scenarios_option
def command(as_json: bool, scenarios: Path | None) -> int:
    """List all scenarios by group, each with its summary."""
    from harness.scenario.catalogue import find_scenarios

    root = existing(scenarios_root(scenarios))
    entries = find_scenarios(root)
    if as_json:
        import json

        rows = [
            {"name": e.name, "group": e.group, "path": str(e.path), "summary": e.summary, "problem": e.problem}
            for e in entries
        ]
        click.echo(json.dumps(rows))
        return 0
    if not entries:
        click.echo(f"no scenarios in {root.resolve()}", err=True)
        return 0
    width = max(len(entry.name) for entry in entries)
    group = None
    for entry in entries:
        if entry.group != group:
            group = entry.group
            click.echo(click.style(group or ".", bold=True))
        click.echo(f"  {entry.name:<{width}}  {entry.summary or entry.problem}")
    return 0
