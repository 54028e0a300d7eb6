"""Probe by HTTP request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import aiohttp

from harness.probes.answer import MOST_READ, MOST_SAID, Probe, ProbeAnswer


def http_probe(
    session: aiohttp.ClientSession,
    url: str,
    accepts: Callable[[int], bool],
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Probe:
    """Green when *accepts* says so of the status."""

    async def probe() -> ProbeAnswer:
        try:
            async with session.request(method, url, headers=headers, allow_redirects=False) as response:
                text = await _text(response)
        except aiohttp.ClientConnectorError as error:
            return ProbeAnswer(ok=False, error=f"no connection: {error.os_error.strerror or error.os_error}")
        except aiohttp.ClientError as error:
            return ProbeAnswer(ok=False, error=f"connection lost: {type(error).__name__}")
        good = accepts(response.status)
        said = _fields(text)
        why = f"http {response.status}" + (f": {said['error']}" if said.get("error") else "")
        return ProbeAnswer(
            ok=good,
            error="" if good else why[:MOST_SAID],
            path=said.get("path", ""),
            credential=said.get("credential", ""),
            instance=said.get("instance", ""),
            text=text,
        )

    return probe


async def _text(response: aiohttp.ClientResponse) -> str:
    """The beginning of the body: whatever it is that is served, it is held in memory and searched for secrets."""
    body = b""
    while len(body) < MOST_READ and (piece := await response.content.read(MOST_READ - len(body))):
        body += piece
    try:
        return body.decode(response.charset or "utf-8", errors="replace")
    except (LookupError, ValueError):  # an encoding that nobody knows, or that is none of text
        return body.decode(errors="replace")


def _fields(text: str) -> dict[str, str]:
    """The optional fields of an answer that is a JSON object; nothing from any other answer."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {key: value for key, value in document.items() if isinstance(value, str)}
