"""What stands for the proxy's figure: a lab's Vault, our proxy and Toxiproxy before it, all on this machine."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.proxy_load import Ask, login, read
from benchmarks.result import NotMeasured, Wish
from harness.faults.proxy_rule import HttpMatch, ProxyRule, Respond
from harness.history.redaction import Redactor
from harness.lab.admin.http import AdminApi
from harness.lab.admin.proxy import ProxyOperator
from harness.lab.bring_up import resolve_images, set_up, start, tear_down
from harness.lab.containers import RunContainers
from harness.lab.engine import ensure_engine
from harness.lab.images.ingredients import find_go
from harness.lab.lab import RunningLab
from harness.lab.plugins import ensure_compose
from harness.lab.ports import free_ports
from harness.lab.progress import Silent
from harness.lab.project import Project
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.lab.store import cache_dir, make_dir
from harness.lab.waiting import wait_for
from harness.run.runner import new_run_id
from harness.topology.compose_output import parse_config

TOXIPROXY = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"
DIRECT, BYTES, HTTP, OTHER = "direct", "our proxy", "our proxy, speaking HTTP", "Toxiproxy"
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
_SERVICES = ("vault", "idp", "proxy", "postgres", "ledger")
_READY, _BUILD = 20.0, 300.0  # seconds
_ROLE = "benchmark"


@dataclass(frozen=True, slots=True)
class Stage:
    """Ports by the way that leads through them, to Vault and to the plain server."""

    vault: Mapping[str, int]
    peer: Mapping[str, int]
    context: ssl.SSLContext
    read: Ask
    login: Ask
    without: str  # why Toxiproxy is not there, if it is not


@contextmanager
def standing(wish: Wish) -> Iterator[Stage]:
    """All of it, gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockout-bench-")))
        wish.say("proxy: building Toxiproxy where it can be built")
        program, without = _toxiproxy()
        wish.say("proxy: bringing up a Vault")
        lab = stack.enter_context(_lab(folder))
        upstream = int(lab.url("vault", 8200, tls=True).rpartition(":")[2])
        tls = _tls(lab, folder)
        peer, *ports = free_ports(9)
        _start(stack, [sys.executable, "-m", "benchmarks.proxy_peer", str(peer)], (peer,), {})
        vault, peers = {DIRECT: upstream}, {DIRECT: peer}
        vault[BYTES], vault[HTTP], peers[BYTES] = ports[:3]
        _our_proxy(stack, tls, upstream, peer, ports[:4])
        if program:
            vault[OTHER], peers[OTHER] = ports[4:6]
            _their_proxy(stack, program, upstream, peer, ports[4:7])
        asks = _asks(lab)
        yield Stage(vault, peers, ssl.create_default_context(cafile=str(tls / "ca.pem")), *asks, without)


@contextmanager
def _lab(folder: Path) -> Iterator[RunningLab]:
    """The components of the standard topology, without workloads."""
    progress, run = Silent(), new_run_id("benchmark")
    engine, compose = ensure_engine(progress), ensure_compose(progress)
    files = (FIXTURES.parent / "compose" / "standard.yaml",)
    project = Project(compose, f"lockout-{run}", files, {}, engine.environment())
    config = project.config()
    topology = parse_config(config, project.files)
    services = topology.started_with(_SERVICES)
    containers = RunContainers(run, engine.client)
    secrets = RunSecrets(run, Redactor(), folder / "secrets")
    (folder / "run").mkdir()

    def spec(ports: Mapping[tuple[str, int], int]) -> LabSpec:
        return LabSpec(run, project.name, folder / "run", project.files, {}, config, topology, ports)

    made = spec({})
    try:
        made = start(spec, project, services, resolve_images(topology, services, "auto", engine, progress), progress)
        lab = RunningLab(made, containers, secrets)
        set_up(lab, services, progress, lambda _service: None)
        yield lab
    finally:
        tear_down(made, project, containers)
        secrets.forget()


def _asks(lab: RunningLab) -> tuple[Ask, Ask]:
    """A read and a login, as a workload would make them."""
    vault = lab.vault("vault")
    role = f"auth/approle/role/{_ROLE}"
    vault.api_write(role, {"token_policies": ["billing"], "token_ttl": "1h"})
    role_id = str((vault.api_read(f"{role}/role-id") or {})["role_id"])
    secret_id = str(vault.api_write(f"{role}/secret-id", {})["secret_id"])
    into = login(role_id, secret_id)
    port = int(lab.url("vault", 8200, tls=True).rpartition(":")[2])
    token = json.loads(answer_of(port, into))["auth"]["client_token"]
    return read("kv/data/billing", token), into


