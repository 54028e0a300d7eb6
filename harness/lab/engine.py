"""The container engine: find a reachable one, or start or install one where lockout may, or say exactly what to do."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import docker
import docker.errors
import requests.exceptions
from docker.context import ContextAPI

from harness.lab import apt
from harness.lab.engine_start import (
    Means,
    last_lines,
    means_here,
    start_daemon,
    start_hints,
    was_started_by_lockout,
)
from harness.lab.errors import EnvironmentUnusable
from harness.lab.progress import Progress, Silent
from harness.lab.store import file_lock, state_dir

GB = 1_000_000_000
MIN_API = (1, 41)  # Engine 20.10: Debian 12's, and the oldest whose classic builder and networks we know
DISK_REFUSE = 1 * GB
DISK_WARN = 5 * GB
ELSEWHERE = "lockout must run on the engine's machine: it reaches the lab through 127.0.0.1"
_GO_ARCH = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "amd64": "amd64"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where an engine may listen. `explicit`: the user named it, so no other is tried if it does not answer."""

    host: str
    source: str
    explicit: bool = False
    context: str | None = None


FailureKind = Literal["absent", "denied", "silent", "unusable", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a candidate cannot be used; `absent`: nothing is there, `silent`: there is a socket but no answer.

    `elsewhere`: it is on another machine, on which lockout could start a lab, but not reach it.
    """

    kind: FailureKind
    why: str


@dataclass(frozen=True, slots=True)
class Engine:
    """A reachable engine. `client` is a docker.DockerClient; `arch` in Go's spelling, `root_dir` its storage.

    `id` is what the engine calls itself, whatever the address at which it was reached.
    """

    client: docker.DockerClient
    host: str
    source: str
    version: str
    api_version: str
    arch: str
    root_dir: str
    local: bool
    started_by_lockout: bool
    context: str | None = None
    id: str = ""

    def connect(self, timeout: int) -> docker.DockerClient:
        """A further client for the same engine, with a `timeout` of its own (seconds); to be closed by the caller."""
        return _connect(Candidate(self.host, self.source, context=self.context), timeout)

    def environment(self) -> dict[str, str]:
        """Variables that make the docker command and Compose talk to this same engine."""
        if self.context is not None:
            return {"DOCKER_CONTEXT": self.context}
        return {"DOCKER_HOST": self.host}


Reach = Callable[[Candidate], Engine | Failure]


def candidates(environ: Mapping[str, str], home: Path, uid: int) -> list[Candidate]:
    """Where to look, best first: DOCKER_HOST, the docker command's context, then the usual sockets."""
    if host := environ.get("DOCKER_HOST"):
        return [Candidate(host, "DOCKER_HOST", explicit=True)]
    config_dir = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    name = environ.get("DOCKER_CONTEXT") or _current_context(config_dir)
    if name and name != "default":
        return [Candidate(_context_host(config_dir, name), f"docker context {name!r}", explicit=True, context=name)]
    sockets = [Path("/var/run/docker.sock")]
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        sockets.append(Path(runtime) / "docker.sock")
    sockets.append(Path(f"/run/user/{uid}/docker.sock"))
    for below_home in (".docker/run", ".docker/desktop", ".orbstack/run", ".colima/default", ".rd"):
        sockets.append(home / below_home / "docker.sock")
    return [Candidate(f"unix://{path}", str(path)) for path in dict.fromkeys(sockets)]


def _current_context(config_dir: Path) -> str | None:
    with suppress(OSError, ValueError, AttributeError):
        value = json.loads((config_dir / "config.json").read_text(encoding="utf-8")).get("currentContext")
        return value if isinstance(value, str) else None
    return None


def _context_host(config_dir: Path, name: str) -> str:
    folder = hashlib.sha256(name.encode()).hexdigest()
    with suppress(OSError, ValueError, KeyError, TypeError):
        meta = json.loads((config_dir / "contexts" / "meta" / folder / "meta.json").read_text(encoding="utf-8"))
        return str(meta["Endpoints"]["docker"]["Host"])
    return ""


def search(places: Iterable[Candidate], reach: Reach) -> Engine | list[tuple[Candidate, Failure]]:
    """The first engine that answers, else why each did not."""
    failures: list[tuple[Candidate, Failure]] = []
    for place in places:
        result = reach(place)
        if isinstance(result, Engine):
            return result
        failures.append((place, result))
    return failures


def reach_engine(place: Candidate, timeout: int = 5) -> Engine | Failure:
    """Ask one place for its version. Effects: one or two requests to the engine."""
    if not place.host:
        return Failure("absent", f"the docker command has no {place.source}")
    if is_elsewhere(place.host):
        return Failure("elsewhere", ELSEWHERE)
    if place.host.startswith("unix://") and not _exists(place.host.removeprefix("unix://")):
        return Failure("absent", "there is no such socket")
    try:
        client = _connect(place, timeout)
        info: dict[str, Any] = client.info()
        version: dict[str, Any] = client.version()
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError, ValueError) as err:
        return _failure(err)
    return _engine(place, client, info, version)


