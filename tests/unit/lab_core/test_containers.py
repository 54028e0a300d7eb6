"""Containers by label: what is asked of the engine, and what its errors become."""

from __future__ import annotations

import io
import socket
import struct
import tarfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from docker.errors import APIError, DockerException, NotFound

from harness.lab.containers import EngineGone, ExecResult, Output, RunContainers, clock_skew
from harness.lab.errors import EnvironmentUnusable
from tests.unit.lab_core.support import FakeContainer, FakeEngine, run_containers


def refusal(text: str) -> APIError:
    return APIError("refused", explanation=text)


def inspected(**state: Any) -> dict[str, Any]:
    return {"State": {"Running": False, "ExitCode": 0} | state}


def test_only_containers_of_the_run_are_found() -> None:
    engine = FakeEngine(FakeContainer("vault", "paused"))
    containers: Any = engine
    assert RunContainers("r-1", containers).state("vault") == "paused"
    assert RunContainers("r-2", containers).state("vault") == "missing"
    assert engine.asked[0]["all"] is True
    assert engine.asked[0]["filters"] == {"label": ["lockout.run=r-1", "com.docker.compose.service=vault"]}


def test_states_of_all_services() -> None:
    containers = run_containers(FakeContainer("vault"), FakeContainer("orders", "exited"))
    assert containers.services() == {"vault": "running", "orders": "exited"}


def test_a_service_without_a_container_cannot_be_acted_upon() -> None:
    with pytest.raises(EnvironmentUnusable, match="run r-1 has no container for service 'vault'"):
        run_containers().kill("vault")


def test_what_is_done_to_a_container() -> None:
    vault = FakeContainer("vault")
    containers = run_containers(vault)
    containers.kill("vault")
    containers.pause("vault")
    containers.unpause("vault")
    containers.stop("vault", 2.4)
    containers.start("vault")
    assert vault.calls == [("kill",), ("pause",), ("unpause",), ("stop", 2), ("start",)]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (requests.exceptions.ConnectionError("refused"), EngineGone, "the container engine does not answer"),
        (requests.exceptions.ReadTimeout("slow"), EngineGone, "the container engine does not answer"),
        (DockerException("no socket"), EngineGone, "the container engine does not answer: no socket"),
        (NotFound("404", explanation="No such container"), EnvironmentUnusable, "the container is gone: No such"),
        (refusal("container is not paused"), EnvironmentUnusable, "the container engine refused: container is not"),
    ],
)
def test_errors_of_the_engine(error: Exception, kind: type[EnvironmentUnusable], said: str) -> None:
    with pytest.raises(EnvironmentUnusable, match=said) as raised:
        run_containers(fails=error).state("vault")
    assert type(raised.value) is kind
    with pytest.raises(EnvironmentUnusable, match=said):
        run_containers(FakeContainer("vault", refuses=error)).start("vault")


@pytest.mark.parametrize(
    ("state", "code"),
    [({"Running": True, "ExitCode": 0}, None), ({"ExitCode": 0}, 0), ({"ExitCode": 137}, 137)],
)
def test_exit_codes(state: dict[str, Any], code: int | None) -> None:
    assert run_containers(FakeContainer("a", inspected=inspected(**state))).exit_code("a") == code


def test_addresses_in_all_networks() -> None:
    networks = {"b": {"IPAddress": "10.2.0.3"}, "a": {"IPAddress": "10.1.0.3"}, "none": {"IPAddress": ""}}
    container = FakeContainer("a", inspected={"NetworkSettings": {"Networks": networks}})
    assert run_containers(container).addresses("a") == ("10.1.0.3", "10.2.0.3")


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        ("", (0, 0)),
        (None, (0, 0)),
        ("65532:65531", (65532, 65531)),
        ("100", (100, 100)),
        ("100:vault", (100, 100)),
        ("vault", (0, 0)),
        ("vault:1000", (0, 0)),
    ],
)
def test_whom_a_container_runs_as(user: str | None, ids: tuple[int, int]) -> None:
    assert run_containers(FakeContainer("a", inspected={"Config": {"User": user}})).user("a") == ids


