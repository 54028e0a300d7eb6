"""The page of the scenario file."""

from __future__ import annotations

from pydantic import RootModel

from harness.awaited import registry as awaited
from harness.checks import registry as checks
from harness.cli.reference.markdown import arguments_table, keys, link, one_line, prose, table
from harness.cli.schema_rows import Json, rows, slug
from harness.run.conductor import GREEN_SPAN
from harness.scenario.base import LONGEST_FAULT, format_duration
from harness.scenario.model import Scenario
from harness.scenario.order import SHORTEST_BASELINE
from harness.stops import registry as stops


def scenario() -> list[str]:
    schema = Scenario.model_json_schema()
    definitions: dict[str, Json] = dict(schema["$defs"])
    claims = dict(definitions["Claims"])
    claims["properties"] = {key: value for key, value in claims["properties"].items() if key != "expectations"}
    definitions["Claims"] = claims
    lines = [
        "# Scenario files",
        "",
        "One experiment in one file `<name>.scenario.yaml`. How to write one: "
        "[How to write a scenario](../how-to-write-a-scenario.md).",
        "",
        "- A duration is a number with a unit: `500ms`, `20s`, `2m`, `1h`. A bare number is refused.",
        f"- Time 0 is when all workloads have been green for `{format_duration(GREEN_SPAN)}`. `at` counts from there; "
        f"the first step comes no earlier than `{format_duration(SHORTEST_BASELINE)}`.",
        f"- A fault lasts `{format_duration(LONGEST_FAULT)}` at most; [some](faults.md) less.",
        "- Two steps whose windows overlap must not need the same thing of one service to themselves, such as its "
        "container; what each fault needs is told at [the faults](faults.md). Windows may touch. That of a step that "
        "waits is taken as wide as it may be, unless it waits for the other to be undone.",
        "- YAML is read by the rules of YAML 1.2: `no` and `on` are text. Duplicate keys, merge keys (`<<`) and "
        "unknown keys are errors.",
        "- For completion in an editor, begin the file with a line "
        "`# yaml-language-server: $schema=<path>/schemas/scenario-v1.schema.json`.",
        "",
        *keys(rows(schema, _PLACES), "key"),
    ]
    titles = {
        "Step": "The fault or the operator's act, and when. Exactly one of `fault` and `operator`, of `at` and `when`, "
        "and, unless it happens in an instant, of `for` and `until`.",
        "Claims": "What is expected of one workload: besides these keys, one or more "
        "[expectations](expectations.md) with their arguments (`{}` for none). An entry without `workload` is about "
        "the run as a whole: " + " and ".join(_about_run()) + ".",
        "AcceptedRisk": "While the day of the run is not past `until`, these claims may fail without failing the run.",
        "Sampling": "How often each workload is probed.",
    }
    for name, text in titles.items():
        lines += [f"## {_PLACES[name]}", "", text, "", *keys(rows(definitions[name], _PLACES), "key")]
    return [*lines, *_awaited(), *_stop_if()]


def _about_run() -> list[str]:
    names = [name for name in checks.names() if checks.get(name).Args.about_run]
    return [f"[{name}](expectations.md#{slug(name)})" for name in names]


def _awaited() -> list[str]:
    """What a step may wait for, each with a heading of its own."""
    kinds = [awaited.get(name) for name in awaited.names()]
    lines = [
        f"## {_PLACES['Awaited']}",
        "",
        "What a step begins with, or is undone with. Exactly one of these, written as `{token-expired: orders}`, as "
        "`{token-expired: {workload: orders, for: 3s}}`, or as its name alone if it needs no argument. A step waits "
        "from when the one that is written before it has begun, the first one from "
        f"`{format_duration(SHORTEST_BASELINE)}` on; an end waits from the begin of its own step. What is not seen in "
        "time ends the run: the faults are undone, and the run is inconclusive.",
        "",
        *table(
            ("observation", "alone", "meaning"),
            [(link(kind.name), f"`{kind.Args.alone}`", one_line(kind.summary)) for kind in kinds],
        ),
    ]
    for kind in kinds:
        lines += [f"### {kind.name}", "", *prose(kind.seen.__doc__ or ""), "", *arguments_table(kind.Args)]
    return lines


def _stop_if() -> list[str]:
    """The stop conditions that there are; those that take more than one value have a heading of their own."""
    lines = [
        f"## {_PLACES['StopCondition']}",
        "",
        "When to end a run early. Each entry is exactly one of these. The faults are undone, the lab is removed, and "
        "the run is inconclusive, unless a claim has failed already.",
        "",
    ]
    kinds = [stops.get(name) for name in stops.names()]
    alone = {kind.name: issubclass(kind.Args, RootModel) for kind in kinds}
    cells = [
        (
            f"`{kind.name}`" if alone[kind.name] else link(kind.name),
            "duration" if alone[kind.name] else "mapping",
            one_line(kind.summary),
        )
        for kind in kinds
    ]
    lines += table(("condition", "takes", "meaning"), cells)
    for kind in kinds:
        if not alone[kind.name]:
            lines += [f"### {kind.name}", "", one_line(kind.summary), "", *arguments_table(kind.Args)]
    return lines


_PLACES = {
    "Step": "timeline entry",
    "Claims": "expect entry",
    "AcceptedRisk": "accepted_risk",
    "Awaited": "when and until",
    "StopCondition": "stop_if entry",
    "Sampling": "sampling",
    "StrictModel": "arguments",
}
