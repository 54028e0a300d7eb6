"""The page of the faults."""

from __future__ import annotations

from collections.abc import Iterable

from harness.cli.fault_facts import FaultFacts, all_facts
from harness.cli.reference.markdown import arguments_table, link, one_line, prose, table
from harness.scenario.base import LONGEST_FAULT, format_duration


def faults() -> list[str]:
    lines = [
        "# Faults",
        "",
        "A step of a scenario's `timeline` names one of these under `fault` (or `operator`, for what a person does).",
        "`on` must be a service of the role given here. Arguments stand under `with`. `lockout faults` lists them, "
        "too, and `lockout faults show` explains one, with the scenarios that use it.",
        "",
    ]
    groups: dict[str, list[FaultFacts]] = {}
    for one in all_facts():
        groups.setdefault(one.heading, []).append(one)
    lines += table(
        ("group", "faults"),
        [(link(heading), ", ".join(link(one.name) for one in members)) for heading, members in groups.items()],
    )
    for heading, members in groups.items():
        lines += [f"## {heading}", ""]
        lines += table(
            ("fault", "role", "lasts", "what happens"),
            [(link(one.name), _roles(one.roles), one.lasting, one_line(one.summary)) for one in members],
        )
        for one in members:
            lines += _fault(one)
    return lines


def _fault(one: FaultFacts) -> list[str]:
    lasting = "Happens in an instant: no `for`."
    if not one.instant:
        lasting = f"Lasts: needs `for`, at most `{format_duration(one.longest)}`."
        if one.longest == LONGEST_FAULT:
            lasting = "Lasts: needs `for`."
    who = "The act of a person: write `operator:` instead of `fault:`. " if one.operator else ""
    holds = f" Needs to itself: {', '.join(f'`{thing}`' for thing in one.holds)}." if one.holds else ""
    lines = [f"### {one.name}", "", *prose(one.explanation), ""]
    lines += [f"{who}Aimed at a service of role {_roles(one.roles)}. {lasting}{holds}", ""]
    return lines + arguments_table(one.args)


def _roles(roles: Iterable[str]) -> str:
    return " or ".join(f"`{role}`" for role in roles)