def test_private_files_are_written_for_the_containers_user_only() -> None:
    container = FakeContainer("orders", inspected={"Config": {"User": "65532:65531"}})
    run_containers(container).write_files(
        "orders",
        {
            "/run/identity/vault/secret_id": "s3cret-ü",
            "/run/identity/vault/role_id": "role",
            "/run/identity/idp/client_id": "",
        },
    )
    assert container.calls == [("put_archive", "/")]
    with tarfile.open(fileobj=io.BytesIO(container.archives[0])) as archive:
        members = {entry.name: (entry.isdir(), oct(entry.mode), entry.uid, entry.gid) for entry in archive.getmembers()}
        texts = {
            entry.name: archive.extractfile(entry).read().decode()  # type: ignore[union-attr]
            for entry in archive.getmembers()
            if entry.isfile()
        }
    assert members == {
        "run/identity/idp/client_id": (False, "0o400", 65532, 65531),
        "run/identity/vault/role_id": (False, "0o400", 65532, 65531),
        "run/identity/vault/secret_id": (False, "0o400", 65532, 65531),
    }
    assert texts == {
        "run/identity/idp/client_id": "",
        "run/identity/vault/role_id": "role",
        "run/identity/vault/secret_id": "s3cret-ü",
    }


def archive_of(name: str, content: bytes | None, mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.mode = mode
        if content is None:
            entry.type = tarfile.DIRTYPE
        else:
            entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content or b""))
    return buffer.getvalue()


def test_one_file_is_read() -> None:
    container = FakeContainer("pki", "exited", archives=[archive_of("ca.pem", b"-----BEGIN" + bytes(range(256)))])
    assert run_containers(container).read_file("pki", "/pki/ca/ca.pem") == b"-----BEGIN" + bytes(range(256))
    assert container.calls == [("get_archive", "/pki/ca/ca.pem")]


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o640])
def test_the_mode_of_a_file_is_told_whether_it_can_be_read_or_not(mode: int) -> None:
    container = FakeContainer("orders", "exited", archives=[archive_of("token", b"a-token", mode | 0o100000)])
    assert run_containers(container).mode("orders", "/run/identity/vault/token") == mode
    gone = FakeContainer("orders", refuses=NotFound("404", explanation="no such file"))
    assert run_containers(gone).mode("orders", "/run/identity/vault/token") is None


def test_a_folder_is_no_file() -> None:
    container = FakeContainer("pki", archives=[archive_of("ca", None)])
    with pytest.raises(EnvironmentUnusable, match="pki: /pki/ca does not exist, or is not a file"):
        run_containers(container).read_file("pki", "/pki/ca")


def test_a_file_that_is_not_there() -> None:
    container = FakeContainer("pki", refuses=NotFound("404", explanation="does not exist, or is not a file"))
    with pytest.raises(EnvironmentUnusable, match="does not exist, or is not a file"):
        run_containers(container).read_file("pki", "/nothing")


def test_lines_are_put_together_from_whatever_pieces_arrive() -> None:
    text = b"2026-11-22T10:00:00.1Z first line\n2026-11-22T10:00:00.2Z \n2026-11-22T10:00:00.3Z \xc3\xbcber \xff\n"
    pieces = [text[i : i + 7] for i in range(0, len(text), 7)]
    container = FakeContainer("orders", output=pieces)
    assert list(run_containers(container).follow("orders", 0.0)) == [
        ("2026-11-22T10:00:00.1Z", "first line"),
        ("2026-11-22T10:00:00.2Z", ""),
        ("2026-11-22T10:00:00.3Z", "über \ufffd"),
    ]
    [(_, options)] = container.calls
    assert options == {"stream": True, "follow": True, "timestamps": True, "since": None}


