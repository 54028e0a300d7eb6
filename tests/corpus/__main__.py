"""``python -m tests.corpus``: run the scenarios and compare each verdict with the one that is stated."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from harness.report.summary import RunSummary, read_summary
from harness.scenario.problems import ScenarioError
from tests.corpus.catalogue import ROOT, Known, differences, known_scenarios, stub
from tests.corpus.score import score
from tests.corpus.stated import CorpusError, read_corpus
from tests.corpus.table import table


def run_all(wanted: Sequence[Known], runs: Path) -> list[RunSummary]:
    """One command for all, so that scenarios can share labs. What went wrong before a verdict has no summary."""
    command = [sys.executable, "-m", "harness.cli", "run", *(str(one.path) for one in wanted)]
    command += ["--json", "--runs", str(runs)]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    try:
        if len(wanted) == 1:
            return [read_summary(done.stdout)]
        return msgspec.json.decode(done.stdout, type=list[RunSummary])
    except msgspec.DecodeError:
        print(f"lockout run ended with exit code {done.returncode} and no summaries", flush=True)
        return []


def stored(folder: Path) -> list[RunSummary]:
    """The summaries of the runs below *folder*, the newest last; what cannot be read has none."""
    found = []
    for path in folder.glob("*/run.json"):
        with suppress(msgspec.DecodeError):
            found.append(read_summary(path.read_bytes()))
    return sorted(found, key=lambda summary: summary.started)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="runs of each scenario (default 1)")
    parser.add_argument("--runs", type=Path, help="keep the run folders here; else they are kept after a miss only")
    parser.add_argument("--stored", type=Path, help="run nothing: judge the newest runs of this folder")
    parser.add_argument("--missing", action="store_true", help="run nothing: print entries to be filled in")
    parser.add_argument("scenario", nargs="*", help="names; all scenarios when none is given")
    options = parser.parse_args()
    try:
        known, corpus = known_scenarios(), read_corpus()
    except (CorpusError, ScenarioError) as error:
        parser.error(str(error))
    if unknown := set(options.scenario) - known.keys():
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if options.times < 1:
        parser.error("--times must be at least 1")
    names = options.scenario or sorted(known, key=lambda name: (known[name].group, name))
    if options.missing:
        lacking = [known[name] for name in names if name not in corpus]
        print("\n".join(f"# {one.group}.yaml\n{stub(one)}\n" for one in lacking) or "nothing is missing")
        return 0
    if wrong := [words for words in differences(known, corpus) if words.partition(":")[0] in names]:
        parser.error("the corpus does not fit the scenarios:\n  " + "\n  ".join(wrong))
    if options.stored:
        shown = score(corpus, names, stored(options.stored))
        print(table([shown], corpus))
        return 0 if shown.perfect else 1
    runs = options.runs or Path(tempfile.mkdtemp(prefix="lockout-corpus-"))
    scores = []
    for number in range(1, options.times + 1):
        began = time.monotonic()
        scores.append(score(corpus, names, run_all([known[name] for name in names], runs / str(number))))
        ended = "all right" if scores[-1].perfect else "not all right"
        print(f"time {number}: {len(names)} scenarios in {time.monotonic() - began:.0f} s, {ended}", flush=True)
    print(f"\n{table(scores, corpus)}")
    perfect = all(each.perfect for each in scores)
    if not options.runs:
        if perfect:
            shutil.rmtree(runs)
        else:
            print(f"run folders: {runs}")
    return 0 if perfect else 1


if __name__ == "__main__":
    raise SystemExit(main())
