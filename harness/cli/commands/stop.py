from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.cli.options import complete_open_run, invoked_as, json_option

if TYPE_CHECKING:
    from harness.lab.lever import Pull
    from harness.run.open_runs import OpenRun

LONGEST_WAIT = 600.0  # seconds; undoing and tearing down take far less


@click.command("stop", short_help="End all runs of yours on this machine and refuse new ones, or end one.")
@click.argument("run", required=False, shell_complete=complete_open_run)
@click.option("--reason", default="", metavar="TEXT", help="Why; it goes into the reports of the runs that end.")
@click.option("--wait", is_flag=True, help="Return when all of them have ended.")
@click.option("--release", is_flag=True, help="Release the lever, so that runs can be started again.")
@json_option
def command(run: str | None, reason: str, wait: bool, release: bool, as_json: bool) -> int:
    """Pull the stop lever: every run undoes its faults, proves it, removes its lab and ends; new ones are refused.

    The lever stays pulled until '--release'. It is a file (see 'lockout doctor'): whoever can make it or remove it
    needs no lockout for that. With RUN (an id or its beginning) only that run is ended, with what else the same command
    would have run, and the lever stays as it is. A run that was stopped is inconclusive.

    Exit code 1 when with '--wait' a run does not end.
    """
    from harness.lab import lever
    from harness.run.open_runs import open_runs

    if release:
        if run or reason or wait:
            raise click.UsageError("'--release' stands alone")
        return _tell_released(lever.release(), as_json)
    runs = open_runs()
    alive = [one for one in runs if one.alive]
    if run is not None:
        alive = [_meant(run, runs)]
    pulled = lever.pull(reason) if run is None else None
    for one in alive:
        # For each by itself, too: the lever may be released before they have looked at it.
        if one.pid:
            lever.stop_process(one.pid, reason)
    dead = [one for one in runs if not one.alive] if run is None else []
    if not as_json:
        _tell(pulled, alive, dead)
    left = _wait_for(alive) if wait else []
    if as_json:
        _tell_json(pulled, alive, dead, left if wait else None)
    elif wait:
        click.echo(f"still going on: {', '.join(left)}" if left else "all of it is undone and removed", err=bool(left))
    return 1 if left else 0


def _meant(text: str, runs: tuple[OpenRun, ...]) -> OpenRun:
    """The run that is going on and is called *text*, or begins with it. Raises click.UsageError."""
    from harness.scenario.problems import unknown

    found = [one for one in runs if text in (one.run, one.folder.name)]
    found = found or [one for one in runs if one.run.startswith(text) or one.folder.name.startswith(text)]
    alive = [one for one in found if one.alive]
    if len(alive) == 1:
        return alive[0]
    if alive:
        raise click.UsageError(f"{text!r} could be any of: {', '.join(one.folder.name for one in alive)}")
    if found:
        raise click.UsageError(f"run {found[0].run} was killed; '{invoked_as()} heal' puts right what it left")
    going_on = [one.folder.name for one in runs if one.alive]
    raise click.UsageError(unknown("run", text, going_on) if going_on else f"no run {text!r}: none is going on")


def _tell(pulled: Pull | None, alive: list[OpenRun], dead: list[OpenRun]) -> None:
    for one in alive:
        click.echo(f"{one.folder.name}: ends now; it undoes its faults and removes its lab")
    if not alive:
        click.echo("no run is going on")
    for one in dead:
        click.echo(f"{one.run}: was killed earlier; '{invoked_as()} heal' puts right what it left", err=True)
    if pulled is not None:
        click.echo(f"new runs are refused until '{invoked_as()} stop --release', or until {pulled.path} is removed")


def _tell_released(was_pulled: bool, as_json: bool) -> int:
    import json

    if as_json:
        click.echo(json.dumps({"released": was_pulled}))
    else:
        click.echo("released: runs can be started again" if was_pulled else "the lever was not pulled")
    return 0


def _tell_json(pulled: Pull | None, alive: list[OpenRun], dead: list[OpenRun], left: list[str] | None) -> None:
    import json

    document = {
        "lever": str(pulled.path) if pulled else None,
        "ending": [one.folder.name for one in alive],
        "killed_earlier": [one.run for one in dead],
    }
    click.echo(json.dumps(document if left is None else document | {"still_going_on": left}))


def _wait_for(alive: list[OpenRun]) -> list[str]:
    """Names of those that have not ended after a long time."""
    from harness.lab.waiting import wait_for
    from harness.run.open_runs import open_runs

    meant = {one.run for one in alive}

    def left() -> list[str]:
        return [one.folder.name for one in open_runs() if one.alive and one.run in meant]

    return [] if wait_for(lambda: not left(), LONGEST_WAIT, poll=0.2) else left()
