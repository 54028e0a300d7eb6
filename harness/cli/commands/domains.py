from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.columns import columns, hanging
from harness.cli.options import complete_topology, json_option, resolve_topology
from harness.cli.reader import may_leave

if TYPE_CHECKING:
    from harness.domains.document import Json
    from harness.domains.model import Analysis, Estate
    from harness.domains.text import Row
    from harness.topology.model import Topology

ORDER = 4
MAPS = (".html", ".svg")


def _listed(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> frozenset[str]:
    del ctx, param
    return frozenset(name.strip() for part in value for name in part.split(",") if name.strip())


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    from harness.scenario.base import parse_duration

    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _map_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix not in MAPS:
        raise click.BadParameter(f"{value}: write a name that ends in {' or '.join(MAPS)}", ctx, param)
    return value


@click.command("domains", short_help="Tell who is locked out with what, before it happens.")
@click.argument("topology", nargs=-1, required=True, shell_complete=complete_topology)
@click.option("--lost", multiple=True, callback=_listed, metavar="A,B", help="Only tell what the loss of these means.")
@click.option(
    "--restarted", multiple=True, callback=_listed, metavar="A,B", help="With --lost: these are restarted meanwhile."
)
@click.option(
    "--for",
    "lasting",
    callback=_seconds,
    metavar="DURATION",
    help="With --lost: for how long, such as 30s. Else for good.",
)
@click.option("--order", type=click.IntRange(1), default=ORDER, show_default=True, help="Largest cut sets to look for.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_map_file,
    metavar="FILE.html|FILE.svg",
    help="Draw it into this file, which needs nothing else to be shown.",
)
@json_option
def command(
    topology: tuple[str, ...],
    lost: frozenset[str],
    restarted: frozenset[str],
    lasting: float | None,
    order: int,
    map_file: Path | None,
    as_json: bool,
) -> int:
    """Tell which losses lock which workloads of TOPOLOGY out, by what its x-lockout blocks say.

    TOPOLOGY is a Compose file, or the name of one in 'compose'; several are merged in this order. Starts nothing; needs
    Compose, but no engine.

    Exit code 1 if there is something to put right: components that depend on each other so that after a stop of all of
    them some do not come back, or a workload whose access paths share what each of them falls with, beside the
    resource that they lead to. With --lost it is always 0.
    """
    from harness.cli.progress import shown_progress
    from harness.domains.build import estate_of
    from harness.lab.plugins import ensure_compose
    from harness.run.prepare import read_topology

    if not lost and not restarted and lasting is not None:
        raise click.UsageError("--for goes with --lost")
    if map_file is not None and (lost or restarted):
        raise click.UsageError("--map draws the whole topology: leave out --lost and --restarted")
    files = tuple(resolve_topology(name) for name in topology)
    with shown_progress() as progress:
        compose = ensure_compose(progress)
    _, read = read_topology(files, compose, {})
    estate, title = estate_of(read), " + ".join(path.name for path in files)
    if lost or restarted:
        return _predict(estate, read, lost, restarted, lasting, as_json)
    return _analyse(estate, read, title, order, map_file, as_json)


def _predict(
    estate: Estate,
    topology: Topology,
    lost: frozenset[str],
    restarted: frozenset[str],
    lasting: float | None,
    as_json: bool,
) -> int:
    from harness.domains.document import prediction_document
    from harness.domains.predict import predict
    from harness.domains.text import predicted
    from harness.scenario.base import format_duration

    for option, names in (("--lost", lost), ("--restarted", restarted)):
        for name in sorted(names):
            _known(name, estate, topology, option)
    predictions = predict(estate, lost, lasting, restarted)
    what = [f"lost: {', '.join(sorted(lost)) or 'nothing'}"]
    if restarted:
        what.append(f"restarted: {', '.join(sorted(restarted))}")
    if lasting is not None:
        what.append(f"for {format_duration(lasting)}")
    with may_leave():
        if as_json:
            _print_json(
                {
                    "lost": sorted(lost),
                    "restarted": sorted(restarted),
                    "for_seconds": lasting,
                    "workloads": prediction_document(predictions),
                    "undeclared": list(estate.undeclared),
                }
            )
        else:
            _print_rows("; ".join(what), predicted(estate, predictions))
    return 0


def _known(name: str, estate: Estate, topology: Topology, option: str) -> None:
    from harness.scenario.problems import unknown

    if name in estate.component:
        return
    service = topology.services.get(name)
    if service is None:
        raise click.BadParameter(unknown("component", name, estate.component), param_hint=option)
    why = "the fault proxy is lockout's own" if service.role == "proxy" else "nothing is said to need it"
    raise click.BadParameter(f"{name!r} is no part of the estate: {why}", param_hint=option)


def _analyse(estate: Estate, topology: Topology, title: str, order: int, map_file: Path | None, as_json: bool) -> int:
    from harness.domains.analyse import analyse
    from harness.domains.document import analysis_document
    from harness.domains.families import Limits
    from harness.domains.text import findings, told
    from harness.domains.where import written

    analysis = analyse(estate, Limits(order=order))
    places = written(topology, (edge for cycle in analysis.cycles for edge in cycle.edges))
    if map_file is not None:
        _draw(estate, analysis, title, map_file)
    with may_leave():
        if as_json:
            _print_json({"topology": title, **analysis_document(estate, analysis, places)})
        else:
            counted = (
                f"{_count(estate.components, 'component')}, {_count(estate.workloads, 'workload')} with access paths"
            )
            for line in hanging("", f"{title}: {counted}", columns()):
                click.echo(line)
            for section in told(estate, analysis, places):
                click.echo()
                _print_rows(section.heading, section.rows)
            if map_file is not None:
                click.echo(f"\nmap: {map_file}")
    return 1 if findings(analysis) else 0


def _draw(estate: Estate, analysis: Analysis, title: str, file: Path) -> None:
    from harness.domains.map import render, render_svg

    draw = render_svg if file.suffix == ".svg" else render
    file.write_text(draw(estate, analysis, title), encoding="utf-8")


def _count(things: Sequence[object], what: str) -> str:
    return f"{len(things)} {what}{'s' * (len(things) != 1)}"


def _print_rows(heading: str, rows: Iterable[Row]) -> None:
    width = columns()
    click.echo(click.style(heading, bold=True))
    for row in rows:
        for line in hanging(row.head, row.text, width):
            click.echo(line)


def _print_json(document: Mapping[str, Json]) -> None:
    import json

    click.echo(json.dumps(document))
