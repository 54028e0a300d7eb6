"""Kills runs at random moments and looks whether ``lockout heal`` puts everything right: ``make soak-crash``.

The moments are drawn from a seed, over the whole life of a run from the first instruction to the removal of the lab.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import docker

from harness.lab.engine import ensure_engine
from harness.lab.progress import PlainLines
from harness.run.healing import leftover_runs
from harness.run.ledger import outstanding

ROOT = Path(__file__).resolve().parent.parent
LOCKOUT = (sys.executable, "-m", "harness.cli")
LONGEST = 300.0  # seconds for one command


@dataclass(frozen=True)
class Crash:
    """One kill and what came of it. ``wrong`` is empty when all is as it was before the run."""

    at: float  # seconds after the start
    phase: str  # the last one that its history tells of
    undone: int  # faults that heal took back
    took: float  # seconds that heal needed
    wrong: tuple[str, ...]


def environment(home: Path) -> dict[str, str]:
    """A state folder of its own, so that nobody else's runs are healed."""
    return {**os.environ, "XDG_STATE_HOME": str(home / "state"), "NO_COLOR": "1"}


def whole_life(scenarios: list[str], home: Path) -> float:
    """Seconds that the command takes when nobody kills it."""
    began = time.monotonic()
    command = [*LOCKOUT, "run", *scenarios, "--runs", str(home / "whole")]
    subprocess.run(
        command,
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    return time.monotonic() - began


def crash(scenarios: list[str], at: float, home: Path, client: docker.DockerClient) -> Crash:
    """Kill a run *at* seconds after its start, heal, and look what is left."""
    runs = home / "runs"
    command = [*LOCKOUT, "run", *scenarios, "--runs", str(runs)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(at)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    began = time.monotonic()
    healed = subprocess.run(
        [*LOCKOUT, "heal", "--json"],
        cwd=ROOT,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    took = time.monotonic() - began
    wrong: list[str] = []
    undone = 0
    if healed.returncode:
        wrong.append(f"heal ended with {healed.returncode}: {healed.stderr.strip().splitlines()[-1:]}")
    else:
        undone = sum(len(one["undone"]) for one in json.loads(healed.stdout))
    left = leftover_runs(client)
    wrong += [f"{left[run.name].count} objects of {run.name}" for run in sorted(runs.glob("*")) if run.name in left]
    wrong += [
        f"{path} is left"
        for path in sorted((home / "state").rglob("*.json"))
        if path.parent.name in ("open", "secrets")
    ]
    ledgers = sorted(runs.glob("*/ledger.jsonl"))
    wrong += [f"{one.fault} on {one.target} counts as on" for path in ledgers for one in outstanding(path)]
    return Crash(at, _phase(runs), undone, took, tuple(wrong))


def _phase(runs: Path) -> str:
    """The last phase that the newest history tells of; its last line may be torn."""
    histories = sorted(runs.glob("*/events.jsonl"))
    last = "before the history"
    for line in histories[-1].read_text(encoding="utf-8").splitlines() if histories else []:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("kind") == "phase.entered":
            last = str(event["phase"])
    return last


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="kills (default 50)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the moments of an earlier soak")
    parser.add_argument("scenario", nargs="*", default=["vault-outage", "expired-token"], help="run in one command")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else secrets.randbits(32)
    moments = random.Random(seed)
    client = ensure_engine(PlainLines()).client
    crashes = []
    with tempfile.TemporaryDirectory() as scratch:
        length = whole_life(options.scenario, Path(scratch))
        print(f"{' '.join(options.scenario)}: {length:.1f} s when nobody kills it; seed {seed}", flush=True)
        for number in range(options.times):
            home = Path(scratch) / str(number)
            home.mkdir()
            one = crash(options.scenario, moments.uniform(0.1, length), home, client)
            crashes.append(one)
            verdict = "healed" if not one.wrong else "; ".join(one.wrong)
            print(
                f"{one.at:6.1f} s  in {one.phase:<18} {one.undone} undone in {one.took:4.1f} s: {verdict}", flush=True
            )
    whole = sum(not one.wrong for one in crashes)
    print(f"{whole} of {len(crashes)} healed")
    return 0 if whole == len(crashes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
