from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.main import INCONCLUSIVE, INTERRUPTED
from harness.cli.options import (
    complete_scenario,
    images_option,
    invoked_as,
    json_option,
    runs_option,
    scenarios_option,
    scenarios_root,
    writable,
)
from harness.cli.reader import may_leave
from harness.lab.errors import EnvironmentUnusable

if TYPE_CHECKING:
    from harness.run.runner import RunDone, RunOptions


@click.command("run", short_help="Break the authentication layer as a scenario says, and judge the workloads.")
@click.argument("scenario", nargs=-1, required=True, shell_complete=complete_scenario)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeat the random choices of an earlier run.")
@click.option("--keep", is_flag=True, help="Leave the lab running afterwards; 'lockout gc' removes it.")
@click.option("--fresh", is_flag=True, help="A new lab for every run, also where runs could share one.")
@images_option
@json_option
@scenarios_option
@runs_option
def command(
    scenario: tuple[str, ...],
    seed: int | None,
    keep: bool,
    fresh: bool,
    images: str,
    as_json: bool,
    scenarios: Path | None,
    runs: Path,
) -> int:
    """Run one or more SCENARIOs, by name or path, one after the other.

    Everything is checked before anything is started. Those that have the same topology are run one after the other in
    the same lab, with new workloads each, for as long as it is as good as new. Each run leaves a folder with its
    evidence and reports. The exit code is that of the worst.
    """
    from harness.lab.images import mode_from
    from harness.lab.lever import refuse_if_pulled
    from harness.run.runner import RunOptions
    from harness.scenario.catalogue import resolve_scenario

    paths = [resolve_scenario(name, scenarios_root(scenarios)) for name in scenario]
    refuse_if_pulled(f"{invoked_as()} stop --release")
    options = RunOptions(runs=writable(runs), images=mode_from(images), keep=keep, command=invoked_as())
    return run_all(paths, options, seed, as_json, share=not fresh)


def run_all(paths: list[Path], options: RunOptions, seed: int | None, as_json: bool, share: bool) -> int:
    """Run the scenarios in *paths*, show each, and return the exit code of the worst."""
    from harness.cli.progress import shown_progress
    from harness.lab.engine import ensure_engine
    from harness.lab.lever import own_file, reason_to_stop
    from harness.lab.plugins import ensure_compose
    from harness.run.prepare import prepare
    from harness.run.series import Series
    from harness.run.signals import Interrupted, SignalGate, Stopped, watched

    codes: list[int] = []
    documents: list[str] = []
    gate = SignalGate()
    with gate.installed(), own_file(), watched(gate, reason_to_stop, for_good=True):
        try:
            with shown_progress() as progress:
                compose = ensure_compose(progress)
                prepared = [prepare(path, compose, seed) for path in paths]
                engine = ensure_engine(progress)
            series = Series(engine, compose, options, shown_progress, share)
            for done in series.runs(prepared, gate):
                codes.append(_show(done, documents if as_json else None))
                if done.signal is not None:
                    return INTERRUPTED
        except Stopped as stopped:
            if not codes:
                raise EnvironmentUnusable(f"no run was started: {stopped}") from None
            if not_run := len(paths) - len(codes):
                click.echo(f"{not_run} of {len(paths)} scenarios were not run: {stopped}", err=True)
                codes.append(INCONCLUSIVE)
        except Interrupted:
            where = f": {len(paths) - len(codes)} of {len(paths)} scenarios were not run" if codes else ""
            click.echo(f"interrupted{where or ' before anything was started'}", err=True)
            return INTERRUPTED
        finally:
            if documents:
                with may_leave():
                    click.echo(documents[0] if len(paths) == 1 else f"[{','.join(documents)}]")
    return _worst(codes)


def _show(done: RunDone, documents: list[str] | None) -> int:
    """Report on one run: on the terminal, or into *documents*. Returns its exit code."""
    from harness.checks.verdict import EXIT_CODES
    from harness.report.text import render_text, report_console
    from harness.run.judging import judge_folder, write_report
    from harness.run.ledger import outstanding

    judged = judge_folder(done.folder)
    made = write_report(done.folder, judged)
    for left in done.left:
        click.echo(f"left behind: {left}; 'lockout gc' removes it", err=True)
    if done.signal is not None and documents is None:
        name = signal.Signals(done.signal).name
        still_on = [f"{one.fault} on {one.target}" for one in outstanding(done.folder.ledger)]
        undone = f"not undone: {', '.join(still_on)}" if still_on else "every fault is undone"
        removed = "" if done.left else " and the lab is kept" if done.kept else " and the lab is removed"
        click.echo(f"interrupted ({name}): {undone}{removed}. Evidence so far: {done.folder.path}", err=True)
        return INTERRUPTED
    if documents is not None:
        documents.append((done.folder.path / "run.json").read_text(encoding="utf-8").rstrip())
    else:
        with may_leave():
            render_text(made, report_console())
    for hint in done.hints:
        click.echo(f"  {hint}", err=True)
    return EXIT_CODES[judged.judgement.outcome]


def _worst(codes: list[int]) -> int:
    """1 (fail) before 3 (inconclusive) before 0 (pass)."""
    return next((code for code in (1, 3) if code in codes), 0)
