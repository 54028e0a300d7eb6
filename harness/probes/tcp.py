"""Probe by TCP connect."""

from __future__ import annotations

import asyncio

from harness.probes.answer import Probe, ProbeAnswer


def tcp_probe(host: str, port: int) -> Probe:
    """Green when the connection is still open a moment after it was made.

    A port that the engine publishes accepts connections for a container that does not listen, and drops them at
    once; so a bare connect would prove nothing.
    """

    async def probe() -> ProbeAnswer:
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            return ProbeAnswer(ok=False, error=f"no connection: {error.strerror or error}")
        try:
            closed = await asyncio.wait_for(reader.read(1), timeout=0.05) == b""
        except TimeoutError:
            closed = False
        except OSError:
            closed = True
        writer.close()
        return ProbeAnswer(ok=not closed, error="connection closed at once" if closed else "")

    return probe
