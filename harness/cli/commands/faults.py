from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.columns import columns as _columns
from harness.cli.columns import hanging as _hanging
from harness.cli.options import complete_fault, json_option, scenarios_option, scenarios_root
from harness.cli.reader import may_leave

if TYPE_CHECKING:
    from harness.cli.fault_facts import FaultFacts
    from harness.cli.schema_rows import Row

WIDE = 120  # columns from which on a fault is told in one line; when nobody reads, so that grep finds all of it


@click.group("faults", invoke_without_command=True, short_help="List all faults, or explain one.")
@click.option("--group", metavar="LETTER", help="Only those of this group of the catalogue, such as C.")
@click.option("--role", metavar="ROLE", help="Only those that a service of this role can take, such as vault.")
@json_option
@click.pass_context
def command(ctx: click.Context, group: str | None, role: str | None, as_json: bool) -> int:
    """List all faults by group: whom each can be aimed at, its arguments, and what happens."""
    if ctx.invoked_subcommand is not None:
        if group or role or as_json:
            raise click.UsageError(f"write options behind '{ctx.invoked_subcommand}'")
        return 0
    from harness.cli.fault_facts import all_facts
    from harness.faults.groups import GROUPS
    from harness.scenario.problems import unknown
    from harness.topology.model import BLOCKS

    if group is not None and group.upper() not in GROUPS:
        raise click.BadParameter(unknown("group", group, GROUPS), param_hint="--group")
    if role is not None and role not in BLOCKS:
        raise click.BadParameter(unknown("role", role, BLOCKS), param_hint="--role")
    found = [
        one
        for one in all_facts()
        if (group is None or one.group == group.upper()) and (role is None or role in one.roles)
    ]
    with may_leave():
        if as_json:
            _print_json([_document(one) for one in found])
        elif not found:
            click.echo("no fault is of that group and can be aimed at that role", err=True)
        else:
            for line in _listed(found):
                click.echo(line)
    return 0


@command.command("show", short_help="Explain one fault.")
@click.argument("fault", metavar="ID", shell_complete=complete_fault)
@json_option
@scenarios_option
def show(fault: str, as_json: bool, scenarios: Path | None) -> int:
    """Explain the fault ID: what it does and to whom, its arguments, a step to paste, and scenarios that use it."""
    from harness.cli.fault_facts import facts_of, snippet
    from harness.faults import registry
    from harness.scenario.catalogue import steps_with
    from harness.scenario.problems import closest

    if fault not in registry.fault_names():
        guess = closest(fault, registry.fault_names())
        hint = f", did you mean {guess!r}?" if guess else ";"
        raise click.UsageError(f"unknown fault {fault!r}{hint} known: {', '.join(registry.fault_names())}")
    one = facts_of(registry.get(fault))
    used = steps_with(fault, scenarios_root(scenarios))
    step = snippet(one, next((step for _, step in used), None))
    names = list(dict.fromkeys(entry.name for entry, _ in used))
    with may_leave():
        if as_json:
            _print_json(_document(one) | {"explanation": one.explanation, "example": step, "scenarios": names})
        else:
            summaries = {entry.name: entry.summary for entry, _ in used}
            for line in _explained(one, step, [(name, summaries[name]) for name in names]):
                click.echo(line)
    return 0


def _listed(found: Sequence[FaultFacts]) -> Iterator[str]:
    columns = _columns()
    name_width = max(len(one.name) for one in found)
    role_width = max(len(" or ".join(one.roles)) for one in found)
    group = ""
    for one in found:
        if one.group != group:
            if group:
                yield ""
            group = one.group
            yield click.style(one.heading, bold=True)
        roles, args = " or ".join(one.roles), _with(one.rows)
        how = "operator" if one.operator else one.lasting
        if columns is None or columns >= WIDE:
            head = f"  {one.name:<{name_width}}  {roles:<{role_width}}  {how:<8}  "
            text = f"{one.summary} {args}".strip()
            yield from _hanging(head, text, columns)
        else:
            yield f"  {click.style(one.name, bold=True)}  on {roles}, {how}"
            yield from _hanging("    ", one.summary, columns)
            if args:
                yield from _hanging("    ", args, columns)


def _with(rows: Sequence[Row]) -> str:
    """``[with: workloads, remaining=2s, role (required)]``."""
    cells = []
    for row in rows:
        default = row.default.strip("`")
        cells.append(f"{row.name} ({default})" if default == "required" else f"{row.name}={default}".rstrip("="))
    return f"[with: {', '.join(cells)}]" if cells else ""


def _explained(one: FaultFacts, step: str, used: Sequence[tuple[str, str]]) -> Iterator[str]:
    from harness.scenario.base import format_duration

    columns = _columns()
    summary, _, rest = one.explanation.replace("``", "'").partition("\n")
    yield click.style(one.name, bold=True)
    yield from _hanging("  ", summary, columns)
    for paragraph in filter(None, (" ".join(part.split()) for part in rest.split("\n\n"))):
        yield ""
        yield from _hanging("  ", paragraph, columns)
    yield ""
    lasting = (
        "happens in an instant: no 'for'" if one.instant else f"needs 'for', at most {format_duration(one.longest)}"
    )
    facts = {
        "group": one.heading,
        "aimed at": f"a service of role {' or '.join(one.roles)}",
        "lasts": lasting,
        "needs to itself": ", ".join(one.holds) or "nothing: it may overlap with any other",
    }
    if one.operator:
        facts["who"] = "the act of a person: write 'operator:' instead of 'fault:'"
    for name, text in facts.items():
        yield from _hanging(f"  {name:<15}  ", text, columns)
    yield ""
    yield click.style("arguments" if one.rows else "takes no arguments", bold=True)
    width = max((len(row.name) for row in one.rows), default=0)
    for row in one.rows:
        default = "required" if row.default == "required" else f"default {row.default.strip('`') or 'none'}"
        text = f"{row.kind.replace('`', '')}, {default}. {row.meaning.replace('`', '')}".strip()
        yield from _hanging(f"  {row.name:<{width}}  ", text, columns)
    yield ""
    yield click.style("example", bold=True)
    yield from (f"  {line}" for line in step.splitlines())
    yield ""
    yield click.style("scenarios" if used else "no scenario uses it", bold=True)
    width = max((len(name) for name, _ in used), default=0)
    for name, text in used:
        yield from _hanging(f"  {name:<{width}}  ", text, columns)


def _document(one: FaultFacts) -> dict[str, Any]:
    """For machines; its form is open to additions."""
    return {
        "name": one.name,
        "group": one.group,
        "summary": one.summary,
        "roles": one.roles,
        "instant": one.instant,
        "operator": one.operator,
        "longest_seconds": None if one.instant else one.longest,
        "holds": one.holds,
        "arguments": [
            {
                "name": row.name,
                "type": row.kind.replace("`", ""),
                "required": row.default == "required",
                "default": None if row.default in ("", "required") else row.default.strip("`"),
                "meaning": row.meaning,
            }
            for row in one.rows
        ],
    }


def _print_json(document: object) -> None:
    import json

    click.echo(json.dumps(document))
