"""Runs a program to its end, with its time, its memory if wanted, and when it said what on stderr."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import NotMeasured

ROOT = Path(__file__).resolve().parent.parent
LOCKOUT = str(Path(sys.executable).parent / "lockout")


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that has ended. Times in seconds; ``began`` and ``ended`` are wall time since the epoch."""

    code: int
    began: float
    seconds: float
    cpu: float  # of the process and those it waited for
    stdout: str
    stderr: tuple[tuple[float, str], ...]  # (seconds since its start, line)

    @property
    def ended(self) -> float:
        return self.began + self.seconds


def run(command: Sequence[str], environ: Mapping[str, str] | None = None, good: Sequence[int] = (0,)) -> Ran:
    """Run *command* in the project's folder. Raises NotMeasured unless it ends with one of the codes in *good*.

    If we are interrupted, the program is given the time to clean up: a terminal interrupts it together with us.
    """
    with tempfile.TemporaryFile() as out:
        began, clock = time.time(), time.perf_counter()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                env=None if environ is None else {**os.environ, **environ},
                text=True,
                errors="replace",
            )
        except FileNotFoundError as error:
            raise NotMeasured(f"there is no {command[0]}; run scripts/bootstrap") from error
        lines: list[tuple[float, str]] = []
        try:
            for line in process.stderr or ():
                lines.append((time.perf_counter() - clock, line.rstrip()))
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            process.wait()
            raise
        seconds = time.perf_counter() - clock
        process.returncode = code = os.waitstatus_to_exitcode(status)  # it has been waited for already
        if process.stderr is not None:
            process.stderr.close()
        out.seek(0)
        stdout = out.read().decode(errors="replace")
    if code not in good:
        said = [line for _, line in lines if line][-2:] or stdout.strip().splitlines()[-2:]
        raise NotMeasured(f"'{' '.join(map(_short, command))}' ended with {code}: {' / '.join(said)}")
    return Ran(code, began, seconds, usage.ru_utime + usage.ru_stime, stdout, tuple(lines))


# A process's peak begins with what its parent had resident when it was forked: so the parent has to be a small one.
_TELL_PEAK = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def run_for_peak(command: Sequence[str], good: Sequence[int] = (0,)) -> tuple[Ran, float]:
    """Like :func:`run`, a hundredth of a second slower, with the memory resident at most, in MB."""
    ran = run([sys.executable, "-S", "-c", _TELL_PEAK, *command], good=good)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes in what the system counts in
    return ran, int(ran.stderr[-1][1]) * unit / 1e6


def _short(argument: str) -> str:
    return Path(argument).name if argument.startswith("/") else argument