def test_a_long_line_that_the_engine_hands_on_in_pieces_is_one_line() -> None:
    stamp = b"2026-11-22T10:00:00.100000000Z "
    pieces = [stamp + b"{" + b"x" * 16383, stamp + b"y" * 16384, stamp + b"}\n", stamp + b"next\n"]
    said = list(run_containers(FakeContainer("vault", output=pieces)).follow("vault", 0.0))
    time_of = stamp.decode().strip()
    assert said == [(time_of, "{" + "x" * 16383 + "y" * 16384 + "}"), (time_of, "next")]


def test_a_last_line_without_its_end_is_a_line() -> None:
    container = FakeContainer("orders", output=[b"2026-11-22T10:00:00.1Z first\n2026-11-22T10:00:00.2Z last wo", b"rd"])
    assert [line for _, line in run_containers(container).follow("orders", 0.0)] == ["first", "last word"]


def test_whoever_follows_can_stop_it_from_another_thread() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = SimpleNamespace(close=lambda: theirs.shutdown(socket.SHUT_RDWR))
        Output(stream).close()
        assert ours.recv(1) == b""
    Output(SimpleNamespace()).close()  # what cannot be closed, or is, does no harm


def test_following_goes_on_from_where_it_was() -> None:
    container = FakeContainer("orders")
    assert list(run_containers(container).follow("orders", 1_795_341_600.25)) == []
    assert container.calls[0][1]["since"] == 1_795_341_600.25


def test_the_last_lines() -> None:
    container = FakeContainer("orders", output=[b"one\n", b"two \xff\n"])
    assert run_containers(container).logs("orders", tail=2) == "one\ntwo \ufffd\n"
    assert container.calls == [("logs", {"tail": 2})]


class Exec:
    """The engine's side of an exec: reads stdin to its end, answers with frames."""

    def __init__(self, code: int, *frames: tuple[int, bytes]) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.stdin = b""
        self.command: list[str] = []
        self.user = ""
        self._code = code
        self._frames = frames
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while piece := self.theirs.recv(4096):
            self.stdin += piece
        for stream, data in self._frames:
            self.theirs.sendall(struct.pack(">BxxxL", stream, len(data)) + data)
        self.theirs.close()

    def exec_create(self, name: str, command: list[str], stdin: bool, user: str) -> dict[str, str]:
        self.command, self.user = command, user
        return {"Id": "e-1"}

    def exec_start(self, name: str, socket: bool) -> Any:
        self._thread.start()
        return _SocketIO(self.ours)

    def exec_inspect(self, name: str) -> dict[str, Any]:
        self._thread.join()
        return {"ExitCode": self._code}


class Broken(Exec):
    """An engine that goes away in the middle of an exec."""

    def exec_start(self, name: str, socket: bool) -> Any:
        self.theirs.close()
        return self.ours


class Bare(Exec):
    """Hands out the socket itself, as the SDK does over TLS."""

    def exec_start(self, name: str, socket: bool) -> Any:
        self._thread.start()
        return self.ours


class _SocketIO(socket.SocketIO):
    def __init__(self, raw: socket.socket) -> None:
        super().__init__(raw, "rb")  # type: ignore[arg-type]


def test_a_command_is_run_with_its_secrets_on_stdin() -> None:
    made = Exec(3, (1, b"out "), (2, b"err"), (1, "für".encode()), (1, b" \xff"))
    containers = run_containers(FakeContainer("postgres"))
    containers.client.api = made
    done = containers.run_in("postgres", ["psql", "-f", "-"], stdin="ALTER ROLE x PASSWORD 's3cret';", user="70")
    assert done == ExecResult(3, "out für \ufffd", "err")
    assert made.stdin == b"ALTER ROLE x PASSWORD 's3cret';"
    assert (made.command, made.user) == (["psql", "-f", "-"], "70")


