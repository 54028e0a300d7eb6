"""``python -m benchmarks``: measures lockout itself and compares with what was aimed at."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.figures import figures
from benchmarks.result import Figure, FigureResult, NotMeasured, Wish, exit_code
from benchmarks.table import show
from harness import __version__
from harness.history.reader import HistoryError
from harness.lab.errors import EnvironmentUnusable

KNOWN = figures()


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--only", multiple=True, type=click.Choice(list(KNOWN)), help="Measure only this figure; repeatable.")
@click.option("--runs", type=click.IntRange(1, 1000), help="How often to measure each, instead of its own number.")
@click.option("--json", "into", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to this file.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a target is missed.")
@click.option("--verbose", is_flag=True, help="Show further where time goes: imports, lines of progress.")
def main(only: tuple[str, ...], runs: int | None, into: Path | None, strict: bool, verbose: bool) -> None:
    """Measure lockout itself: figures side by side with their targets.

    Takes about five minutes. A missed target is reported and is no error; a figure that could not be measured is one.
    """
    if into is not None and not into.resolve().parent.is_dir():
        raise click.BadParameter(f"there is no folder {into.parent}", param_hint="--json")
    wish = Wish(runs, verbose, lambda text: click.echo(text, err=True))
    began, machine = time.monotonic(), _machine()
    results = [_measure(figure, wish) for name, figure in KNOWN.items() if not only or name in only]
    took = time.monotonic() - began
    show(results)
    click.echo(f"\n{machine}; measured in {took:.0f} s")
    if into is not None:
        into.write_text(json.dumps(document(results, machine), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.exit(exit_code(results, strict=strict))


def _measure(figure: Figure, wish: Wish) -> FigureResult:
    wish.say(f"{figure.name}: {figure.summary}")
    try:
        return figure.measure(wish)
    except (NotMeasured, EnvironmentUnusable, HistoryError, OSError) as error:
        return FigureResult(figure.name, problem=str(error) or type(error).__name__)


def _machine() -> str:
    """What the figures are of, with how busy the machine is before anything is measured."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    busy = f", load {load:.1f} at the start" + (" (busy: figures come out worse)" if load > cores / 2 else "")
    return (
        f"lockout {__version__}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {cores} cores{busy}"
    )


def document(results: Sequence[FigureResult], machine: str) -> dict[str, object]:
    """All results as plain data."""
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": [result.as_document() for result in results],
    }


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
