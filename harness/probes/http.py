"""Probe by HTTP request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import aiohttp

from harness.probes.answer import Probe, ProbeAnswer


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
                text = await response.text(errors="replace")
        except aiohttp.ClientConnectorError as error:
            return ProbeAnswer(ok=False, error=f"no connection: {error.os_error.strerror or error.os_error}")
        except aiohttp.ClientError as error:
            return ProbeAnswer(ok=False, error=f"connection lost: {type(error).__name__}")
        good = accepts(response.status)
        said = _fields(text)
        why = f"http {response.status}" + (f": {said['error']}" if said.get("error") else "")
        return ProbeAnswer(
            ok=good,
            error="" if good else why[:200],
            path=said.get("path", "")[:40],
            credential=said.get("credential", "")[:80],
            instance=said.get("instance", "")[:80],
            text=text,
        )

    return probe


def _fields(text: str) -> dict[str, str]:
    """The optional fields of an answer that is a JSON object; nothing from any other answer."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {key: value for key, value in document.items() if isinstance(value, str)}
