"""The containers of one run, by service name. Only what carries the run's label is ever touched."""

from __future__ import annotations

import io
import re
import socket
import ssl
import tarfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from harness.faults.ports import Disk, Variable
from harness.lab.errors import EnvironmentUnusable

RUN_LABEL = "lockout.run"
SERVICE_LABEL = "com.docker.compose.service"
T = TypeVar("T")
KILLED = 137  # what a shell reports for a command that went down with its container
COMMAND_TIMEOUT = 60.0  # seconds
CPU_PERIOD = 100_000  # microseconds, the kernel's own choice; a share of the processor is counted against it
SKEW_NOISE = 0.25  # seconds; asking the engine takes about a tenth of that


_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")


def _stamped(line: bytes) -> tuple[str, str]:
    stamp, _, text = line.decode(errors="replace").partition(" ")
    return stamp, text


def clock_skew(client: docker.DockerClient) -> float:
    """How far the engine's wall clock is ahead of ours, in seconds; 0 when it cannot be told from no skew."""
    before = time.time()
    theirs = str(client.info()["SystemTime"])
    now = (before + time.time()) / 2
    head, _, rest = theirs.partition(".")
    fraction = re.match(r"\d*", rest)
    seconds = datetime.fromisoformat(head.rstrip("Z")).replace(tzinfo=UTC).timestamp()
    skew = seconds + float(f"0.{fraction[0]}" if fraction and fraction[0] else 0) - now
    return skew if abs(skew) > SKEW_NOISE and theirs.endswith("Z") else 0.0


class EngineGone(EnvironmentUnusable):
    """The container engine stopped answering in the middle of something."""


@dataclass(frozen=True, slots=True)
class ExecResult:
    code: int
    stdout: str
    stderr: str


