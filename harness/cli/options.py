"""Options that several commands share, and where things are looked for."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

import harness
from harness.lab.errors import EnvironmentUnusable


def scenarios_root(given: Path | None) -> Path:
    """--scenarios, else ``scenarios`` here, else the ones lockout comes with."""
    if given is not None:
        return given
    here = Path("scenarios")
    return here if here.is_dir() else Path(harness.__file__).resolve().parent.parent / "scenarios"


def topologies_root() -> Path:
    """``compose`` here, else the topologies that lockout comes with."""
    here = Path("compose")
    return here if here.is_dir() else Path(harness.__file__).resolve().parent.parent / "compose"


def resolve_topology(name: str) -> Path:
    """The Compose file *name*, given as a path or as the name of a topology in :func:`topologies_root`.

    Raises click.BadParameter when there is neither.
    """
    from harness.scenario.problems import unknown

    given = Path(name)
    if given.is_file():
        return given
    known = {path.stem: path for path in sorted(topologies_root().glob("*.yaml"))}
    if name in known:
        return known[name]
    if given.suffix in (".yaml", ".yml"):
        raise click.BadParameter(f"no such file: {name}", param_hint="TOPOLOGY")
    raise click.BadParameter(unknown("topology", name, known), param_hint="TOPOLOGY")


def existing(root: Path) -> Path:
    """*root*, if it is a folder. Raises click.BadParameter."""
    if not root.is_dir():
        raise click.BadParameter(f"no such folder: {root}", param_hint="--scenarios")
    return root


def invoked_as() -> str:
    """What to type to call this program again: ``lockout`` where the shell finds it, else its path."""
    program = Path(sys.argv[0])
    if program.name != "lockout" or shutil.which("lockout"):
        return "lockout"
    return os.path.relpath(program) if program.is_absolute() else str(program)


scenarios_option = click.option(
    "--scenarios",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LOCKOUT_SCENARIOS",
    help="Folder in which scenarios are looked up by name.",
)
runs_option = click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LOCKOUT_RUNS",
    default=Path("runs"),
    show_default=True,
    help="Folder of run folders.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout, for machines.")
images_option = click.option(
    "--images",
    type=click.Choice(["auto", "pull", "build", "present"]),
    envvar="LOCKOUT_IMAGES",
    default="auto",
    show_default=True,
    help="How images are obtained; auto is present, then pull, then build.",
)


def writable(folder: Path) -> Path:
    """*folder*, created. Raises EnvironmentUnusable when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentUnusable(
            f"{folder}: cannot create it: {error.strerror}", ("choose another with --runs",)
        ) from error
    return folder


def mention_dead_runs() -> None:
    """Tell on stderr of runs whose process was killed, so that nobody has to find out."""
    from harness.run.open_runs import open_runs

    for run in open_runs():
        if not run.alive:
            click.echo(
                f"note: run {run.run} was killed and may have left a fault on, or containers. "
                f"'{invoked_as()} heal' puts that right.",
                err=True,
            )


def complete_scenario(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of scenarios, for shell completion."""
    from harness.scenario.catalogue import find_scenarios

    del param
    root = scenarios_root(ctx.params.get("scenarios"))
    return [entry.name for entry in find_scenarios(root) if entry.name.startswith(incomplete)]


def complete_topology(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of topologies, for shell completion."""
    del ctx, param
    return sorted(path.stem for path in topologies_root().glob("*.yaml") if path.stem.startswith(incomplete))


def complete_open_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of runs that are going on, for shell completion."""
    from harness.run.open_runs import open_runs

    del ctx, param
    return [one.folder.name for one in open_runs() if one.alive and one.folder.name.startswith(incomplete)]


def complete_fault(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of faults, for shell completion."""
    from harness.faults.registry import fault_names

    del ctx, param
    return [name for name in fault_names() if name.startswith(incomplete)]


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of runs, for shell completion."""
    del param
    root = Path(ctx.params.get("runs") or "runs")
    found = sorted(path.name for path in root.glob("*") if (path / "events.jsonl").exists()) if root.is_dir() else []
    return [name for name in ["latest", *reversed(found)] if name.startswith(incomplete)]
