"""Small HTTP servers that open and close at known moments, in a process of their own.

Its plan comes as one line of JSON on stdin: for each door its port, how it closes, and the moments (monotonic clock,
which all processes of a machine share) of each closing and opening. It says ``ready`` on stdout, serves until stdin
ends, and then says as JSON when each door really was closed and opened.

    python -m benchmarks.doors
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from benchmarks.result import NotMeasured

_BODY = b'{"path":"primary","credential":"fp-0123456789ab","instance":"1"}'
_SAYS_NO = b'{"error":"no credential"}'


class Closing(StrEnum):
    REFUSES = "refuses"  # answers 503, as a workload does that has lost its access
    HANGS_UP = "hangs up"  # drops its connections and takes no new ones, as a process does that has died


class Door(msgspec.Struct, frozen=True):
    """One server on 127.0.0.1. ``closed`` are pairs of moments: closing, opening."""

    port: int
    closing: Closing = Closing.REFUSES
    closed: tuple[tuple[float, float], ...] = ()


@dataclass
class Report:
    """Filled when the doors are gone: for each, when it really was closed and opened."""

    closed: list[list[tuple[float, float]]] = field(default_factory=list)


@contextmanager
def standing(doors: Sequence[Door]) -> Iterator[Report]:
    """The *doors*, served for as long as the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.doors"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parent.parent,
    )
    report = Report()
    try:
        if process.stdin is None or process.stdout is None:
            raise NotMeasured("the servers have no pipes")
        process.stdin.write(msgspec.json.encode(doors) + b"\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != b"ready":
            raise NotMeasured("the servers did not start")
        yield report
        told, _ = process.communicate(timeout=30)
        report.closed[:] = msgspec.json.decode(told, type=list[list[tuple[float, float]]])
    finally:
        process.kill()
        process.wait()


class _Conversation(asyncio.Protocol):
    def __init__(self, server: _Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._server.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._transport is not None:
            self._server.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard and self._transport is not None:
            _, _, self._heard = self._heard.partition(b"\r\n\r\n")
            status, body = (b"200 OK", _BODY) if self._server.open else (b"503 Service Unavailable", _SAYS_NO)
            head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            self._transport.write(head + body)


class _Server:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._listener: asyncio.Server | None = None
        self.open = True
        self.transports: set[asyncio.Transport] = set()
        self.closed: list[tuple[float, float]] = []

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: _Conversation(self), "127.0.0.1", self._door.port, reuse_address=True
        )

    async def keep(self) -> None:
        for closing, opening in self._door.closed:
            await asyncio.sleep(closing - time.monotonic())
            before = time.monotonic()
            self.open = False
            if self._door.closing is Closing.HANGS_UP and self._listener is not None:
                self._listener.close()
                for transport in list(self.transports):
                    transport.abort()
            closed = (before + time.monotonic()) / 2  # closing takes a moment, too
            await asyncio.sleep(opening - time.monotonic())
            before = time.monotonic()
            if self._door.closing is Closing.HANGS_UP:
                await self.listen()
            self.open = True
            self.closed.append((closed, (before + time.monotonic()) / 2))


async def _serve(doors: Sequence[Door]) -> list[list[tuple[float, float]]]:
    servers = [_Server(door) for door in doors]
    for server in servers:
        await server.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    keepers = [asyncio.create_task(server.keep()) for server in servers]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    for keeper in keepers:
        keeper.cancel()
    return [server.closed for server in servers]


if __name__ == "__main__":
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=list[Door])
    sys.stdout.write(json.dumps(asyncio.run(_serve(plan))))
