from __future__ import annotations

import click


@click.command("gc", short_help="Remove containers, networks and volumes of runs that are over, and old images.")
@click.option("--all", "everything", is_flag=True, help="Also those of runs that are still going on.")
def command(everything: bool) -> int:
    """Remove by label whatever earlier runs left, and images that no recipe leads to any more.

    Faults are not undone first; for that there is 'lockout heal'. Needs an engine, but installs and starts none.
    """
    from harness.lab import images
    from harness.lab.engine import find_engine_or_none
    from harness.run.healing import leftover_runs, living_runs, remove_run

    engine = find_engine_or_none()
    if engine is None:
        click.echo("no container engine is reachable, so there is nothing to remove")
        return 0
    alive = living_runs()
    left: list[str] = []
    found = leftover_runs(engine.client)
    stale = images.collect(engine)
    if not found and not stale:
        click.echo("nothing to remove")
    for run, count in sorted(found.items()):
        if run in alive and not everything:
            click.echo(f"{run}: still going on, left alone ({count} objects; --all removes them, too)")
            continue
        remaining = remove_run(run, engine.client)
        left.extend(remaining)
        click.echo(f"{run}: {count - len(remaining)} of {count} objects removed")
    for tag in stale:
        click.echo(f"image {tag}: removed, superseded")
    for text in left:
        click.echo(f"still there: {text}", err=True)
    return 1 if left else 0