def is_elsewhere(host: str) -> bool:
    """Whether an engine's address is that of another machine. A machine's own name counts as another, too."""
    try:
        url = urlsplit(host if "://" in host else f"tcp://{host}")
        name = url.hostname
    except ValueError:
        return False  # no address at all: the SDK says so
    if url.scheme == "ssh":
        return True
    if url.scheme not in ("tcp", "http", "https") or name in (None, "localhost"):
        return False
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


def _exists(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 (Path.exists raises for what lies in a folder that is closed to us)


def _connect(place: Candidate, timeout: int) -> docker.DockerClient:
    if place.context is not None:
        context = ContextAPI.get_context(place.context)
        tls = context.TLSConfig if context is not None else None
        return docker.DockerClient(base_url=place.host, tls=tls or False, timeout=timeout)
    if place.source == "DOCKER_HOST":
        return docker.from_env(timeout=timeout)
    return docker.DockerClient(base_url=place.host, timeout=timeout)


def _failure(err: Exception) -> Failure:
    text = str(err)
    if "Permission denied" in text or isinstance(err, PermissionError):
        return Failure("denied", "permission denied")
    if "No such file" in text:
        return Failure("absent", "there is no such socket")
    if "Connection refused" in text or "timed out" in text or "Connection aborted" in text:
        return Failure("silent", "nothing answers there")
    return Failure("unusable", text.strip().splitlines()[0] if text.strip() else type(err).__name__)


def _engine(
    place: Candidate, client: docker.DockerClient, info: dict[str, Any], version: dict[str, Any]
) -> Engine | Failure:
    api = str(version.get("ApiVersion", "0.0"))
    number = str(version.get("Version", "unknown"))
    if tuple(int(part) for part in api.split(".")[:2]) < MIN_API:
        return Failure("unusable", f"engine {number} is too old (API {api}): lockout needs 20.10 or newer")
    if info.get("OSType", "linux") != "linux":
        return Failure("unusable", f"it runs {info.get('OSType')} containers: switch the engine to Linux containers")
    root = str(info.get("DockerRootDir", ""))
    machine = str(info.get("Architecture", ""))
    local = place.host.startswith("unix://") and bool(root) and _exists(root)
    # the short timeout was for finding out; work may take longer
    client.api.timeout = 120
    return Engine(
        client=client,
        host=place.host,
        source=place.source,
        version=number,
        api_version=str(client.api.api_version),
        arch=_GO_ARCH.get(machine, machine),
        root_dir=root,
        local=local,
        started_by_lockout=local and was_started_by_lockout(),
        context=place.context,
        id=str(info.get("ID", "")),
    )


def find_engine() -> Engine | list[tuple[Candidate, Failure]]:
    """Look for an engine, change nothing."""
    return search(candidates(os.environ, Path.home(), os.getuid()), reach_engine)


def free_space(engine: Engine) -> int | None:
    """Free bytes where the engine stores its data; None if that is not on this machine."""
    if not engine.local:
        return None
    try:
        space = os.statvfs(engine.root_dir)
    except OSError:
        return None
    return space.f_bavail * space.f_frsize


def disk_problem(engine: Engine, free: int | None) -> str | None:
    """A sentence if there is too little space to work at all."""
    if free is None or free >= DISK_REFUSE:
        return None
    return f"only {free / GB:.1f} GB free in {engine.root_dir}: a lab needs at least 1 GB"


def ensure_engine(progress: Progress | None = None) -> Engine:
    """A usable engine: one that is reachable, else one that lockout starts, or installs and starts.

    Installs only on Debian or Ubuntu, as root, and unless LOCKOUT_INSTALL_ENGINE is `never`.
    Raises EnvironmentUnusable, saying what to install or start.
    """
    show = progress if progress is not None else Silent()
    found = find_engine()
    if not isinstance(found, Engine):
        found = _provide(found, show)
    free = free_space(found)
    if problem := disk_problem(found, free):
        raise EnvironmentUnusable(problem, ("docker system df shows what takes the space",))
    if free is not None and free < DISK_WARN:
        show.update(f"only {free / GB:.1f} GB free in {found.root_dir}: images and volumes may fill it")
    return found


def _provide(failures: list[tuple[Candidate, Failure]], progress: Progress) -> Engine:
    if unusable := refusal(failures, means_here(os.environ), apt.read_system(), docker_group=user_in_docker_group()):
        raise unusable
    with file_lock(
        state_dir() / "engine.lock",
        lambda: progress.step("another lockout process is starting the container engine, waiting"),
    ):
        again = find_engine()  # the other process may have started it meanwhile
        if isinstance(again, Engine):
            return again
        log = state_dir() / "engine-install.log"
        if means_here(os.environ) == "install":
            progress.step(
                "installing Debian's docker.io, iproute2 and iptables (to forbid: LOCKOUT_INSTALL_ENGINE=never)"
            )
            apt.install(["docker.io", "iproute2", "iptables"], progress.update, log)
            progress.done("installed Debian's docker.io")
        progress.step("starting the container engine")
        result = start_daemon(find_engine_or_none)
        if isinstance(result, str):
            raise EnvironmentUnusable(
                f"the container engine was started, but {result}", (*last_lines(), *start_hints())
            )
        progress.done(f"container engine {result.version} runs")
        return result


def find_engine_or_none() -> Engine | None:
    found = find_engine()
    return found if isinstance(found, Engine) else None


def refusal(
    failures: list[tuple[Candidate, Failure]], means: Means, system: apt.System, docker_group: bool
) -> EnvironmentUnusable | None:
    """The error to raise if lockout must not start an engine itself; None if it may."""
    for place, failure in failures:
        if place.explicit:
            hints = (
                "run lockout on that machine, or use an engine of this one:"
                if failure.kind == "elsewhere"
                else f"start the engine at {place.host or place.source}, or",
                "unset DOCKER_HOST" if place.source == "DOCKER_HOST" else "choose another: docker context use default",
            )
            return EnvironmentUnusable(
                f"the container engine of {place.source} ({place.host or 'unknown'}) cannot be used: {failure.why}",
                hints,
            )
    denied = [place for place, failure in failures if failure.kind == "denied"]
    if denied:
        join = "log in again, so that your membership of the group docker counts (or run: newgrp docker)"
        if not docker_group:
            join = "join the group docker: sudo usermod -aG docker $USER, then log in again (or run: newgrp docker)"
        return EnvironmentUnusable(
            f"you may not use the container engine at {denied[0].source}: permission denied", (join,)
        )
    for place, failure in failures:
        if failure.kind == "unusable":
            return EnvironmentUnusable(f"the container engine at {place.source} cannot be used: {failure.why}")
    if means == "none":
        return EnvironmentUnusable("no container engine is reachable", how_to_get(system))
    if means == "forbidden":
        return EnvironmentUnusable(
            "no container engine is reachable, and LOCKOUT_INSTALL_ENGINE=never forbids installing one",
            how_to_get(system),
        )
    return None


def how_to_get(system: apt.System) -> tuple[str, ...]:
    """What to do on this system to get a container engine."""
    started = "if one is installed, start it"
    elsewhere = "or name the socket of one that runs on this machine: export DOCKER_HOST=unix:///path/to/docker.sock"
    if system.is_debian_family:
        return (
            f"{started}: sudo systemctl start docker",
            "else install it: sudo apt-get install docker.io iproute2 iptables (run as root, lockout does it for you)",
            elsewhere,
        )
    if system.ids & {"fedora", "rhel", "centos"}:
        return (f"{started}: sudo systemctl start docker", "else install it: sudo dnf install moby-engine", elsewhere)
    if "arch" in system.ids:
        return (f"{started}: sudo systemctl start docker", "else install it: sudo pacman -S docker", elsewhere)
    if "alpine" in system.ids:
        return (f"{started}: sudo rc-service docker start", "else install it: sudo apk add docker", elsewhere)
    if not system.ids and shutil.which("sw_vers"):
        return ("start Docker Desktop, OrbStack or Colima (colima start)", "or install one of them", elsewhere)
    return (started, "else install Docker Engine 20.10 or newer", elsewhere)


def user_in_docker_group() -> bool:
    with suppress(KeyError, ImportError):
        import grp
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name in grp.getgrnam("docker").gr_mem
    return False
