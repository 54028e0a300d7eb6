"""Follows every container's output: journals become events, and all of it is searched for secrets and kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TextIO

from harness.history.clock import RunClock, Stamp, parse_engine_time
from harness.history.events import AnyEvent, LeakFound, ObserverGap
from harness.lab.containers import Output, RunContainers
from harness.lab.errors import EnvironmentUnusable, in_words
from harness.observers.attribution import Attribution
from harness.observers.journal import Journal, parse_line

REOPEN = 1.0  # seconds; a container that ends is called running for a moment after its output has ended
HAS_MORE = frozenset({"running", "paused"})
KEY_BEGINS = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s*$")
LONGEST_KEY = 120  # lines; a file that was cut off must not hide all that follows


class Censor(Protocol):
    """The part of a redactor that log keeping needs."""

    def redact(self, text: str) -> str: ...
    def find(self, text: str) -> list[str]: ...


class LogFollower:
    """One container's output, through all its restarts, in a thread of its own."""

    def __init__(
        self,
        service: str,
        journal: Journal | None,
        is_workload: bool,
        containers: RunContainers,
        clock: RunClock,
        who: Attribution,
        censor: Censor,
        emit: Callable[[AnyEvent], None],
        folder: Path,
        since: float = 0.0,
    ) -> None:
        """*since*, by the engine's clock in seconds, leaves out what was written before; 0 takes all of it."""
        self.service = service
        self._journal = journal
        self._is_workload = is_workload
        self._containers = containers
        self._clock = clock
        self._who = who
        self._censor = censor
        self._emit = emit
        self._path = folder / f"{service}.log"
        self._since = since
        self._last = ""  # the engine's timestamp of the last line seen, for going on after a restart
        self._leaks_told: set[str] = set()
        self._key_lines = 0  # how many more lines may belong to a private key
        self._output: Output | None = None
        self._ending = threading.Event()
        self._over = threading.Event()
        self._restarted = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"logs/{service}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def container_started(self) -> None:
        """The container runs again: go on reading."""
        self._restarted.set()

    def ending(self) -> None:
        """The container is about to stop: that its output ends is no loss of evidence from now on."""
        self._ending.set()

    def stop(self, deadline: float = 5.0, endless: bool = False) -> None:
        """Read what there still is and end. To be called when the container has stopped, unless it is *endless*."""
        self._ending.set()
        self._restarted.set()
        if self._thread.is_alive():  # else it has ended, or never begun
            self._thread.join(timeout=deadline)
        if self._thread.is_alive() and not endless:
            self._gap("its output was not read to its end in time")
        # What comes now belongs to nobody, or to the next run in the same lab.
        self._over.set()
        if self._output is not None:
            self._output.close()

    def _follow(self) -> None:
        try:
            self._read()
        except OSError as error:  # the log cannot be kept
            self._gap(in_words(error))

    def _read(self) -> None:
        # Line by line: whoever kills lockout, or keeps the lab, finds all there was up to then.
        with self._path.open("a", encoding="utf-8", buffering=1) as log:
            while True:
                self._restarted.clear()
                broke = ""
                try:
                    self._read_stream(log)
                except Exception as error:  # noqa: BLE001 (the thread's top: whatever it is, evidence is missing)
                    broke = in_words(error)
                if self._ending.is_set():
                    return
                if broke:
                    self._gap(broke)
                self._wait_for_more(broke)

    def _read_stream(self, log: TextIO) -> None:
        known = self._last
        since = parse_engine_time(known) if known else self._since
        output = self._output = self._containers.follow(self.service, since)
        if self._over.is_set():
            output.close()
        for stamp, line in output:
            if self._over.is_set():
                return
            # The engine gives the last line again. Within one stream, times are not strictly in order: stdout and
            # stderr reach it by different ways.
            if stamp <= known:
                continue
            self._last = max(self._last, stamp)
            self._take(stamp, line)
            log.write(f"{stamp} {self._kept(line)}\n")

    def _wait_for_more(self, broke: str) -> None:
        """Wait for the container's next start; or only a moment, if its output ended and it did not."""
        while not self._restarted.wait(REOPEN):
            try:
                state = self._containers.state(self.service)
            except EnvironmentUnusable:
                continue  # the engine does not answer: it cannot be told yet
            if state not in HAS_MORE:
                self._restarted.wait()
                return
            # That it has just been started may be told a bit later, and so may that it has ended.
            if not broke and not self._restarted.wait(REOPEN) and self._goes_on():
                self._gap("its output ended while it was running")
            return

    def _goes_on(self) -> bool:
        try:
            return not self._ending.is_set() and self._containers.state(self.service) in HAS_MORE
        except EnvironmentUnusable:
            return True  # it cannot be told, so neither that nothing is missing

    def _kept(self, line: str) -> str:
        """*line* as it may stand in a file. Of a private key that comes line by line, only the first looks like one."""
        if self._key_lines:
            self._key_lines = 0 if "-----END" in line else self._key_lines - 1
            return "[redacted:private-key]"
        if KEY_BEGINS.search(line):
            self._key_lines = LONGEST_KEY
        return self._censor.redact(line)

    def _gap(self, why: str, entry: bool = False) -> None:
        now = self._clock.stamp()
        observer = self._journal.name if self._journal else "logs"
        self._emit(
            ObserverGap(
                t=now.t,
                wall=now.wall,
                source=f"logs/{self.service}",
                observer=observer,
                service=self.service,
                reason=why,
                entry=entry,
            )
        )

    def _parse(self, journal: Journal, line: str, stamp: Stamp) -> AnyEvent | None:
        try:
            return parse_line(journal, self.service, line, stamp, self._who)
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            # An entry that is not as entries are: what it told of is lost, what follows is not.
            self._gap(in_words(error), entry=True)
            return None

    def _take(self, engine_time: str, line: str) -> None:
        stamp = self._clock.engine_stamp(parse_engine_time(engine_time))
        if self._journal is not None and (event := self._parse(self._journal, line, stamp)):
            self._emit(event)
        for label in self._censor.find(line):
            if label not in self._leaks_told:
                self._leaks_told.add(label)
                self._emit(
                    LeakFound(
                        t=stamp.t,
                        wall=stamp.wall,
                        source=f"logs/{self.service}",
                        where=f"logs of {self.service}",
                        what=label,
                        workload=self.service if self._is_workload else "",
                    )
                )