class Output:
    """(engine timestamp, line) as a container writes them; ends with the container, or when it is closed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[tuple[str, str]]:
        pending = b""
        for chunk in self._stream:
            # The engine hands on a line of more than 16 KiB in pieces, and puts the time before each of them.
            again = _STAMP.match(chunk) if pending else None
            *lines, pending = (pending + chunk[again.end() if again else 0 :]).split(b"\n")
            for line in lines:
                yield _stamped(line)
        if pending:
            yield _stamped(pending)

    def close(self) -> None:
        """Nobody reads on; from any thread."""
        with suppress(Exception):  # it has ended by itself
            self._stream.close()


class RunContainers:
    """Finds a run's containers by label and acts on them.

    Every call raises EngineGone when the engine does not answer, but for ``follow``: once it has begun, the SDK's own
    errors come through. A service without a container has the state ``missing``, and acting on it raises
    EnvironmentUnusable, as does whatever the engine refuses.
    """

    def __init__(self, run: str, client: docker.DockerClient) -> None:
        self.run = run
        self.client = client

    def _find(self, service: str) -> Container:
        labels = [f"{RUN_LABEL}={self.run}", f"{SERVICE_LABEL}={service}"]
        found = self.ask(lambda: self.client.containers.list(all=True, filters={"label": labels}))
        if not found:
            raise EnvironmentUnusable(f"run {self.run} has no container for service '{service}'")
        return found[0]

    @staticmethod
    def ask(call: Callable[[], T]) -> T:
        """What *call* says; its errors about the engine as EnvironmentUnusable."""
        try:
            return call()
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise EngineGone("the container engine does not answer", ("did it stop or restart?",)) from error
        except NotFound as error:
            raise EnvironmentUnusable(f"the container is gone: {error.explanation}") from error
        except APIError as error:
            raise EnvironmentUnusable(f"the container engine refused: {error.explanation}") from error
        except DockerException as error:
            raise EngineGone(f"the container engine does not answer: {error}") from error

    def services(self) -> dict[str, str]:
        """State by service name, for every container of the run."""
        found = self.ask(lambda: self.client.containers.list(all=True, filters={"label": f"{RUN_LABEL}={self.run}"}))
        return {container.labels.get(SERVICE_LABEL, str(container.name)): container.status for container in found}

    def state(self, service: str) -> str:
        labels = [f"{RUN_LABEL}={self.run}", f"{SERVICE_LABEL}={service}"]
        found = self.ask(lambda: self.client.containers.list(all=True, filters={"label": labels}))
        return str(found[0].status) if found else "missing"

    def exit_code(self, service: str) -> int | None:
        state = self._inspect(service)["State"]
        return None if state["Running"] else int(state["ExitCode"])

    def kill(self, service: str) -> None:
        self.ask(lambda: self._find(service).kill())

    def let_die(self, services: Collection[str] | None = None) -> None:
        """Take the restart policies off, of all or of *services*.

        One that is being restarted while it is removed can leave a network stuck.
        """
        filters: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={self.run}"}
        for container in self.ask(lambda: self.client.containers.list(all=True, filters=filters, ignore_removed=True)):
            if services is not None and container.labels.get(SERVICE_LABEL) not in services:
                continue
            policy = ((container.attrs or {}).get("HostConfig") or {}).get("RestartPolicy") or {}
            if policy.get("Name") not in (None, "", "no"):
                never: Any = {"Name": "no"}  # which the SDK's type stubs do not know
                with suppress(EnvironmentUnusable):  # it has gone by itself
                    self.ask(partial(container.update, restart_policy=never))

    def pause(self, service: str) -> None:
        self.ask(lambda: self._find(service).pause())

    def unpause(self, service: str) -> None:
        self.ask(lambda: self._find(service).unpause())

    def stop(self, service: str, grace: float) -> None:
        self.ask(lambda: self._find(service).stop(timeout=round(grace)))

    def start(self, service: str) -> None:
        self.ask(lambda: self._find(service).start())

    def signal(self, service: str, name: str) -> None:
        self.ask(lambda: self._find(service).kill(signal=name))

    def execute(self, service: str, command: Sequence[str], stdin: str = "", user: str = "") -> str:
        done = self.run_in(service, list(command), stdin, user)
        if done.code:
            why = done.stderr.strip() or f"exit code {done.code}"
            raise EnvironmentUnusable(f"{service}: {command[0]} failed: {why}")
        return done.stdout

    def can_run(self, service: str, program: str) -> bool:
        return self.run_in(service, [program, "--version"]).code == 0

    def _inspect(self, service: str) -> dict[str, Any]:
        container = self._find(service)
        return self.ask(lambda: dict(self.client.api.inspect_container(str(container.id))))

    def addresses(self, service: str) -> tuple[str, ...]:
        networks = self._inspect(service)["NetworkSettings"]["Networks"]
        return tuple(sorted(network["IPAddress"] for network in networks.values() if network["IPAddress"]))

    def networks(self, service: str) -> dict[str, tuple[str, ...]]:
        """The names by which it is known in each of its networks, by the networks' names, sorted."""
        inspected = self._inspect(service)
        own = str(inspected["Id"])[:12]  # which the engine adds by itself
        found = inspected["NetworkSettings"]["Networks"]
        return {
            network: tuple(sorted({name for name in settings.get("Aliases") or () if name != own}))
            for network, settings in sorted(found.items())
        }

    def remove(self, service: str) -> None:
        """Take its container away, with the volumes that only it had."""
        self.ask(lambda: self._find(service).remove(force=True, v=True))

    def started_at(self, service: str) -> str:
        return str(self._inspect(service)["State"]["StartedAt"])

    def disk(self, service: str, path: str) -> Disk | None:
        done = self.run_in(service, ["df", "-P", "-k", path])
        numbers = done.stdout.split("\n")[1].split()[1:4] if not done.code and done.stdout.count("\n") > 1 else []
        if len(numbers) < 3 or not (numbers[0].isdigit() and numbers[2].isdigit()):
            return None
        return Disk(int(numbers[0]) * 1024, int(numbers[2]) * 1024)

    def cpus(self, service: str) -> float:
        set_up = self._inspect(service)["HostConfig"]
        quota, period = int(set_up.get("CpuQuota") or 0), int(set_up.get("CpuPeriod") or CPU_PERIOD)
        return int(set_up.get("NanoCpus") or 0) / 1e9 or max(quota, 0) / period

    def limit_cpus(self, service: str, cpus: float) -> None:
        container = self._find(service)
        quota = round(cpus * CPU_PERIOD) if cpus else -1
        self.ask(lambda: container.update(cpu_period=CPU_PERIOD, cpu_quota=quota))

    def environment(self, service: str) -> tuple[Variable, ...]:
        told = _variables(self._inspect(service)["Config"].get("Env") or (), "docker inspect")
        has: dict[str, Variable] = {}
        if self.state(service) == "running":
            done = self.run_in(service, ["cat", "/proc/1/environ"])
            has = _variables(() if done.code else done.stdout.split("\0"), "its first process")
        beyond = {name: variable for name, variable in has.items() if told.get(name, variable).value != variable.value}
        beyond |= {name: variable for name, variable in has.items() if name not in told}
        return tuple(variable for _, variable in sorted((told | beyond).items()))

    def user(self, service: str) -> tuple[int, int]:
        """Numeric uid and gid that the container runs as; root where the image names a user only by name."""
        uid, _, gid = str(self._inspect(service)["Config"].get("User") or "0").partition(":")
        if not uid.isdigit():
            return 0, 0
        return int(uid), int(gid) if gid.isdigit() else int(uid)

    def logs(self, service: str, tail: int | Literal["all"] = "all") -> str:
        container = self._find(service)
        return str(self.ask(lambda: container.logs(tail=tail)).decode(errors="replace"))

    def follow(self, service: str, since: float) -> Output:
        """What the container writes, stdout and stderr, until it stops."""
        container = self._find(service)
        return Output(
            self.ask(lambda: container.logs(stream=True, follow=True, timestamps=True, since=since if since else None))
        )

    def read_file(self, service: str, path: str) -> bytes:
        """The bytes of one file, also from a container that has stopped. Raises EnvironmentUnusable if absent."""
        content = self._file(service, path)
        if content is None:
            raise EnvironmentUnusable(f"{service}: {path} does not exist, or is not a file")
        return content

    def read(self, service: str, path: str) -> str | None:
        content = self._file(service, path)
        return None if content is None else content.decode(errors="replace")

    def mode(self, service: str, path: str) -> int | None:
        return self._archived(service, path, lambda _, entry: entry.mode & 0o777)

    def _file(self, service: str, path: str) -> bytes | None:
        def content(members: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes | None:
            opened = members.extractfile(entry)
            return None if opened is None else opened.read()

        return self._archived(service, path, content)

    def _archived(
        self, service: str, path: str, take: Callable[[tarfile.TarFile, tarfile.TarInfo], T | None]
    ) -> T | None:
        """What *take* takes of one file, also from a container that has stopped; None when there is no such file."""
        container = self._find(service)

        def archive() -> bytes | None:
            try:
                return b"".join(container.get_archive(path)[0])
            except NotFound:
                return None

        packed = self.ask(archive)
        if packed is None:
            return None
        with tarfile.open(fileobj=io.BytesIO(packed)) as members:
            name = PurePosixPath(path).name
            return take(members, members.getmember(name)) if name in members.getnames() else None

    def write_files(self, service: str, files: Mapping[str, str]) -> None:
        """Put small private files (mode 0400, owned by the container's user) at absolute paths.

        Missing folders are made by the engine; folders that exist stay as they are.
        """
        uid, gid = self.user(service)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path, text in sorted(files.items()):
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.size, entry.mode, entry.uid, entry.gid = len(text.encode()), 0o400, uid, gid
                archive.addfile(entry, io.BytesIO(text.encode()))
        container = self._find(service)
        self.ask(lambda: container.put_archive("/", buffer.getvalue()))

    def run_in(
        self, service: str, command: list[str], stdin: str = "", user: str = "", timeout: float = COMMAND_TIMEOUT
    ) -> ExecResult:
        """Run *command* in the container. What is secret belongs in *stdin*: arguments show in process lists.

        Raises EnvironmentUnusable when it has not ended after *timeout* seconds; the engine knows no way to end it.
        """
        api = self.client.api
        container = self._find(service)
        made = self.ask(lambda: api.exec_create(container.id, command, stdin=True, user=user))
        connection = self.ask(lambda: api.exec_start(made["Id"], socket=True))
        end = time.monotonic() + timeout
        try:
            # The SDK hands out a wrapper that cannot half-close; the socket below it can, and stdin has to end.
            raw: Any = getattr(connection, "_sock", connection)
            if isinstance(raw, ssl.SSLSocket):
                raise EnvironmentUnusable("commands in containers need an engine without TLS, such as a Unix socket")
            raw.settimeout(timeout)
            raw.sendall(stdin.encode())
            raw.shutdown(socket.SHUT_WR)
            out = _output(raw, end)
        except TimeoutError as error:
            raw.close()  # the wrapper alone would leave it open
            raise EnvironmentUnusable(f"{service}: {command[0]} had not ended after {timeout:g} s") from error
        except OSError as error:
            raise EngineGone(f"the connection to the container engine broke during a command in {service}") from error
        finally:
            connection.close()
        code = self.ask(lambda: api.exec_inspect(made["Id"]))["ExitCode"]
        stdout, stderr = (out[stream].decode(errors="replace") for stream in (1, 2))
        return ExecResult(KILLED if code is None else int(code), stdout, stderr)


def _variables(entries: Iterable[str], seen_by: str) -> dict[str, Variable]:
    pairs = (entry.partition("=") for entry in entries if entry)
    return {name: Variable(name, value, seen_by) for name, _, value in pairs}


def _output(raw: Any, end: float) -> dict[int, bytearray]:
    """What a command writes to stdout (1) and stderr (2) until it closes them.

    Raises TimeoutError when it has not by *end* on the monotonic clock.
    """
    out = {1: bytearray(), 2: bytearray()}
    frames = bytearray()  # each has the stream in its first byte, and its size in the last four of eight
    while True:
        raw.settimeout(max(end - time.monotonic(), 0.001))
        if not (piece := raw.recv(65536)):
            return out
        frames += piece
        while len(frames) >= 8 and len(frames) >= (size := 8 + int.from_bytes(frames[4:8], "big")):
            out[frames[0]] += frames[8:size]
            del frames[:size]
        if time.monotonic() > end:
            raise TimeoutError
