"""A container's output, through restarts, breaks and the end of the run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.history.clock import RunClock, parse_engine_time
from harness.history.events import AnyEvent, LeakFound, ObserverGap, ProxyConnection
from harness.history.redaction import Redactor
from harness.lab.errors import EnvironmentUnusable
from harness.observers import logs
from harness.observers.attribution import Attribution
from harness.observers.journal import Journal, journals
from harness.observers.logs import LogFollower
from tests.unit.observers.lines import PROXY_CUT, PROXY_RELAYED
from tests.unit.probes.support import until

SECRET = "correct-horse-battery"
END = "end of stream"


def at(second: int, nanos: int = 0) -> str:
    return f"2026-11-22T10:00:{second:02}.{nanos:09}Z"


ZERO = parse_engine_time(at(0))


class Stream:
    """What comes out of *queue*, until it says END, or breaks, or is closed."""

    def __init__(self, queue: queue.Queue[tuple[str, str] | str | Exception]) -> None:
        self._queue = queue

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while True:
            entry = self._queue.get()
            if isinstance(entry, Exception):
                raise entry
            if isinstance(entry, str):
                return
            yield entry

    def close(self) -> None:
        self._queue.put(END)


class FakeContainers:
    """Gives out what the test puts in; each stream ends with END or with an error."""

    def __init__(self) -> None:
        self.queue: queue.Queue[tuple[str, str] | str | Exception] = queue.Queue()
        self.asked: list[float] = []
        self.now: str | Exception = "exited"  # the state of the container

    def state(self, service: str) -> str:
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def follow(self, service: str, since: float) -> Stream:
        assert service == "proxy"
        self.asked.append(since)
        return Stream(self.queue)

    def says(self, *entries: tuple[str, str] | str | Exception) -> None:
        for entry in entries:
            self.queue.put(entry)


class Following:
    def __init__(self, folder: Path, journal: Journal | None, is_workload: bool = False) -> None:
        self.containers = FakeContainers()
        self.events: list[AnyEvent] = []
        self.path = folder / "proxy.log"
        redactor = Redactor()
        redactor.register("db-password", SECRET)
        containers: Any = self.containers
        self.follower = LogFollower(
            service="proxy",
            journal=journal,
            is_workload=is_workload,
            containers=containers,
            clock=RunClock(monotonic=lambda: 5.0, wall=lambda: ZERO),
            who=Attribution(),
            censor=redactor,
            emit=self.events.append,
            folder=folder,
        )
        self.follower.start()

    def of(self, kind: type) -> list[Any]:
        return [event for event in list(self.events) if isinstance(event, kind)]

    def end(self) -> list[str]:
        """Stop it; the lines that it kept."""
        self.follower.ending()
        self.containers.says(END, END)
        self.follower.stop()
        return self.path.read_text().splitlines()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "REOPEN", 0.02)


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(tmp_path, journals()["proxy"])


def test_entries_become_events_with_the_engines_time(following: Following) -> None:
    following.containers.says((at(1, 5_000_000), PROXY_RELAYED), (at(2), "a line for people"), (at(3), PROXY_CUT))
    until(lambda: len(following.events) == 2)
    kept = following.end()
    assert [(event.t, event.outcome) for event in following.of(ProxyConnection)] == [(1.005, "relayed"), (3.0, "cut")]
    assert kept == [f"{at(1, 5_000_000)} {PROXY_RELAYED}", f"{at(2)} a line for people", f"{at(3)} {PROXY_CUT}"]


def test_after_a_restart_it_goes_on_without_repeating(following: Following) -> None:
    following.containers.says((at(1), PROXY_RELAYED), (at(2), PROXY_RELAYED), END)
    until(lambda: len(following.events) == 2)
    following.follower.container_started()
    until(lambda: len(following.containers.asked) == 2)
    following.containers.says((at(2), PROXY_RELAYED), (at(3), PROXY_CUT))
    until(lambda: len(following.events) == 3)
    kept = following.end()
    assert [event.t for event in following.events] == [1.0, 2.0, 3.0]
    assert [line[: len(at(1))] for line in kept] == [at(1), at(2), at(3)]
    assert following.containers.asked[:2] == [0.0, pytest.approx(ZERO + 2)]


def test_a_restart_that_is_told_before_the_old_stream_ends_is_not_missed(following: Following) -> None:
    following.containers.says((at(1), PROXY_RELAYED))
    until(lambda: following.events)
    following.follower.container_started()
    following.containers.says(END, (at(2), PROXY_CUT))
    until(lambda: len(following.events) == 2)
    following.end()


def test_stdout_and_stderr_may_overtake_each_other(following: Following) -> None:
    following.containers.says((at(1, 900), "on stderr"), (at(1, 800), PROXY_RELAYED), (at(1, 900), PROXY_CUT))
    until(lambda: len(following.events) == 2)
    following.containers.says(END)
    following.follower.container_started()
    until(lambda: len(following.containers.asked) == 2)
    following.containers.says((at(1, 900), PROXY_CUT), (at(2), "later"))
    assert len(following.end()) == 4
    assert [event.outcome for event in following.of(ProxyConnection)] == ["relayed", "cut"]


def test_a_stream_that_breaks_leaves_a_gap(following: Following) -> None:
    following.containers.says((at(1), PROXY_RELAYED), ConnectionResetError("reset by peer"))
    until(lambda: following.of(ObserverGap))
    [gap] = following.of(ObserverGap)
    assert (gap.observer, gap.service, gap.reason) == ("proxy-journal", "proxy", "ConnectionResetError: reset by peer")
    assert gap.t == 0.0, "it happened now, on our clock"
    following.end()


def test_a_container_that_is_not_there_leaves_a_gap_with_the_reason(tmp_path: Path) -> None:
    following = Following(tmp_path, journal=None)
    following.containers.says(EnvironmentUnusable("no container for service 'proxy'", ("a hint",)))
    until(lambda: following.of(ObserverGap))
    [gap] = following.of(ObserverGap)
    assert (gap.observer, gap.reason) == ("logs", "no container for service 'proxy'")
    following.end()


def test_after_a_gap_it_goes_on_with_the_next_start(following: Following) -> None:
    following.containers.says(ConnectionResetError())
    until(lambda: following.of(ObserverGap))
    following.follower.container_started()
    following.containers.says((at(4), PROXY_CUT))
    until(lambda: following.of(ProxyConnection))
    following.end()


@pytest.mark.parametrize("state", ["running", "paused"])
def test_after_a_gap_it_goes_on_while_the_container_does(following: Following, state: str) -> None:
    following.containers.now = state
    following.containers.says(
        (at(1), PROXY_RELAYED), ConnectionResetError(), (at(1), PROXY_RELAYED), (at(2), PROXY_CUT)
    )
    until(lambda: len(following.of(ProxyConnection)) == 2)
    following.end()
    assert len(following.of(ObserverGap)) == 1


def test_output_that_ends_while_the_container_runs_leaves_a_gap_and_is_opened_again(following: Following) -> None:
    following.containers.now = "running"
    following.containers.says((at(1), PROXY_RELAYED), END, (at(2), PROXY_CUT))
    until(lambda: len(following.of(ProxyConnection)) == 2)
    following.end()
    [gap] = following.of(ObserverGap)
    assert (gap.observer, gap.reason) == ("proxy-journal", "its output ended while it was running")


def test_output_that_ends_with_the_container_is_no_gap(following: Following) -> None:
    following.containers.says((at(1), PROXY_RELAYED), END)
    until(lambda: following.of(ProxyConnection))
    following.follower.container_started()
    following.containers.says((at(2), PROXY_CUT))
    until(lambda: len(following.of(ProxyConnection)) == 2)
    following.end()
    assert following.of(ObserverGap) == []


def test_an_end_that_is_told_a_bit_later_is_no_gap(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter(["running", "exited"])  # for a moment, the engine calls a container running that has ended
    asked: list[str] = []

    def state(service: str) -> str:
        asked.append(service)
        return next(states, "exited")

    monkeypatch.setattr(logs, "REOPEN", 0.01)
    monkeypatch.setattr(following.containers, "state", state)
    following.containers.says((at(1), PROXY_RELAYED), END)
    until(lambda: len(asked) == 2)
    following.end()
    assert following.of(ObserverGap) == []


def test_a_start_that_is_told_a_bit_later_is_no_gap(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    def state(service: str) -> str:
        following.follower.container_started()
        return "running"

    monkeypatch.setattr(following.containers, "state", state)
    following.containers.says((at(1), PROXY_RELAYED), END, (at(2), PROXY_CUT))
    until(lambda: len(following.of(ProxyConnection)) == 2)
    following.end()
    assert following.of(ObserverGap) == []


def test_while_the_engine_does_not_say_it_is_asked_again(following: Following) -> None:
    following.containers.now = EnvironmentUnusable("no answer")
    following.containers.says((at(1), PROXY_RELAYED), ConnectionResetError())
    until(lambda: following.of(ObserverGap))
    following.containers.now = "running"
    following.containers.says((at(2), PROXY_CUT))
    until(lambda: len(following.of(ProxyConnection)) == 2)
    following.end()


@pytest.mark.parametrize(("endless", "gaps"), [(False, ["its output was not read to its end in time"]), (True, [])])
def test_what_could_not_be_read_in_time_is_a_gap(following: Following, endless: bool, gaps: list[str]) -> None:
    following.containers.says((at(1), PROXY_RELAYED))
    until(lambda: following.events)
    following.follower.stop(0.01, endless)
    assert [gap.reason for gap in following.of(ObserverGap)] == gaps
    following.end()


def test_what_is_said_after_the_end_belongs_to_nobody(following: Following) -> None:
    following.containers.says((at(1), PROXY_RELAYED))
    until(lambda: following.events)
    following.follower.stop(0.01, endless=True)
    following.containers.says((at(2), PROXY_CUT))
    until(lambda: not [one for one in threading.enumerate() if one.name == "logs/proxy"])
    assert [event.outcome for event in following.of(ProxyConnection)] == ["relayed"]
    assert len(following.path.read_text().splitlines()) == 1


def test_nobody_waits_for_a_container_that_says_nothing(following: Following) -> None:
    until(lambda: following.containers.asked)
    following.follower.stop(0.01, endless=True)
    until(lambda: not [one for one in threading.enumerate() if one.name == "logs/proxy"])


def test_half_an_entry_leaves_a_gap(following: Following) -> None:
    following.containers.says((at(1), PROXY_CUT[:40]), (at(2), PROXY_CUT))
    until(lambda: following.of(ProxyConnection))
    following.end()
    [gap] = following.of(ObserverGap)
    assert gap.reason.startswith("JSONDecodeError: ")


def test_a_stream_that_breaks_at_the_end_of_the_run_is_no_gap(following: Following) -> None:
    following.containers.says((at(1), PROXY_RELAYED))
    until(lambda: following.events)
    following.follower.ending()
    following.containers.says(ConnectionResetError())
    following.follower.stop()
    assert following.of(ObserverGap) == []
    assert len(following.path.read_text().splitlines()) == 1


def test_what_was_said_at_the_end_is_still_read(following: Following) -> None:
    following.containers.says(END)
    until(lambda: following.containers.queue.empty())
    following.containers.says((at(1), PROXY_RELAYED), END)
    following.follower.stop()  # its container had stopped before
    assert [event.outcome for event in following.of(ProxyConnection)] == ["relayed"]


def test_an_entry_that_is_not_as_entries_are_leaves_a_gap_and_is_not_the_end(tmp_path: Path) -> None:
    following = Following(tmp_path, journals()["vault"])
    following.containers.says((at(1), '{"type": "response", "auth": "text"}'), (at(2), f"password: {SECRET}"))
    until(lambda: following.of(LeakFound))
    [gap] = following.of(ObserverGap)
    assert gap.observer == "vault-audit"
    assert len(following.end()) == 2


def test_no_secret_reaches_the_log_file(following: Following) -> None:
    following.containers.says((at(1), f"login with {SECRET}"), (at(2), "token hvs.CAESIJ0123456789abcdefghij"))
    until(lambda: len(following.of(LeakFound)) == 2)
    kept = following.end()
    assert kept == [f"{at(1)} login with [redacted:db-password]", f"{at(2)} token [redacted:vault-token]"]


KEY = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB", "AQ=="]


def test_a_private_key_that_nobody_registered_is_kept_out_line_by_line(tmp_path: Path) -> None:
    following = Following(tmp_path, journal=None)
    said = ["before", *KEY, "-----END RSA PRIVATE KEY-----", "after"]
    following.containers.says(*((at(second), line) for second, line in enumerate(said)))
    until(following.containers.queue.empty)
    kept = [line.partition(" ")[2] for line in following.end()]
    assert kept == ["before", *["[redacted:private-key]"] * 5, "after"]
    assert [leak.what for leak in following.of(LeakFound)] == ["private-key"]


def test_a_key_that_is_cut_off_does_not_hide_all_that_follows(tmp_path: Path) -> None:
    following = Following(tmp_path, journal=None)
    lines = [KEY[0], *["a line"] * (logs.LONGEST_KEY + 1)]
    following.containers.says(*((at(1, nanos), line) for nanos, line in enumerate(lines, 1)))
    until(following.containers.queue.empty)
    assert following.end()[-1].endswith("Z a line")


def test_a_key_within_one_line_hides_that_line_alone(tmp_path: Path) -> None:
    following = Following(tmp_path, journal=None)
    following.containers.says((at(1), f'{{"key": "{KEY[0]}\\nMIIEvQ"}}'), (at(2), "after"))
    until(following.containers.queue.empty)
    assert [line.partition(" ")[2] for line in following.end()] == ['{"key": "[redacted:private-key]"}', "after"]


@pytest.mark.parametrize(("is_workload", "workload"), [(True, "proxy"), (False, "")])
def test_a_secret_in_the_log_is_reported_once(tmp_path: Path, is_workload: bool, workload: str) -> None:
    following = Following(tmp_path, None, is_workload)
    following.containers.says((at(1), SECRET), (at(2), f"again {SECRET}"), (at(3), "end"))
    until(lambda: following.containers.queue.empty())
    following.end()
    [leak] = following.of(LeakFound)
    assert (leak.t, leak.what, leak.where, leak.workload) == (1.0, "db-password", "logs of proxy", workload)
    assert SECRET not in repr(following.events)
