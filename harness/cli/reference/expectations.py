"""The page of the expectations."""

from __future__ import annotations

from harness.checks import registry as checks
from harness.cli.reference.markdown import arguments_table, link, one_line, prose, table


def expectations() -> list[str]:
    lines = [
        "# Expectations",
        "",
        "What can be expected of a workload, or of the run as a whole, under `expect`. Each is judged from the history "
        "of the run alone: [How verdicts are made](../how-verdicts-are-made.md).",
        "",
        *table(
            ("expectation", "what is expected"),
            [(link(name), one_line(checks.get(name).summary)) for name in checks.names()],
        ),
    ]
    for name in checks.names():
        kind = checks.get(name)
        lines += [f"## {name}", "", *prose(kind.check.__doc__ or ""), "", *arguments_table(kind.Args)]
    return lines
