"""What is asked by way of the proxies, and how long it takes. One client, the same for every way."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.result import NotMeasured

_AT_ONCE = 16  # new connections


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to Vault."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""


def read(path: str, token: str) -> Ask:
    return Ask("GET", f"/v1/{path}", {"X-Vault-Token": token})


def login(role_id: str, secret_id: str) -> Ask:
    return Ask("POST", "/v1/auth/approle/login", {}, json.dumps({"role_id": role_id, "secret_id": secret_id}))


class Kept:
    """A connection that is kept open between requests."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._way = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
        self._way.connect()

    def milliseconds(self, ask: Ask) -> float:
        """How long one request takes, to the end of its answer. Raises NotMeasured if it is not granted."""
        began = time.perf_counter()
        self._way.request(ask.method, ask.path, ask.body or None, dict(ask.headers))
        answer = self._way.getresponse()
        answer.read()
        taken = time.perf_counter() - began
        if answer.status != http.client.OK:
            raise NotMeasured(f"{ask.method} {ask.path} was answered with {answer.status}")
        return taken * 1000

    def close(self) -> None:
        self._way.close()


def throughput(port: int, size: int) -> float:
    """MB a second over one connection."""
    buffer = bytearray(1024 * 1024)
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as way:
        way.sendall(f"{size}\n".encode())
        got = 0
        while count := way.recv_into(buffer):
            got += count
    if got != size:
        raise NotMeasured(f"{got} of {size} bytes arrived")
    return size / 1e6 / (time.perf_counter() - began)


def new_connections(port: int, count: int) -> float:
    """Connections a second that are made, carry one byte back, and end; sixteen at a time."""
    return asyncio.run(_new_connections(port, count))


async def _new_connections(port: int, count: int) -> float:
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for _ in left:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"1\n")
            if await reader.read() != b"\0":
                raise NotMeasured("a new connection carried nothing")
            writer.close()
            await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))
    return count / (time.perf_counter() - began)
