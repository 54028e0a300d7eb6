"""How long the command takes to say something, as whole processes, beside an empty Python program."""

from __future__ import annotations

import sys

from benchmarks.import_times import costliest
from benchmarks.processes import LOCKOUT, run
from benchmarks.result import Breakdown, Figure, FigureResult, Row, Wish

RUNS = 15
TARGET = 0.25  # seconds
COMMANDS: dict[str, list[str]] = {
    "lockout --help": [LOCKOUT, "--help"],
    "lockout list": [LOCKOUT, "list"],
    "python -c pass": [sys.executable, "-c", "pass"],
}
ENTRY = "import sys; sys.argv = ['lockout', *sys.argv[1:]]; from harness.cli.main import main; main()"


def measure(wish: Wish) -> FigureResult:
    for command in COMMANDS.values():
        run(command)  # bytecode and page cache are warm after this
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(wish.repetitions(RUNS)):
        for name, command in COMMANDS.items():
            taken[name].append(run(command).seconds)
    rows = tuple(
        Row(name, "s", tuple(values), target=TARGET if name.startswith("lockout") else None)
        for name, values in taken.items()
    )
    return FigureResult("start-up", rows, _imports() if wish.verbose else ())


def _imports() -> tuple[Breakdown, ...]:
    found = []
    for argument in ("--help", "list"):
        told = run([sys.executable, "-X", "importtime", "-c", ENTRY, argument])
        parts = costliest([line for _, line in told.stderr], 12)
        found.append(Breakdown(f"costliest imports of lockout {argument}, without what they import", "ms", parts))
    return tuple(found)


FIGURE = Figure("start-up", "lockout --help and lockout list as whole processes", measure)
