"""The reference pages of the documentation, made from the code that they describe.

``python -m harness.cli.reference`` writes ``docs/reference/*.md``; a test fails when a page is no longer current.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from harness.checks import registry as checks
from harness.cli.main import cli
from harness.faults import registry as faults
from harness.run.conductor import GREEN_SPAN
from harness.scenario.base import StrictModel, format_duration
from harness.scenario.model import LONGEST_FAULT, SHORTEST_BASELINE, Scenario
from harness.topology.model import BLOCKS

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
NOTICE = "<!-- Written by `python -m harness.cli.reference`. Do not edit. -->"
SENTENCES_LEFT_OUT = re.compile(r"Source: failure catalogue, `[a-z-]+`[.;]\s*")

WRITTEN = {
    "topology": "text, or a list of texts",
    "expect_status": "whole number, or a list of them",
    "with": "mapping",
}
"""Keys whose schema is wider or narrower than what may be written."""

Json = Mapping[str, Any]
"""A piece of JSON Schema, which is open by nature."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key or argument: what may be written, whether it must be, and what it means."""

    name: str
    kind: str
    default: str
    meaning: str


def pages() -> dict[str, str]:
    """The text of every reference page by file name."""
    made = {
        "commands.md": _commands(),
        "faults.md": _faults(),
        "expectations.md": _expectations(),
        "scenario.md": _scenario(),
        "x-lockout.md": _x_lockout(),
    }
    return {name: "\n".join([NOTICE, "", *lines]).rstrip() + "\n" for name, lines in made.items()}


def _commands() -> list[str]:
    root = click.Context(cli, info_name="lockout")
    lines = ["# Commands", "", *_prose(cli.help or ""), ""]
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if command is None:
            continue
        context = click.Context(command, info_name=name, parent=root)
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        lines += [f"## {name}", "", *_prose(command.help or ""), "", "```text", usage, "```", ""]
        options = [
            one for one in command.get_params(context) if isinstance(one, click.Option) and "--help" not in one.opts
        ]
        lines += _table(("option", "meaning", "default", "variable"), [_option(one, context) for one in options])
    return lines


def _option(option: click.Option, context: click.Context) -> tuple[str, ...]:
    written = ", ".join(f"`{name}`" for name in option.opts)
    if not option.is_flag:
        written += " NUMBER" if isinstance(option.type, click.IntRange) else f" {option.make_metavar(context)}"
    default = f"`{option.default}`" if option.show_default else ""
    return written, option.help or "", default, f"`{option.envvar}`" if option.envvar else ""


def _faults() -> list[str]:
    lines = [
        "# Faults",
        "",
        "A step of a scenario's `timeline` names one of these under `fault` (or `operator`, for what a person does).",
        "`on` must be a service of the role given here. Arguments stand under `with`.",
        "",
        *_table(
            ("fault", "role", "what happens"),
            [
                (_link(name), _roles(faults.get(name).roles), _one_line(faults.get(name).summary))
                for name in faults.fault_names()
            ],
        ),
    ]
    for name in faults.fault_names():
        fault = faults.get(name)
        lasting = "Happens in an instant: no `for`." if fault.instant else "Lasts: needs `for`."
        who = "The act of a person: write `operator:` instead of `fault:`. " if fault.operator else ""
        lines += [f"## {name}", "", *_prose(type(fault).__doc__ or ""), ""]
        lines += [f"{who}Aimed at a service of role {_roles(fault.roles)}. {lasting}", ""]
        lines += _arguments(fault.Args)
    return lines


def _roles(roles: Iterable[str]) -> str:
    return " or ".join(f"`{role}`" for role in sorted(roles))


def _expectations() -> list[str]:
    lines = [
        "# Expectations",
        "",
        "What can be expected of a workload under `expect`. Each is judged from the history of the run alone: "
        "[How verdicts are made](../how-verdicts-are-made.md).",
        "",
        *_table(
            ("expectation", "what is expected"),
            [(_link(name), _one_line(checks.get(name).summary)) for name in checks.names()],
        ),
    ]
    for name in checks.names():
        kind = checks.get(name)
        lines += [f"## {name}", "", *_prose(kind.check.__doc__ or ""), "", *_arguments(kind.Args)]
    return lines


def _arguments(model: type[StrictModel]) -> list[str]:
    rows = _rows(model.model_json_schema(), {})
    return ["Takes no arguments.", ""] if not rows else _keys(rows, "argument")


def _scenario() -> list[str]:
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
        f"- A fault lasts `{format_duration(LONGEST_FAULT)}` at most.",
        "- YAML is read by the rules of YAML 1.2: `no` and `on` are text. Duplicate keys, merge keys (`<<`) and "
        "unknown keys are errors.",
        "- For completion in an editor, begin the file with a line "
        "`# yaml-language-server: $schema=<path>/schemas/scenario-v1.schema.json`.",
        "",
        *_keys(_rows(schema, _PLACES), "key"),
    ]
    titles = {
        "Step": "The fault or the operator's act, and when. Exactly one of `fault` and `operator`.",
        "Claims": "What is expected of one workload: besides these keys, one or more "
        "[expectations](expectations.md) with their arguments (`{}` for none).",
        "AcceptedRisk": "While the day of the run is not past `until`, these claims may fail without failing the run.",
        "StopCondition": "When to end a run early. Each entry has exactly one of these. The run is then inconclusive.",
        "Sampling": "How often each workload is probed.",
    }
    for name, text in titles.items():
        lines += [f"## {_PLACES[name]}", "", text, "", *_keys(_rows(definitions[name], _PLACES), "key")]
    return lines


