"""Runs every scenario many times and shows whether each gives the same verdict every time: ``make soak``.

Sameness is more than the exit code: the status of every claim about every workload must be the same, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.scenario.catalogue import find_scenarios

ROOT = Path(__file__).resolve().parent.parent


def one_run(scenario: Path, runs: Path) -> tuple[str, str]:
    """(scenario, everything that was decided about it, as text)."""
    command = [sys.executable, "-m", "harness.cli", "run", str(scenario), "--json", "--runs", str(runs)]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    name = scenario.name.removesuffix(".scenario.yaml")
    try:
        summary = json.loads(done.stdout)
    except ValueError:
        return name, f"exit {done.returncode}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}"
    claims = sorted(f"{one['workload']} {one['expectation']} {one['status']}" for one in summary["results"])
    return name, "\n".join([f"exit {done.returncode}, {summary['verdict']}", *claims])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="runs of each scenario (default 10)")
    parser.add_argument("--lanes", type=int, default=1, help="runs side by side (default 1)")
    parser.add_argument("--runs", type=Path, help="keep the run folders here")
    parser.add_argument("scenario", nargs="*", help="names; all scenarios when none is given")
    options = parser.parse_args()
    entries = find_scenarios(ROOT / "scenarios")
    if unknown := set(options.scenario) - {entry.name for entry in entries}:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if options.times < 1 or options.lanes < 1:
        parser.error("--times and --lanes must be at least 1")
    wanted = [entry.path for entry in entries if not options.scenario or entry.name in options.scenario]
    seen: dict[str, Counter[str]] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.lanes) as lanes:
        runs = options.runs or Path(scratch)
        jobs = [path for _ in range(options.times) for path in wanted]
        for name, decided in lanes.map(lambda path: one_run(path, runs), jobs):
            seen.setdefault(name, Counter())[decided] += 1
            print(f"{time.monotonic() - began:6.0f} s  {name}: {decided.splitlines()[0]}", flush=True)
    print()
    for name, counts in seen.items():
        print(f"{name:<30} {sum(counts.values())} runs, {len(counts)} different outcome{'s' * (len(counts) != 1)}")
        if len(counts) > 1:
            for decided, count in counts.most_common():
                print(f"  {count} ×\n    " + decided.replace("\n", "\n    "))
    same = all(len(counts) == 1 for counts in seen.values())
    green = all(decided.startswith("exit 0, pass") for counts in seen.values() for decided in counts)
    print("every scenario gave the same verdict every time" if same else "verdicts differed", flush=True)
    return 0 if same and green else 1


if __name__ == "__main__":
    raise SystemExit(main())
