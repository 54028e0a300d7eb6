"""Is an image registry reachable? Asked through the engine, so that its proxies and mirrors count; asked once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import docker
import docker.errors
import requests.exceptions

from harness.lab.store import digest, is_fresh, write_atomically

DEADLINE = 3  # seconds
REMEMBER_REFUSAL = 600.0  # seconds


class Probe(Protocol):
    """Ask the engine for the manifest of `ref`: None if the registry answered, else why not."""

    def __call__(self, ref: str) -> str | None: ...


class Registries:
    """Remembers what each registry answered: a yes for this process, a no for ten minutes on disk too.

    Only the registry's host counts, not the image: two images of one registry are one question. With `note` false
    it reads what was noted on disk, but writes nothing there.
    """

    def __init__(
        self,
        probe: Probe,
        memory: Path,
        engine: str,
        note: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._note = note
        self._probe = probe
        self._memory = memory
        self._engine = engine
        self._clock = clock
        self._known: dict[str, str | None] = {}

    def refusal(self, ref: str) -> str | None:
        """None if the registry of `ref` answers, else why it cannot be used."""
        host = registry_of(ref)
        if host not in self._known:
            self._known[host] = self._ask(host, ref)
        return self._known[host]

    def forget(self) -> None:
        """Ask again next time."""
        self._known.clear()
        for path in self._memory.glob("*.json"):
            path.unlink(missing_ok=True)

    def _ask(self, host: str, ref: str) -> str | None:
        path = self._memory / f"{digest(self._engine, host)[:16]}.json"
        if is_fresh(path, REMEMBER_REFUSAL):
            try:
                return str(json.loads(path.read_text(encoding="utf-8"))["why"])
            except (OSError, ValueError, KeyError, TypeError):
                pass  # torn: it is asked again, and the answer takes its place
        why = self._probe(ref)
        if not self._note:
            return why
        if why is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, json.dumps({"why": why, "at": self._clock()}))
        return why


def registry_of(ref: str) -> str:
    """The host part of an image name; empty for the engine's default registry."""
    first, slash, _ = ref.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""


def engine_probe(connect: Callable[[int], docker.DockerClient]) -> Probe:
    """A probe through the engine, with a deadline of three seconds. `connect` makes a client with a timeout."""

    def probe(ref: str) -> str | None:
        try:
            client = connect(DEADLINE)
            try:
                api: Any = client.api
                api.inspect_distribution(ref)
            finally:
                client.close()
        except requests.exceptions.Timeout:
            return f"no image registry answered within {DEADLINE} s"
        except (docker.errors.DockerException, requests.exceptions.RequestException) as err:
            return _why(str(getattr(err, "explanation", None) or err))
        return None

    return probe


def _why(text: str) -> str | None:
    lowered = text.lower()
    if "manifest unknown" in lowered or ("not found" in lowered and "no such host" not in lowered):
        return None  # the registry answered; whether it has the image, the pull will tell
    if "toomanyrequests" in lowered or "rate limit" in lowered:
        return "the image registry refuses for now: its pull rate limit is reached"
    reason = text.strip().splitlines()[-1] if text.strip() else "no reason given"
    return f"the image registry is not reachable ({reason.rpartition(': ')[2]})"