_PLACES = {
    "Step": "timeline entry",
    "Claims": "expect entry",
    "AcceptedRisk": "accepted_risk",
    "StopCondition": "stop_if entry",
    "Sampling": "sampling",
    "StrictModel": "arguments",
}


def _x_lockout() -> list[str]:
    lines = [
        "# x-lockout",
        "",
        "The block that says what a Compose service is, by its `role`. Compose itself ignores it. How to use it: "
        "[How to bring your own system](../how-to-bring-your-own-system.md).",
        "",
        "Compose turns interpolated values (`${PORT:-8080}`) into text, so whole numbers, `true` and `false` may also "
        "be texts here.",
        "",
    ]
    shared: dict[str, Json] = {}
    for role, model in BLOCKS.items():
        schema = model.model_json_schema()
        shared |= schema.get("$defs", {})
        lines += _block(f"role: {role}", schema)
    lines += ["# Parts of these blocks", ""]
    for name in sorted(shared):
        if "properties" in shared[name]:
            lines += _block(_words(name), shared[name])
    return lines


def _block(title: str, schema: Json) -> list[str]:
    rows = [row for row in _rows(schema, {}) if title != f"role: {row.kind.strip('`')}"]
    about = list(_prose(schema.get("description", "")))
    lines = [f"## {title}", "", *([*about, ""] if about else [])]
    return lines + (_keys(rows, "key") if rows else ["No further keys.", ""])


def _rows(schema: Json, places: Mapping[str, str]) -> list[Row]:
    """The keys of an object's schema. *places* names headings for definitions that are not named by their class."""
    required = set(schema.get("required", ()))
    rows = []
    for name, part in schema.get("properties", {}).items():
        kind = WRITTEN.get(name) or _kind(part, places)
        rows.append(Row(name, kind, _default(name, part, required), _meaning(part)))
    return rows


def _meaning(part: Json) -> str:
    """Its description, which stands one level down where the key may also be left out."""
    found = [
        part,
        *part.get("anyOf", ()),
        *(deeper for one in part.get("anyOf", ()) for deeper in one.get("anyOf", ())),
    ]
    return next((str(one["description"]) for one in found if "description" in one), "")


def _default(name: str, part: Json, required: set[str]) -> str:
    if name in required:
        return "required"
    value = part.get("default")
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, float) and _is_duration(part):
        value = format_duration(value)
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _is_duration(part: Json) -> bool:
    return "500ms" in part.get("examples", ())


def _kind(part: Json, places: Mapping[str, str]) -> str:
    """What may be written, in words."""
    for key in ("anyOf", "oneOf"):
        if key in part:
            return " or ".join(dict.fromkeys(_kind(one, places) for one in part[key] if one.get("type") != "null"))
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        heading = places.get(name) or _words(name)
        return f"[{heading}](#{slug(heading)})" if name != "StrictModel" else "mapping"
    if "const" in part:
        return f"`{json.dumps(part['const']) if not isinstance(part['const'], str) else part['const']}`"
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    if _is_duration(part):
        return "duration"
    return _plain_kind(part, places)


def _plain_kind(part: Json, places: Mapping[str, str]) -> str:
    kind = part.get("type")
    if kind == "array":
        items = _kind(part.get("items", {}), places)
        return "list of texts" if items == "text" else f"list; each: {items}"
    if kind == "object":
        values = part.get("additionalProperties")
        return f"mapping; values: {_kind(values, places)}" if isinstance(values, Mapping) and values else "mapping"
    if kind == "integer":
        low, high = part.get("minimum"), part.get("maximum")
        limits = f", {low} to {high}" if high is not None and low is not None else ""
        return f"whole number{limits}"
    named = {"string": "text", "boolean": "`true` or `false`", "number": "number"}
    return "date" if part.get("format") == "date" else named.get(str(kind), "any value")


def _keys(rows: Sequence[Row], what: str) -> list[str]:
    cells = [(f"`{row.name}`", row.kind, row.default, row.meaning) for row in rows]
    return _table((what, "type", "default", "meaning"), cells)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table with an empty line after it, without columns that have nothing to say; nothing for no rows."""
    body = list(rows)
    if not body:
        return []
    used = [i for i in range(len(head)) if any(row[i] for row in body)]
    lines = [head, ["---"] * len(head), *body]
    return [*("| " + " | ".join(_cell(line[i]) for i in used) + " |" for line in lines), ""]


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")


def _visible(text: str) -> str:
    """*text* with what looks like a tag written so that it is shown; code is shown as it is anyway."""
    parts = text.split("`")
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(parts))


def _prose(text: str) -> Iterator[str]:
    """A docstring as Markdown: one line a paragraph, one empty line between two."""
    paragraphs = [_one_line(part) for part in re.split(r"\n\s*\n", inspect.cleandoc(text))]
    yield from "\n\n".join(part for part in paragraphs if part).splitlines()


def _one_line(text: str) -> str:
    return _visible(SENTENCES_LEFT_OUT.sub("", " ".join(text.replace("``", "`").split())).strip())


def _words(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name).lower()


def _link(heading: str) -> str:
    return f"[{heading}](#{slug(heading)})"


def slug(heading: str) -> str:
    """The anchor that a heading gets in rendered Markdown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {FOLDER / name}\n")


if __name__ == "__main__":
    main()
