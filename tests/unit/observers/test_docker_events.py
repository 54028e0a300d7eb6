"""What the engine says about containers, and what its silence means."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from harness.history.clock import RunClock, Stamp
from harness.history.events import AnyEvent, ContainerEvent, EngineLost
from harness.lab.containers import EngineGone, RunContainers
from harness.observers.docker_events import EngineWatcher, parse_engine_event
from tests.unit.probes.support import until

STAMP = Stamp(1.0, "2026-11-22T10:00:01.000000Z")
EPOCH = 1_795_000_000.0


def event(action: str, service: str | None = "orders", nanos: int = 0, **attributes: str) -> dict[str, Any]:
    labels = {"com.docker.compose.service": service} if service else {}
    return {
        "Type": "container",
        "Action": action,
        "Actor": {"ID": "abc", "Attributes": {"lockout.run": "r", **labels, **attributes}},
        "timeNano": int(EPOCH) * 1_000_000_000 + nanos,
    }


@pytest.mark.parametrize("action", ["start", "die", "kill", "pause", "unpause", "oom", "restart", "stop"])
def test_what_changes_a_life(action: str) -> None:
    seen = parse_engine_event(event(action), STAMP, lambda service: service == "orders")
    assert seen == ContainerEvent(
        t=1.0, wall=STAMP.wall, source="docker-events", service="orders", action=action, by_lockout=True
    )


@pytest.mark.parametrize(
    "other",
    [
        event("create"),
        event("attach"),
        event("destroy"),
        event("exec_create: sh -c kill"),
        event("health_status: healthy"),
        event("start", service=None),
        event(""),
        {},
        {"Action": "start"},
        {"Action": "start", "Actor": None},
        {"Action": "start", "Actor": {"Attributes": None}},
    ],
)
def test_what_does_not(other: dict[str, Any]) -> None:
    assert parse_engine_event(other, STAMP, lambda service: False) is None


@pytest.mark.parametrize(("code", "number"), [("0", 0), ("137", 137)])
def test_how_a_process_ended(code: str, number: int) -> None:
    seen = parse_engine_event(event("die", exitCode=code), STAMP, lambda service: False)
    assert seen is not None
    assert (seen.exit_code, seen.by_lockout) == (number, False)


class Stream:
    """The engine's event stream: what is put in comes out, until it is closed, ends or breaks."""

    def __init__(self) -> None:
        self.queue: queue.Queue[dict[str, Any] | Exception | None] = queue.Queue()
        self.filters: dict[str, str] = {}
        self.since = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (entry := self.queue.get()) is not None:
            if isinstance(entry, Exception):
                raise entry
            yield entry

    def close(self) -> None:
        self.queue.put(None)


class Watching:
    def __init__(self, hit: str = "") -> None:
        self.stream = Stream()
        self.events: list[AnyEvent] = []
        self.started: list[str] = []

        def events(decode: bool, since: int, filters: dict[str, str]) -> Stream:
            self.stream.since = since
            self.stream.filters = filters
            return self.stream

        engine: Any = SimpleNamespace(api=SimpleNamespace(events=events))
        self.watcher = EngineWatcher(
            RunContainers("r-1", engine),
            RunClock(monotonic=lambda: 7.0, wall=lambda: EPOCH),
            self.events.append,
            lambda service: service == hit,
            self.started.append,
        )
        self.watcher.start()


def test_the_containers_of_the_run_are_watched_from_its_start() -> None:
    watching = Watching()
    assert watching.stream.filters == {"label": "lockout.run=r-1", "type": "container"}
    assert watching.stream.since == int(EPOCH)
    watching.watcher.stop()


def test_an_engine_that_does_not_answer_cannot_be_watched() -> None:
    def gone(**options: object) -> Stream:
        raise requests.exceptions.ConnectionError("refused")

    engine: Any = SimpleNamespace(api=SimpleNamespace(events=gone))
    with pytest.raises(EngineGone, match="the container engine does not answer"):
        EngineWatcher(RunContainers("r-1", engine), RunClock(), print, bool, print)


def test_events_have_the_engines_time() -> None:
    watching = Watching(hit="vault")
    watching.stream.queue.put(event("die", "vault", nanos=250_000_000, exitCode="137"))
    watching.stream.queue.put(event("exec_start", "vault"))
    watching.stream.queue.put(event("start", "orders", nanos=1_500_000_000))
    until(lambda: len(watching.events) == 2)
    watching.watcher.stop()
    died, started = watching.events
    assert isinstance(died, ContainerEvent)
    assert isinstance(started, ContainerEvent)
    assert (died.t, died.action, died.exit_code, died.by_lockout) == (0.25, "die", 137, True)
    assert (started.t, started.by_lockout) == (1.5, False)
    assert watching.started == ["orders"]


def test_what_was_before_the_run_is_not_part_of_it() -> None:
    watching = Watching()
    watching.stream.queue.put(event("die", "orders", nanos=-1_000_000))
    watching.stream.queue.put(event("start", "orders", nanos=1_000_000))
    until(lambda: watching.events)
    watching.watcher.stop()
    assert [one.action for one in watching.events if isinstance(one, ContainerEvent)] == ["start"]


def test_one_that_was_not_started_can_be_stopped() -> None:
    stream = Stream()
    engine: Any = SimpleNamespace(api=SimpleNamespace(events=lambda **options: stream))
    EngineWatcher(RunContainers("r-1", engine), RunClock(), print, bool, print).stop()
    assert stream.queue.get_nowait() is None, "and asks the engine for no more"


def test_stopping_is_no_loss_of_the_engine() -> None:
    watching = Watching()
    watching.watcher.stop()
    assert watching.events == []
    assert not watching.watcher.lost.is_set()


def test_a_stream_that_ends_by_itself_means_that_the_engine_is_gone() -> None:
    watching = Watching()
    watching.stream.queue.put(None)
    until(watching.watcher.lost.is_set)
    watching.watcher.stop()
    [lost] = watching.events
    assert isinstance(lost, EngineLost)
    assert (lost.t, lost.reason) == (0.0, "its event stream ended")


def test_a_stream_that_breaks_means_so_too() -> None:
    watching = Watching()
    watching.stream.queue.put(ConnectionResetError(104, "reset"))
    until(watching.watcher.lost.is_set)
    watching.watcher.stop()
    [lost] = watching.events
    assert isinstance(lost, EngineLost)
    assert lost.reason == "its event stream broke: ConnectionResetError"
