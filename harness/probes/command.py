"""Probe by a command in the workload's container."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from harness.lab.containers import ExecResult
from harness.lab.errors import EnvironmentUnusable
from harness.probes.answer import MOST_READ, MOST_SAID, Probe, ProbeAnswer

T = TypeVar("T")


def command_probe(run_in: Callable[[list[str]], ExecResult], command: Sequence[str], at_once: int) -> Probe:
    """Green when the command exits 0. *run_in* executes it in the workload's container, and blocks until it gives up.

    *at_once* commands may be under way; more could only be in an engine that does not answer.

    Each command blocks a thread of its own: in a pool for all, those of one workload that hangs would keep the
    others' from being run.
    """
    free = threading.Semaphore(at_once)

    def run() -> ExecResult:
        try:
            return run_in(list(command))
        finally:
            free.release()

    async def probe() -> ProbeAnswer:
        if not free.acquire(blocking=False):
            return ProbeAnswer(ok=False, error="too many commands under way")
        try:
            done = await _in_thread(run)
        except EnvironmentUnusable as error:
            return ProbeAnswer(ok=False, error=error.message)
        except OSError as error:  # the container ended under the command
            return ProbeAnswer(ok=False, error=f"connection lost: {type(error).__name__}")
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        why = f"exit {done.code}" + (f": {last[0]}" if last else "")
        text = (done.stdout + done.stderr)[:MOST_READ]
        return ProbeAnswer(ok=done.code == 0, error="" if done.code == 0 else why[:MOST_SAID], text=text)

    return probe


async def _in_thread(call: Callable[[], T]) -> T:
    """What *call* returns or raises. Nobody waits for its thread at the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(act: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if future.done() else act())

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 (raised where it is waited for)
            failure = error
            settle(lambda: future.set_exception(failure))
        else:
            settle(lambda: future.set_result(result))

    threading.Thread(target=run, name="command-probe", daemon=True).start()
    return await future
