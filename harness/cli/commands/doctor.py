from __future__ import annotations

import click

from harness.cli.options import images_option, json_option

MARKS = {"ok": ("✔", "green"), "todo": ("→", "cyan"), "warn": ("!", "yellow"), "missing": ("✘", "red")}


@click.command("doctor", short_help="Show what lockout needs: what is there, what would be done, and why.")
@images_option
@json_option
def command(images: str, as_json: bool) -> int:
    """Show every prerequisite and image. Changes nothing. Exit code 4 when something is missing that you must add."""
    from harness.lab.doctor import examine
    from harness.lab.images import mode_from

    checks = examine(mode=mode_from(images))
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps([asdict(check) for check in checks]))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            mark, colour = MARKS[check.status]
            click.echo(f"{click.style(mark, fg=colour)} {check.name:<{width}}  {check.what}")
            if check.why:
                click.echo(f"  {'':<{width}}  {click.style(check.why, dim=True)}")
    return 4 if any(check.status == "missing" for check in checks) else 0
