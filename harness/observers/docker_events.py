"""What the container engine says about the run's containers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from harness.history.clock import RunClock, Stamp
from harness.history.events import AnyEvent, ContainerEvent, EngineLost
from harness.lab.containers import RUN_LABEL, SERVICE_LABEL, RunContainers

_ACTIONS = frozenset({"start", "die", "kill", "pause", "unpause", "oom", "restart", "stop"})


def parse_engine_event(event: dict[str, Any], stamp: Stamp, by_lockout: Callable[[str], bool]) -> ContainerEvent | None:
    """The event of one container of a Compose service; None for actions that change no life."""
    action = str(event.get("Action") or "")
    attributes = (event.get("Actor") or {}).get("Attributes") or {}
    service = attributes.get(SERVICE_LABEL)
    if action not in _ACTIONS or not service:
        return None
    code = attributes.get("exitCode")
    return ContainerEvent(
        t=stamp.t,
        wall=stamp.wall,
        source="docker-events",
        service=service,
        action=action,
        exit_code=int(code) if code is not None else None,
        by_lockout=by_lockout(service),
    )


class EngineWatcher:
    """Follows the engine's event stream in a thread. A stream that ends by itself means that the engine is gone.

    Making one raises EnvironmentUnusable when the engine does not answer.
    """

    def __init__(
        self,
        containers: RunContainers,
        clock: RunClock,
        emit: Callable[[AnyEvent], None],
        by_lockout: Callable[[str], bool],
        on_start: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._emit = emit
        self._by_lockout = by_lockout
        self._on_start = on_start
        self._ending = threading.Event()
        self.lost = threading.Event()
        label = f"{RUN_LABEL}={containers.run}"
        # From the run's start: that every container was started, once, belongs to the evidence.
        since = int(clock.engine_start())
        filters = {"label": label, "type": "container"}
        self._stream = containers.ask(lambda: containers.client.api.events(decode=True, since=since, filters=filters))
        self._thread = threading.Thread(target=self._follow, name="docker-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        with suppress(Exception):  # closing a stream that has already ended
            self._stream.close()
        if self._thread.is_alive():  # else it has ended, or never begun
            self._thread.join(timeout=5)

    def _follow(self) -> None:
        reason = "its event stream ended"
        try:
            for event in self._stream:
                stamp = self._clock.engine_stamp(int(event.get("timeNano", 0)) / 1e9)
                seen = parse_engine_event(event, stamp, self._by_lockout)
                # The engine is asked by whole seconds, and in a lab that is used once more something was before.
                if seen is None or seen.t < 0:
                    continue
                self._emit(seen)
                if seen.action == "start":
                    self._on_start(seen.service)
        except Exception as error:  # noqa: BLE001 (whatever the stream raises, it has ended)
            reason = f"its event stream broke: {type(error).__name__}"
        if not self._ending.is_set():
            self.lost.set()
            stamp = self._clock.stamp()
            self._emit(EngineLost(t=stamp.t, wall=stamp.wall, source="docker-events", reason=reason))
