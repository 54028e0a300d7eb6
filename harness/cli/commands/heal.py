from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option

if TYPE_CHECKING:
    from harness.run.healing import Healed


@click.command("heal", short_help="Undo what killed runs left on, and remove what they left behind.")
@json_option
def command(as_json: bool) -> int:
    """Undo faults that a killed run left on, from its ledger, verify that they are gone, and remove its containers.

    Exit code 1 when something could not be put right.
    """
    import json

    from harness.cli.progress import shown_progress
    from harness.lab.engine import ensure_engine
    from harness.run.healing import heal_runs
    from harness.run.open_runs import open_runs

    dead = [run for run in open_runs() if not run.alive]
    results = []
    if dead:
        with shown_progress() as progress:
            results = heal_runs(dead, lambda: ensure_engine(progress), progress.step)
    if as_json:
        click.echo(
            json.dumps(
                [
                    {"run": one.run, "undone": one.undone, "failed": one.failed, "left": one.left, "healed": one.whole}
                    for one in results
                ]
            )
        )
    elif not results:
        click.echo("nothing to heal: no killed run is known on this machine")
    for one in results if not as_json else ():
        click.echo(f"{one.run}: {_sentence(one)}, lab {'removed' if not one.left else 'not removed whole'}")
        for text in one.undone:
            click.echo(f"  undone: {text}")
        for text in one.failed:
            click.echo(f"  could not be undone: {text}", err=True)
        for text in one.left:
            click.echo(f"  still there: {text}", err=True)
    return 0 if all(one.whole for one in results) else 1


def _sentence(healed: Healed) -> str:
    undone = len(healed.undone)
    if undone == 0:
        return "nothing was undone" if healed.failed else "no fault was on"
    return f"{undone} fault{'s' * (undone != 1)} undone"
