"""Time and memory of ``lockout judge`` on a history of a million events."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import LOCKOUT, run, run_for_peak
from benchmarks.result import Breakdown, Figure, FigureResult, NotMeasured, Row, Wish, medians

EVENTS = 1_000_000
RUNS = 3
TARGET_SECONDS, TARGET_MEGABYTES = 5.0, 500.0
VERDICTS = (0, 1, 3)
PROGRAM = [sys.executable, "-m", "benchmarks.judge_million"]


def measure(wish: Wish) -> FigureResult:
    whole: list[float] = []
    peak: list[float] = []
    parts: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="lockout-bench-") as temporary:
        folder = Path(temporary) / "million"
        written = int(run([*PROGRAM, "--write", str(folder), str(EVENTS)]).stdout)
        size = (folder / "events.jsonl").stat().st_size / 1e6
        for _ in range(wish.repetitions(RUNS)):
            ran, megabytes = run_for_peak([LOCKOUT, "judge", str(folder), "--json"], good=VERDICTS)
            if not ran.stdout.startswith("{"):
                raise NotMeasured("'lockout judge --json' gave no document")
            alone = run([*PROGRAM, "--judge", str(folder)])
            told = json.loads(alone.stdout)
            whole.append(ran.seconds)
            peak.append(megabytes)
            parts.append({"reading": told["read"], "checking": told["judge"]})
            parts[-1]["start, reports, output"] = ran.seconds - told["read"] - told["judge"]
    return FigureResult(
        "judge",
        (
            Row(f"lockout judge, {written:,} events", "s", tuple(whole), target=TARGET_SECONDS),
            Row("resident memory at most", "MB", tuple(peak), target=TARGET_MEGABYTES, statistic="max"),
        ),
        (Breakdown("lockout judge by part, median", "s", medians(parts)),),
        (f"{size:.0f} MB of history, {told['claims']:.0f} claims: every expectation, for each of five workloads",),
    )


FIGURE = Figure("judge", "lockout judge on a history of a million events", measure)
