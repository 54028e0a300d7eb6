"""What each kind of probe makes of what it meets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from harness.lab.containers import EngineGone, ExecResult
from harness.probes.answer import MOST_READ, ProbeAnswer
from harness.probes.command import command_probe
from harness.probes.http import http_probe
from harness.probes.tcp import tcp_probe
from harness.topology.probe import HttpProbe

AT_ONCE = 64

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _asked(port: int, method: str = "GET", statuses: tuple[int, ...] = (), **headers: str) -> ProbeAnswer:
    accepts = HttpProbe(port=port, expect_status=statuses).accepts
    async with aiohttp.ClientSession() as session:
        probe = http_probe(session, f"http://127.0.0.1:{port}/work", accepts, method, headers)
        return await asyncio.wait_for(probe(), 5)


def http(respond: Callable[[web.Request], web.Response], statuses: tuple[int, ...] = ()) -> ProbeAnswer:
    """What an HTTP probe says of a server that answers with *respond*."""

    async def handle(request: web.BaseRequest) -> web.Response:
        return respond(request)  # type: ignore[arg-type]

    async def ask() -> ProbeAnswer:
        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            return await _asked(runner.addresses[0][1], statuses=statuses)
        finally:
            await runner.cleanup()

    return asyncio.run(ask())


def raw(talk: Talk, ask: Callable[[int], Awaitable[ProbeAnswer]]) -> ProbeAnswer:
    """What a probe says of a server that speaks with *talk*."""

    async def run() -> ProbeAnswer:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            return await ask(server.sockets[0].getsockname()[1])
        finally:
            server.close()

    return asyncio.run(run())


def test_work_that_was_done() -> None:
    said = {"path": "primary", "credential": "sha256:12ab", "instance": "abc", "error": "none", "count": 3}
    answer = http(lambda request: web.json_response(said))
    assert (answer.ok, answer.error) == (True, "")
    assert (answer.path, answer.credential, answer.instance) == ("primary", "sha256:12ab", "abc")
    assert "12ab" in answer.text


def test_work_that_was_refused_says_why() -> None:
    answer = http(lambda request: web.json_response({"error": "no credential", "path": "primary"}, status=503))
    assert (answer.ok, answer.error, answer.path) == (False, "http 503: no credential", "primary")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "out of order",
        "[1, 2]",
        "null",
        "{",
        '{"path": 7}',
        "[" * 200_000,
        "\ud800".encode("utf-16", "surrogatepass"),
    ],
)
def test_an_answer_in_any_form_is_an_answer(body: str | bytes) -> None:
    if isinstance(body, str):
        answer = http(lambda request: web.Response(text=body, status=500))
    else:
        answer = http(lambda request: web.Response(body=body, status=500))
    assert (answer.ok, answer.error, answer.path) == (False, "http 500", "")


def test_an_answer_in_an_unknown_encoding() -> None:
    headers = {"Content-Type": "text/plain; charset=no-such"}
    assert http(lambda request: web.Response(body=b"\xff\xfe", headers=headers)).ok


@pytest.mark.parametrize(
    ("status", "statuses", "ok"),
    [
        (200, (), True),
        (299, (), True),
        (302, (), False),
        (404, (), False),
        (404, (404,), True),
        (200, (404,), False),
        (500, (404, 500), True),
    ],
)
def test_which_status_is_good(status: int, statuses: tuple[int, ...], ok: bool) -> None:
    answer = http(lambda request: web.Response(status=status), statuses)
    assert (answer.ok, answer.error) == (ok, "" if ok else f"http {status}")


def test_redirects_are_not_followed() -> None:
    def respond(request: web.Request) -> web.Response:
        return (
            web.Response(status=302, headers={"Location": "/elsewhere"}) if request.path == "/work" else web.Response()
        )

    assert http(respond).error == "http 302"


def test_fields_are_as_long_as_they_came() -> None:
    said = dict.fromkeys(("path", "credential", "instance", "error"), "x" * 1000)
    answer = http(lambda request: web.json_response(said, status=500))
    assert {answer.path, answer.credential, answer.instance} == {"x" * 1000}
    assert answer.error == "http 500: " + "x" * 1000


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    answer = http(lambda request: web.Response(body=b"x" * (5 * MOST_READ)))
    assert (answer.ok, len(answer.text)) == (True, MOST_READ)


@pytest.mark.parametrize("charset", ["no-such", "hex", "idna"])
def test_an_encoding_that_is_none(charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    assert http(lambda request: web.Response(body=b"\xff no secret", headers=headers)).text.endswith("no secret")


def test_method_and_headers_are_those_of_the_topology() -> None:
    seen: list[tuple[str, str]] = []

    async def ask() -> ProbeAnswer:
        async def handle(request: web.BaseRequest) -> web.Response:
            seen.append((request.method, request.headers["X-Asked-By"]))
            return web.Response()

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            return await _asked(runner.addresses[0][1], "POST", (), **{"X-Asked-By": "lockout"})
        finally:
            await runner.cleanup()

    assert asyncio.run(ask()).ok
    assert seen == [("POST", "lockout")]


def test_nobody_listens() -> None:
    answer = asyncio.run(_asked(unused_port()))
    assert not answer.ok
    assert answer.error.startswith("no connection: ")


async def _says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)


async def _breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of")


async def _babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.transport.abort()


@pytest.mark.parametrize("talk", [_says_nothing, _breaks_off, _babbles, _resets])
def test_a_conversation_that_breaks_off_is_a_failed_sample(talk: Talk) -> None:
    answer = raw(talk, _asked)
    assert not answer.ok
    assert answer.error.startswith("connection lost: ")


# TCP


async def _stays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 ready\r\n")
    await reader.read()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Like a published port of a container that does not listen."""