def answer_of(port: int, ask: Ask) -> bytes:
    """What is answered; for setting things up, so whose certificate it is does not matter."""
    way = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=ssl._create_unverified_context())
    way.request(ask.method, ask.path, ask.body or None, dict(ask.headers))
    return way.getresponse().read()


def _tls(lab: RunningLab, folder: Path) -> Path:
    """The lab's certificate for its proxy, for the one that runs here."""
    tls = folder / "tls"
    tls.mkdir(mode=0o700)
    for name in ("tls.crt", "tls.key", "ca.pem", "admin-token"):
        (tls / name).write_bytes(lab.containers.read_file("proxy", f"/tls/{name}"))
    return tls


def _our_proxy(stack: ExitStack, tls: Path, upstream: int, peer: int, ports: Sequence[int]) -> None:
    by_bytes, by_http, plain, admin = ports
    routes = {
        "bytes": f"127.0.0.1:{by_bytes}>localhost:{upstream}+proxyv1",
        "http": f"127.0.0.1:{by_http}>localhost:{upstream}+proxyv1",
        "plain": f"127.0.0.1:{plain}>127.0.0.1:{peer}",
    }
    environ = {
        "PROXY_ROUTES": ",".join(f"{name}={route}" for name, route in routes.items()),
        "PROXY_TLS": str(tls),
        "PROXY_ADMIN_TOKEN_FILE": str(tls / "admin-token"),
        "PROXY_ADMIN_PORT": str(admin),
        "PYTHONPATH": f"{FIXTURES / 'proxy' / 'app'}:{FIXTURES / 'shared'}",
    }
    _start(stack, [sys.executable, "-m", "lab_proxy"], ports, environ)
    token = (tls / "admin-token").read_text(encoding="utf-8").strip()
    operator = ProxyOperator(AdminApi("proxy", f"https://localhost:{admin}", str(tls / "ca.pem"), token))
    # One that hits nothing, but for which the proxy has to speak HTTP.
    operator.apply("none", ProxyRule(route="http", match=HttpMatch(path="/nothing"), toxic=Respond(status=500)))


def _their_proxy(stack: ExitStack, program: Path, upstream: int, peer: int, ports: Sequence[int]) -> None:
    tls, plain, admin = ports
    _start(stack, [str(program), "-host", "127.0.0.1", "-port", str(admin)], (admin,), {"LOG_LEVEL": "error"})
    for name, listen, port in (("vault", tls, upstream), ("plain", plain, peer)):
        way = http.client.HTTPConnection("127.0.0.1", admin, timeout=10)
        wanted = {"name": name, "listen": f"127.0.0.1:{listen}", "upstream": f"127.0.0.1:{port}", "enabled": True}
        way.request("POST", "/proxies", json.dumps(wanted))
        if (answer := way.getresponse()).status != http.client.CREATED:
            raise NotMeasured(f"Toxiproxy refused a proxy: {answer.status}")


def _toxiproxy() -> tuple[Path | None, str]:
    """The program, built once and kept outside the project; or why there is none."""
    program = cache_dir() / "bench" / TOXIPROXY.rpartition("@")[2] / "server"
    if program.exists():
        return program, ""
    go = find_go()
    if go is None:
        return None, "Toxiproxy was not built: there is no Go compiler that is new enough"
    make_dir(program.parent)
    environ = {**os.environ, "GOBIN": str(program.parent), "GOFLAGS": "-mod=mod"}
    try:
        built = subprocess.run(
            [go, "install", TOXIPROXY],
            cwd=program.parent,
            env=environ,
            capture_output=True,
            text=True,
            timeout=_BUILD,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"Toxiproxy was not built: not done after {_BUILD:g} s"
    if built.returncode or not program.exists():
        last = (built.stderr.strip().splitlines() or ["no reason given"])[-1]
        return None, f"Toxiproxy could not be built: {last}"
    return program, ""


def _start(stack: ExitStack, command: Sequence[str], ports: Sequence[int], environ: Mapping[str, str]) -> None:
    """A program that listens on all *ports*, until the end."""
    process = subprocess.Popen(
        command,
        cwd=FIXTURES.parent,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(_end, process)
    if not wait_for(lambda: process.poll() is not None or all(map(_listens, ports)), _READY):
        raise NotMeasured(f"{Path(command[0]).name} did not begin to listen")
    if process.poll() is not None:
        raise NotMeasured(f"{' '.join(command[:3])} ended with {process.returncode}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as way:
        way.settimeout(1)
        return way.connect_ex(("127.0.0.1", port)) == 0
