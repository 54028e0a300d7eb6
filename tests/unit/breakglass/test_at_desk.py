"""What runs in the desk's container, run here as it is run there: a text, with its order on stdin."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harness.lab.admin.emergency import SCRIPT
from tests.unit.faults.certificates import Root


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length) or b"null")
        said = json.dumps({"asked": asked, "token": self.headers.get("X-Vault-Token")}).encode()
        self.send_response(403 if self.path == "/refused" else 200)
        self.end_headers()
        self.wfile.write(b"no json" if self.path == "/text" else said)

    do_GET = do_POST  # noqa: N815 (the library's way)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def http(port: int, path: str = "/", host: str = "127.0.0.1", **more: Any) -> dict[str, Any]:
    return {
        "kind": "http",
        "service": "vault",
        "by": "address",
        "host": host,
        "port": port,
        "method": "POST",
        "path": path,
        "headers": {"X-Vault-Token": "sentinel"},
        "body": {"key": "value"},
        **more,
    }


def sql(port: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "sql",
        "service": "postgres",
        "by": "address",
        "host": "127.0.0.1",
        "port": port,
        "database": "app",
        "user": "somebody",
        "password": "sentinel",
        "statement": "SELECT 1",
        "parameters": [],
        "commit": False,
        **more,
    }


def done(*jobs: dict[str, Any], trusted: str = "") -> list[dict[str, Any]]:
    order = {"jobs": list(jobs), "trusted": dict.fromkeys({job["service"] for job in jobs}, trusted)}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(order), capture_output=True, text=True, check=True, timeout=60
    )
    replies: list[dict[str, Any]] = json.loads(ran.stdout)
    return replies


def test_jobs_are_done_in_their_order_and_each_has_a_reply(port: int) -> None:
    good, refused = done(http(port), http(port, "/refused"))
    assert (good["status"], good["body"]) == (200, {"asked": {"key": "value"}, "token": "sentinel"})
    assert refused["status"] == 403
    assert good["touched"] == [{"host": "vault", "by": "address", "ok": True, "error": ""}]
    assert good["at"] <= refused["at"]


def test_what_is_no_json_is_words(port: int) -> None:
    (reply,) = done(http(port, "/text"))
    assert (reply["status"], reply["body"]) == (200, None)


@pytest.mark.parametrize("kind", ["http", "sql"])
def test_where_nobody_listens_there_is_no_answer_but_a_touch(kind: str) -> None:
    job = http(closed_port()) if kind == "http" else sql(closed_port())
    (reply,) = done(job)
    assert reply["status"] == 0
    (touch,) = reply["touched"]
    assert (touch["host"], touch["ok"]) == (job["service"], False)
    assert touch["error"]


def test_a_name_that_is_not_found_is_a_touch_by_name() -> None:
    (reply,) = done(http(1, host="no-such-host.invalid", by="name"))
    assert (reply["status"], reply["touched"][0]["by"]) == (0, "name")


def test_a_server_that_cannot_show_a_certificate_is_not_trusted(port: int) -> None:
    (reply,) = done(http(port), trusted=Root.made("lab").pem)
    assert (reply["status"], reply["touched"][0]["ok"]) == (0, False)


def test_no_secret_is_among_its_arguments_or_in_what_it_says_of_errors() -> None:
    said = json.dumps(done(http(closed_port()), sql(closed_port())))
    assert "sentinel" not in said
    assert "sentinel" not in SCRIPT