@pytest.mark.parametrize(
    ("talk", "ok", "error"),
    [
        (_stays, True, ""),
        (_greets, True, ""),
        (_hangs_up, False, "connection closed at once"),
    ],
)
def test_a_connection_must_stay_open(talk: Talk, ok: bool, error: str) -> None:
    answer = raw(talk, lambda port: tcp_probe("127.0.0.1", port)())
    assert (answer.ok, answer.error) == (ok, error)


def test_a_connection_that_is_refused() -> None:
    answer = asyncio.run(tcp_probe("127.0.0.1", unused_port())())
    assert not answer.ok
    assert answer.error.startswith("no connection: ")


# Commands


@pytest.mark.parametrize(
    ("done", "ok", "error"),
    [
        (ExecResult(0, "fine\n", ""), True, ""),
        (ExecResult(0, "", "a warning"), True, ""),
        (ExecResult(1, "", ""), False, "exit 1"),
        (ExecResult(2, "some output", "first\nno credential\n"), False, "exit 2: no credential"),
        (ExecResult(3, "on stdout", "  \n"), False, "exit 3: on stdout"),
        (ExecResult(4, "", "x" * 1000), False, "exit 4: " + "x" * 1000),
    ],
)
def test_a_command_is_good_when_it_exits_with_0(done: ExecResult, ok: bool, error: str) -> None:
    asked: list[list[str]] = []

    def run_in(command: list[str]) -> ExecResult:
        asked.append(command)
        return done

    answer = asyncio.run(command_probe(run_in, ("check", "--now"), AT_ONCE)())
    assert (answer.ok, answer.error) == (ok, error)
    assert answer.text == done.stdout + done.stderr
    assert asked == [["check", "--now"]]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EngineGone("the container engine does not answer", ("did it stop?",)), "the container engine does not answer"),
        (BrokenPipeError(32, "Broken pipe"), "connection lost: BrokenPipeError"),
    ],
)
def test_a_command_that_cannot_be_run_is_a_failed_sample(error: Exception, said: str) -> None:
    def run_in(command: list[str]) -> ExecResult:
        raise error

    answer = asyncio.run(command_probe(run_in, ("check",), AT_ONCE)())
    assert (answer.ok, answer.error) == (False, said)


class Hanging:
    """A command that does not end until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: list[threading.Thread] = []

    def run_in(self, command: list[str]) -> ExecResult:
        self.threads.append(threading.current_thread())
        self.go.wait(30)
        return ExecResult(0, "", "")


def test_commands_that_hang_keep_nobody_else_from_being_asked() -> None:
    hanging = Hanging()

    async def ask() -> tuple[ProbeAnswer, list[object]]:
        stuck = command_probe(hanging.run_in, ("check",), AT_ONCE)
        waiting = [asyncio.create_task(asyncio.wait_for(stuck(), 0.05)) for _ in range(40)]
        timed_out = await asyncio.gather(*waiting, return_exceptions=True)
        healthy = command_probe(lambda command: ExecResult(0, "fine", ""), ("check",), AT_ONCE)
        return await asyncio.wait_for(healthy(), 5), [type(one) for one in timed_out]

    try:
        answer, kinds = asyncio.run(ask())
        assert answer.ok
        assert kinds == [TimeoutError] * 40
        assert len(hanging.threads) == 40
        assert all(thread.daemon for thread in hanging.threads), "or they would keep lockout from ending"
    finally:
        hanging.go.set()


def test_commands_under_way_are_limited() -> None:
    hanging = Hanging()

    async def ask() -> tuple[ProbeAnswer, ProbeAnswer]:
        probe = command_probe(hanging.run_in, ("check",), AT_ONCE)
        waiting = [asyncio.create_task(probe()) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        beyond = await probe()
        hanging.go.set()
        await asyncio.gather(*waiting)
        return beyond, await probe()

    beyond, later = asyncio.run(ask())
    assert (beyond.ok, beyond.error) == (False, "too many commands under way")
    assert later.ok
