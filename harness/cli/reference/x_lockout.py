"""The page of the ``x-lockout`` block."""

from __future__ import annotations

from harness.cli.reference.markdown import keys, prose
from harness.cli.schema_rows import Json, rows, words
from harness.topology.dependencies import EstateBlock
from harness.topology.model import BLOCKS


def x_lockout() -> list[str]:
    lines = [
        "# x-lockout",
        "",
        "The block that says what a Compose service is, by its `role`. Compose itself ignores it. How to use it: "
        "[How to bring your own system](../how-to-bring-your-own-system.md); for `needs` and `places`, "
        "[How to read failure domains](../how-to-read-failure-domains.md); for `break_glass`, `desk` and `witness`, "
        "[How to verify break-glass](../how-to-verify-break-glass.md).",
        "",
        "Compose turns interpolated values (`${PORT:-8080}`) into text, so whole numbers, `true` and `false` may also "
        "be texts here.",
        "",
    ]
    estate = EstateBlock.model_json_schema()
    shared: dict[str, Json] = dict(estate.get("$defs", {}))
    lines += _block("At the top of the file", estate)
    for role, model in BLOCKS.items():
        schema = model.model_json_schema()
        shared |= schema.get("$defs", {})
        lines += _block(f"role: {role}", schema)
    lines += ["# Parts of these blocks", ""]
    for name in sorted(shared):
        if "properties" in shared[name]:
            lines += _block(words(name), shared[name])
    return lines


def _block(title: str, schema: Json) -> list[str]:
    found = [row for row in rows(schema, {}) if title != f"role: {row.kind.strip('`')}"]
    about = list(prose(schema.get("description", "")))
    lines = [f"## {title}", "", *([*about, ""] if about else [])]
    return lines + (keys(found, "key") if found else ["No further keys.", ""])
