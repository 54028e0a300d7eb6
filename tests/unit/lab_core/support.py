"""A container engine made of plain data, and a small HTTP server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

from harness.lab.containers import RunContainers


@dataclass
class FakeContainer:
    service: str
    status: str = "running"
    inspected: Mapping[str, Any] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    archives: list[bytes] = field(default_factory=list)
    output: list[bytes] = field(default_factory=list)
    refuses: Exception | None = None

    @property
    def id(self) -> str:
        return f"id-{self.service}"

    @property
    def name(self) -> str:
        return f"project-{self.service}-1"

    @property
    def labels(self) -> dict[str, str]:
        return {"lockout.run": "r-1", "com.docker.compose.service": self.service}

    def _did(self, *call: Any) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.calls.append(call)

    def kill(self) -> None:
        self._did("kill")

    def pause(self) -> None:
        self._did("pause")

    def unpause(self) -> None:
        self._did("unpause")

    def stop(self, timeout: int) -> None:
        self._did("stop", timeout)

    def start(self) -> None:
        self._did("start")

    def remove(self, **options: bool) -> None:
        self._did("remove", options)

    def put_archive(self, path: str, data: bytes) -> None:
        self._did("put_archive", path)
        self.archives.append(data)

    def get_archive(self, path: str) -> tuple[Iterator[bytes], dict[str, Any]]:
        self._did("get_archive", path)
        data = self.archives[-1]
        return iter([data[:100], data[100:]]), {}

    def logs(self, **options: Any) -> Any:
        self._did("logs", options)
        return iter(self.output) if options.get("stream") else b"".join(self.output)


class FakeEngine:
    """``fails`` is raised by every listing."""

    def __init__(self, *containers: FakeContainer, fails: Exception | None = None) -> None:
        self.found = list(containers)
        self.fails = fails
        self.asked: list[Mapping[str, Any]] = []
        self.containers = SimpleNamespace(list=self._list)
        self.api = SimpleNamespace(inspect_container=self._inspect)

    def _list(self, **options: Any) -> list[FakeContainer]:
        self.asked.append(options)
        if self.fails is not None:
            raise self.fails
        wanted = options["filters"]["label"]
        pairs = dict(label.split("=") for label in ([wanted] if isinstance(wanted, str) else wanted))
        return [one for one in self.found if pairs.items() <= one.labels.items()]

    def _inspect(self, name: str) -> Mapping[str, Any]:
        return next(one.inspected for one in self.found if one.id == name)


def run_containers(*containers: FakeContainer, fails: Exception | None = None) -> RunContainers:
    engine: Any = FakeEngine(*containers, fails=fails)
    return RunContainers("r-1", engine)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Any
    authorization: str


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: object = None  # None: empty; text as it is; anything else as JSON


class HttpServer:
    """Plain HTTP on loopback. ``answer`` decides; ``requests`` is what came."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(
                    self.command, self.path, json.loads(raw) if raw else None, self.headers.get("Authorization", "")
                )
                server.requests.append(request)
                reply = server.answer(request)
                text = (
                    "" if reply.body is None else reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
                )
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_LIST = _serve  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator[HttpServer]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def nobody_listens() -> str:
    """A URL at which nobody answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.server_close()
    return f"http://127.0.0.1:{server.server_port}"
