"""Things to probe, and a sampler that hands over what it saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.history.clock import RunClock
from harness.history.events import AnyEvent, LeakFound, Sample
from harness.history.redaction import Redactor
from harness.probes.answer import Probe, ProbeAnswer
from harness.probes.sampler import Sampler, Sampling

OK = ProbeAnswer(ok=True)


def always(answer: ProbeAnswer) -> Probe:
    async def probe() -> ProbeAnswer:
        return answer

    return probe


def sampling(probe: Probe, every: float = 0.02, timeout: float = 1.0) -> Sampling:
    return Sampling(every=every, timeout=timeout, make=lambda session: probe)


class Watched:
    """A sampler and all it emitted."""

    def __init__(
        self,
        samplings: Mapping[str, Sampling],
        clock: RunClock | None = None,
        secrets: Mapping[str, str] | None = None,
        on_emit: Callable[[AnyEvent], None] = lambda event: None,
    ) -> None:
        self.events: list[AnyEvent] = []
        self.clock = clock or RunClock()
        redactor = Redactor()
        for label, value in (secrets or {}).items():
            redactor.register(label, value)

        def emit(event: AnyEvent) -> None:
            self.events.append(event)
            on_emit(event)

        self.sampler = Sampler(samplings, self.clock, emit, redactor)

    def samples(self, workload: str) -> list[Sample]:
        return [event for event in list(self.events) if isinstance(event, Sample) and event.workload == workload]

    def leaks(self) -> list[LeakFound]:
        return [event for event in list(self.events) if isinstance(event, LeakFound)]

    @contextmanager
    def running(self) -> Iterator[None]:
        self.sampler.start()
        try:
            yield
        finally:
            self.sampler.stop()


def until(condition: Callable[[], object], within: float = 5.0) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


class Switch:
    """An HTTP server that can be told to fail."""

    def __init__(self) -> None:
        self.on = True
        switch = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if switch.on else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
