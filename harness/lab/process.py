"""Run another program for a while: its output goes to a log file, line by line to whoever shows progress."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LineSink = Callable[[str], None]
TAIL = 20


@dataclass(frozen=True, slots=True)
class Finished:
    """`code` is the exit code (127: there is no such program); `tail` the last lines of its output."""

    code: int
    tail: tuple[str, ...]


def run_logged(
    command: Sequence[str],
    log: Path,
    line: LineSink,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Finished:
    """Run `command` to its end, appending stdout and stderr to `log` and handing each line to `line`.

    If we are interrupted, the program and its children are ended too. It runs in a process group of its own, so
    Ctrl-C reaches it once, through us.
    """
    tail: deque[str] = deque(maxlen=TAIL)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as sink:
        sink.write(f"$ {' '.join(command)}\n")
        sink.flush()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except FileNotFoundError as err:
            sink.write(f"{err}\n")
            return Finished(127, (f"{command[0]}: no such program",))
        try:
            if process.stdout is not None:
                for raw in process.stdout:
                    sink.write(raw)
                    text = raw.rstrip()
                    if text:
                        tail.append(text)
                        line(text)
            code = process.wait()
        except BaseException:
            end_group(process)
            raise
    return Finished(code, tuple(tail))


def end_group(process: subprocess.Popen[str]) -> None:
    """End a process started in its own session, politely first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            return


def output_of(command: Sequence[str], timeout: float = 10.0, env: Mapping[str, str] | None = None) -> str | None:
    """stdout of a short command without its surrounding blanks; None if it is missing, fails or takes too long."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=dict(env) if env is not None else None,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
