from __future__ import annotations

import click


@click.command("gc", short_help="Remove containers, networks and volumes of runs that are over, and old images.")
@click.option("--all", "everything", is_flag=True, help="Also those of runs that are still going on, or are not yours.")
def command(everything: bool) -> int:
    """Remove by label whatever earlier runs left, and images that no recipe leads to any more.

    Faults are not undone first; for that there is 'lockout heal'. Runs that another user or machine has on the same
    engine are left alone. Needs an engine, but installs and starts none.
    """
    from harness.lab import images
    from harness.lab.engine import find_engine_or_none
    from harness.run.healing import leftover_runs, living_runs, remove_run

    engine = find_engine_or_none()
    if engine is None:
        click.echo("no container engine is reachable, so there is nothing to remove")
        return 0
    left: list[str] = []
    found = leftover_runs(engine.client)
    alive = living_runs()  # afterwards: a run has its mark before it has a container
    stale = images.collect(engine)
    if not found and not stale:
        click.echo("nothing to remove")
    for run, leftover in sorted(found.items()):
        count = leftover.count
        if not everything and (run in alive or not leftover.ours):
            why = "still going on" if run in alive else "of another user, machine or state folder"
            click.echo(f"{run}: {why}, left alone ({count} objects; --all removes them, too)")
            continue
        remaining = remove_run(run, engine.client)
        left.extend(remaining)
        click.echo(f"{run}: {max(count - len(remaining), 0)} of {count} objects removed")
    for what in stale:
        click.echo(f"{what}: removed, not needed any more")
    for text in left:
        click.echo(f"still there: {text}", err=True)
    return 1 if left else 0
