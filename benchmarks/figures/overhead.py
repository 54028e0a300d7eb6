"""What lockout costs beyond what it is for: a warm run without its timeline, beside the floor, turn and turn about."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.floor_spec import write_floor_spec
from benchmarks.phases import between_lines, phases
from benchmarks.processes import LOCKOUT, ROOT, Ran, run
from benchmarks.result import Breakdown, Figure, FigureResult, NotMeasured, Row, Wish, medians

SCENARIO = "vault-outage"
RUNS = 3
TARGET = 1.5  # times the floor
VERDICTS = (0, 1, 3)  # exit codes of a run that ended in a verdict


def measure(wish: Wish) -> FigureResult:
    from harness.lab.engine import ensure_engine
    from harness.lab.plugins import ensure_compose
    from harness.run.folder import RunFolder
    from harness.run.prepare import prepare
    from harness.scenario.catalogue import resolve_scenario

    compose, engine = ensure_compose(), ensure_engine()
    prepared = prepare(resolve_scenario(SCENARIO, ROOT / "scenarios"), compose)
    length = prepared.plan.length
    harness: list[float] = []
    floor: list[float] = []
    split: list[dict[str, float]] = []
    steps: list[dict[str, float]] = []
    lines: list[dict[str, float]] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lockout-bench-") as folder:
        wish.say("overhead: warming up (one run of vault-outage)")
        _lockout(Path(folder) / "warm-up")
        for number in range(1, wish.repetitions(RUNS) + 1):
            wish.say(f"overhead: pair {number} of {wish.repetitions(RUNS)}")
            ran, run_folder = _lockout(Path(folder) / str(number))
            harness.append(ran.seconds - length)
            cpu.append(ran.cpu)
            split.append(_phases(run_folder, ran, length))
            lines.append(between_lines(ran.stderr, ran.seconds))
            images = {image.name: image.ref for image in RunFolder(run_folder).read_info().images}
            spec = write_floor_spec(prepared, images, run_folder, compose.command, engine.environment())
            plain = run([sys.executable, str(ROOT / "benchmarks" / "floor.py"), str(spec)])
            floor.append(plain.seconds)
            steps.append(json.loads(plain.stdout))
    pairs = sorted(a / b for a, b in zip(harness, floor, strict=True))
    breakdowns = [
        Breakdown("lockout run beyond its timeline, median by phase", "s", medians(split)),
        Breakdown("the floor, median by step", "s", medians(steps)),
    ]
    if wish.verbose:
        breakdowns.append(Breakdown("lockout run from one line of progress to the next, median", "s", medians(lines)))
    return FigureResult(
        "overhead",
        (
            Row(
                f"lockout run, beyond its {length:g} s",
                "s",
                tuple(harness),
                target=TARGET,
                floor=tuple(floor),
            ),
            Row("the floor: a plain script", "s", tuple(floor)),
        ),
        tuple(breakdowns),
        (
            f"ratios of the pairs: {pairs[0]:.2f} to {pairs[-1]:.2f}; "
            f"lockout itself used {medians([{'s': one} for one in cpu])['s']:.1f} s of CPU, timeline included",
        ),
    )


def _lockout(runs: Path) -> tuple[Ran, Path]:
    """A run, and the one run folder that it left in *runs*."""
    ran = run([LOCKOUT, "run", SCENARIO, "--runs", str(runs), "--scenarios", str(ROOT / "scenarios")], good=VERDICTS)
    folders = [path.parent for path in runs.glob("*/events.jsonl")]
    if len(folders) != 1:
        raise NotMeasured(f"a run left {len(folders)} run folders")
    return ran, folders[0]


def _phases(folder: Path, ran: Ran, length: float) -> dict[str, float]:
    from harness.history.reader import read_events

    return phases(read_events(folder / "events.jsonl"), ran.began, ran.ended, length)


FIGURE = Figure("overhead", "a warm run of vault-outage beyond its timeline, against a plain script", measure)
