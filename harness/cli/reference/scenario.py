"""The page of the scenario file."""

from __future__ import annotations

from pydantic import RootModel

from harness.cli.reference.markdown import arguments_table, keys, link, one_line, table
from harness.cli.schema_rows import Json, rows
from harness.run.conductor import GREEN_SPAN
from harness.scenario.base import LONGEST_FAULT, format_duration
from harness.scenario.model import Scenario
from harness.scenario.timeline import SHORTEST_BASELINE
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
        "container; what each fault needs is told at [the faults](faults.md). Windows may touch.",
        "- YAML is read by the rules of YAML 1.2: `no` and `on` are text. Duplicate keys, merge keys (`<<`) and "
        "unknown keys are errors.",
        "- For completion in an editor, begin the file with a line "
        "`# yaml-language-server: $schema=<path>/schemas/scenario-v1.schema.json`.",
        "",
        *keys(rows(schema, _PLACES), "key"),
    ]
    titles = {
        "Step": "The fault or the operator's act, and when. Exactly one of `fault` and `operator`.",
        "Claims": "What is expected of one workload: besides these keys, one or more "
        "[expectations](expectations.md) with their arguments (`{}` for none).",
        "AcceptedRisk": "While the day of the run is not past `until`, these claims may fail without failing the run.",
        "Sampling": "How often each workload is probed.",
    }
    for name, text in titles.items():
        lines += [f"## {_PLACES[name]}", "", text, "", *keys(rows(definitions[name], _PLACES), "key")]
    return lines + _stop_if()


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
    "StopCondition": "stop_if entry",
    "Sampling": "sampling",
    "StrictModel": "arguments",
}