@pytest.mark.parametrize(("code", "there"), [(0, True), (127, False)])
def test_whether_there_is_such_a_program(code: int, there: bool) -> None:
    made = Exec(code, (1, b"Python 3"))
    containers = run_containers(FakeContainer("orders"))
    containers.client.api = made
    assert containers.can_run("orders", "python3") is there
    assert made.command == ["python3", "--version"]


class Endless(Exec):
    """A command that talks and does not end."""

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self.theirs.sendall(struct.pack(">BxxxL", 1, 3) + b"yes")
                time.sleep(0.01)


class Mute(Exec):
    """A command that hangs."""

    def _serve(self) -> None:
        while self.theirs.recv(4096):
            """It reads, says nothing, and closes nothing."""


@pytest.mark.parametrize("kind", [Endless, Mute])
def test_a_command_that_does_not_end_is_given_up(kind: type[Exec]) -> None:
    made = kind(0)
    containers = run_containers(FakeContainer("orders"))
    containers.client.api = made
    began = time.monotonic()
    with pytest.raises(EnvironmentUnusable, match=r"^orders: check had not ended after 0.1 s$"):
        containers.run_in("orders", ["check"], timeout=0.1)
    assert time.monotonic() - began < 5
    assert made.ours.fileno() == -1, "the connection is closed"


def test_frames_are_put_together_from_whatever_pieces_arrive() -> None:
    class Dripping(Exec):
        def _serve(self) -> None:
            for byte in struct.pack(">BxxxL", 1, 3) + b"yes" + struct.pack(">BxxxL", 2, 2) + b"no":
                self.theirs.sendall(bytes([byte]))
                time.sleep(0.001)
            self.theirs.close()

    containers = run_containers(FakeContainer("orders"))
    containers.client.api = Dripping(0)
    assert containers.run_in("orders", ["check"]) == ExecResult(0, "yes", "no")


def test_a_connection_without_a_wrapper_will_do() -> None:
    made = Bare(0, (1, b"out"))
    containers = run_containers(FakeContainer("postgres"))
    containers.client.api = made
    assert containers.run_in("postgres", ["psql"], stdin="x") == ExecResult(0, "out", "")
    assert made.stdin == b"x"


def test_an_engine_that_goes_away_during_a_command() -> None:
    made = Broken(0)
    containers = run_containers(FakeContainer("postgres"))
    containers.client.api = made
    with pytest.raises(EngineGone, match="the connection to the container engine broke during a command in postgres"):
        containers.run_in("postgres", ["psql"], stdin="x")
    assert made.ours.fileno() == -1, "the connection is closed"


# The engine's clock


def engine_says(text: str) -> Any:
    return SimpleNamespace(info=lambda: {"SystemTime": text})


def stamp(seconds: float, form: str = "%Y-%m-%dT%H:%M:%S.%f") -> str:
    return (datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=seconds)).strftime(form)


@pytest.mark.parametrize("ahead", [-3600.0, -2.0, 1.0, 90.0])
def test_an_engine_with_a_clock_of_its_own(ahead: float) -> None:
    assert clock_skew(engine_says(stamp(ahead) + "123Z")) == pytest.approx(ahead, abs=0.2)


@pytest.mark.parametrize("ahead", [-0.1, 0.0, 0.1])
def test_less_than_the_noise_is_no_skew(ahead: float) -> None:
    assert clock_skew(engine_says(stamp(ahead) + "123Z")) == 0.0


def test_an_engine_that_gives_whole_seconds() -> None:
    assert clock_skew(engine_says(stamp(10.0, "%Y-%m-%dT%H:%M:%SZ"))) == pytest.approx(9.5, abs=0.7)


@pytest.mark.parametrize("text", ["2020-01-01T00:00:00.5+01:00", "2020-01-01T00:00:00-05:00"])
def test_local_time_tells_nothing(text: str) -> None:
    assert clock_skew(engine_says(text)) == 0.0
