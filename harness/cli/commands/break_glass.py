from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import (
    complete_run,
    complete_topology,
    images_option,
    invoked_as,
    json_option,
    resolve_topology,
    runs_option,
    writable,
)
from harness.cli.reader import may_leave

if TYPE_CHECKING:
    from harness.topology.break_glass import Procedure
    from harness.topology.model import Topology


@click.group("break-glass", short_help="Find out whether the emergency way in works, is isolated, and closes again.")
def command() -> None:
    """Drill the emergency procedures of a topology, and show what came of it.

    A procedure is declared under 'break_glass' in the x-lockout block at the top of a Compose file. Each drill ends in
    a card of thirteen properties. Access by break-glass alone is degraded, and no recovery.
    """


@command.command("drill", short_help="Go through the declared procedures under failures, and print their cards.")
@click.argument("topology", nargs=-1, required=True, shell_complete=complete_topology)
@click.option("--method", metavar="METHOD", help="Only procedures of this method, such as root-quorum.")
@click.option("--procedure", metavar="NAME", help="Only the procedure of this name.")
@click.option("--print", "print_only", is_flag=True, help="Print the scenario of each drill, and run nothing.")
@images_option
@json_option
@runs_option
def drill(
    topology: tuple[str, ...],
    method: str | None,
    procedure: str | None,
    print_only: bool,
    images: str,
    as_json: bool,
    runs: Path,
) -> int:
    """Go through the emergency procedures of TOPOLOGY: while all is well, and with each part of the normal path lost.

    TOPOLOGY is a Compose file, or the name of one in 'compose'; several are merged in this order. Each procedure is a
    run of its own, with a lab, a history, an undo ledger and reports as any other: 'lockout judge' judges it again.
    Exit codes as for 'lockout run'.
    """
    from harness.breakglass.plan import drill_scenario, scenario_text
    from harness.cli.progress import shown_progress
    from harness.lab.plugins import ensure_compose
    from harness.run.prepare import read_topology

    files = tuple(resolve_topology(name) for name in topology)
    with shown_progress() as progress:
        compose = ensure_compose(progress)
    _, read = read_topology(files, compose, {})
    names = _chosen(read, method, procedure)
    texts = {name: scenario_text(drill_scenario(name, read, files)) for name in names}
    if print_only:
        with may_leave():
            click.echo("---\n".join(texts.values()).rstrip())
        return 0
    return _run(texts, runs, images, as_json)


def _chosen(topology: Topology, method: str | None, procedure: str | None) -> list[str]:
    from harness.scenario.problems import unknown
    from harness.topology.break_glass import METHODS

    known: Mapping[str, Procedure] = topology.procedures
    if not known:
        raise click.BadParameter("declares no emergency procedure (x-lockout: break_glass)", param_hint="TOPOLOGY")
    if procedure is not None and procedure not in known:
        raise click.BadParameter(unknown("emergency procedure", procedure, known), param_hint="--procedure")
    if method is not None and method not in METHODS:
        raise click.BadParameter(unknown("method", method, METHODS), param_hint="--method")
    names = [
        name for name, one in topology.procedures.items() if procedure in (None, name) and method in (None, one.method)
    ]
    if not names:
        there = ", ".join(f"{name} ({one.method})" for name, one in topology.procedures.items())
        raise click.UsageError(f"no such procedure is declared; there are {there}")
    return names


def _run(texts: Mapping[str, str], runs: Path, images: str, as_json: bool) -> int:
    from tempfile import TemporaryDirectory

    from harness.breakglass.plan import NAME
    from harness.cli.commands.run import run_all
    from harness.lab.images import mode_from
    from harness.lab.lever import refuse_if_pulled
    from harness.run.runner import RunOptions
    from harness.scenario.catalogue import SUFFIX

    refuse_if_pulled(f"{invoked_as()} stop --release")
    options = RunOptions(runs=writable(runs), images=mode_from(images), command=invoked_as())
    with TemporaryDirectory(prefix="lockout-drill-") as folder:  # each run keeps a copy of its own
        paths = [Path(folder, f"{NAME}{name}{SUFFIX}") for name in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        return run_all(paths, options, None, as_json, share=True)


@command.command("show", short_help="Show the card of a drill again.")
@click.argument("run", default="latest", shell_complete=complete_run)
@json_option
@runs_option
def show(run: str, as_json: bool, runs: Path) -> int:
    """Show the card of RUN (a folder, a run's id or its beginning; the latest when absent), with its evidence.

    Judges the stored history and writes nothing. The exit code is that of the card alone: 0 when all thirteen hold, 1
    when one does not, 3 when something could not be told.
    """
    from harness.checks.verdict import EXIT_CODES, merge
    from harness.report.card import card_document
    from harness.report.text import render_card, report_console
    from harness.run.folder import find_run
    from harness.run.judging import judge_folder

    folder = find_run(run, runs)
    card = judge_folder(folder).judgement.card
    if card is None:
        raise click.UsageError(f"{folder.path} is no drill of break-glass; 'lockout break-glass drill' makes one")
    with may_leave():
        if as_json:
            import json

            click.echo(json.dumps(card_document(card)))
        else:
            render_card(card, report_console())
    return EXIT_CODES[merge(row.finding.outcome for row in card.rows)]
