"""Probe by a command in the workload's container."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from harness.lab.containers import ExecResult
from harness.lab.errors import EnvironmentUnusable
from harness.probes.answer import Probe, ProbeAnswer


def command_probe(run_in: Callable[[list[str]], ExecResult], command: Sequence[str]) -> Probe:
    """Green when the command exits 0. *run_in* executes it in the workload's container, and blocks."""

    async def probe() -> ProbeAnswer:
        try:
            done = await asyncio.to_thread(run_in, list(command))
        except EnvironmentUnusable as error:
            return ProbeAnswer(ok=False, error=error.message[:200])
        except OSError as error:  # the container ended under the command
            return ProbeAnswer(ok=False, error=f"connection lost: {type(error).__name__}")
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        why = f"exit {done.code}" + (f": {last[0][:150]}" if last else "")
        return ProbeAnswer(ok=done.code == 0, error="" if done.code == 0 else why, text=done.stdout + done.stderr)

    return probe
