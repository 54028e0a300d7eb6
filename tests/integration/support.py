"""Drives the real command line as a user does, and looks at what it leaves on the machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import docker

from harness.history.events import AnyEvent, PhaseEntered, RunEnded
from harness.history.reader import read_events
from harness.lab.containers import RUN_LABEL
from harness.lab.waiting import wait_for
from harness.run.folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "compose"
SMALL = Path(__file__).with_name("small.compose.yaml")
LOCKOUT = (sys.executable, "-c", "from harness.cli.main import main; main()")
T = TypeVar("T")
LONG = 300.0  # seconds; no single command may take longer

# What must never be seen outside the lab, whoever made it.
SECRET_SHAPES = {
    "Vault token": re.compile(rb"\bhv[sbr]\.[A-Za-z0-9_-]{8,}"),
    "JWT": re.compile(rb"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"),
    "private key": re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


class Cli:
    """The command line with state and run folders of its own, so that nobody else's runs are touched."""

    def __init__(self, home: Path, state: Path | None = None) -> None:
        """*state* is shared with others, or an own one."""
        self.state = state or home / "state"
        self.mark = f"LOCKOUT_TEST={home}"
        self.runs = home / "runs"
        self.scenarios = home / "scenarios"
        for folder in (self.state, self.runs, self.scenarios):
            folder.mkdir(parents=True, exist_ok=True)
        self.started: list[LiveRun] = []
        self._count = 0

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("LOCKOUT_RUNS", "LOCKOUT_SCENARIOS")}
        name, _, value = self.mark.partition("=")
        own = {"XDG_STATE_HOME": str(self.state), name: value, "NO_COLOR": "1", "COLUMNS": "160"}
        return {**kept, **own, **(extra or {})}

    def run(self, *arguments: str, timeout: float = LONG, prefix: Sequence[str] = (), **extra: str) -> Done:
        """Run to the end, by *prefix* (a command that runs its arguments). Keywords are environment variables."""
        done = subprocess.run(
            [*prefix, *LOCKOUT, *arguments],
            cwd=ROOT,
            env=self.environment(extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, scenario: Path | str, *options: str, runs: Path | None = None, **extra: str) -> LiveRun:
        """Begin ``lockout run`` in a process group of its own, as a shell would, with its own folder of runs."""
        self._count += 1
        folder = runs or self.runs / str(self._count)
        out, err = self.runs / f"{self._count}.out", self.runs / f"{self._count}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [*LOCKOUT, "run", str(scenario), "--runs", str(folder), *options],
                cwd=ROOT,
                env=self.environment(extra),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                # Whoever started the tests may have had hang-ups ignored, which children inherit.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )
        live = LiveRun(process, folder, out, err)
        self.started.append(live)
        return live

    def secrets_of(self, run: str) -> Path:
        return self.state / "lockout" / "secrets" / f"{run}.json"

    def mark_of(self, run: str) -> Path:
        return self.state / "lockout" / "open" / f"{run}.json"

    def left_of(self, run: str, client: docker.DockerClient) -> list[str]:
        """What there still is of *run*, in words: containers, networks, volumes, secrets, its mark."""
        files = [str(path) for path in (self.secrets_of(run), self.mark_of(run)) if path.exists()]
        return objects_of(run, client) + files


@dataclass
class LiveRun:
    """A run that is going on in another process."""

    process: subprocess.Popen[bytes]
    runs: Path
    out_file: Path
    err_file: Path
    _folder: RunFolder | None = field(default=None)

    @property
    def folder(self) -> RunFolder:
        """Its folder, as soon as there is one with a history."""
        if self._folder is None:
            self._folder = self.until(self._find_folder, 60, "it has a run folder")
        return self._folder

    def _find_folder(self) -> RunFolder | None:
        found = [path.parent for path in self.runs.glob("*/events.jsonl")]
        return RunFolder(found[0]) if found else None

    @property
    def run(self) -> str:
        return self.folder.path.name

    @property
    def text(self) -> str:
        return self.out_file.read_text(encoding="utf-8") + self.err_file.read_text(encoding="utf-8")

    def events(self) -> list[AnyEvent]:
        return list(read_events(self.folder.events))

    def until(self, condition: Callable[[], T | None], deadline: float, what: str) -> T:
        """The first true answer of *condition*. Fails if the process ends first, or after *deadline* seconds."""

        def look() -> tuple[T] | str | None:
            ended = self.process.poll() is not None
            answer = condition()
            if answer:
                return (answer,)
            return "ended" if ended else None

        found = wait_for(look, deadline, poll=0.1)
        assert isinstance(found, tuple), f"not seen: {what} (exit code {self.process.poll()})\n{self.text}"
        return found[0]

    def until_event(self, is_it: Callable[[AnyEvent], bool], what: str, deadline: float = 120) -> AnyEvent:
        return self.until(lambda: next((e for e in self.events() if is_it(e)), None), deadline, what)

    def until_phase(self, phase: str) -> None:
        self.until_event(lambda e: isinstance(e, PhaseEntered) and e.phase == phase, f"phase {phase}")

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, as a terminal does it."""
        os.killpg(self.process.pid, number)

    def finish(self, timeout: float = LONG) -> Done:
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {timeout:g} s:\n{self.text}") from None
        assert "Traceback" not in self.text, self.text
        return Done(code, self.out_file.read_text(encoding="utf-8"), self.err_file.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """SIGKILL, to the process alone: what it started goes on, as after the OOM killer."""
        self.process.kill()
        self.process.wait()

    def ending(self) -> RunEnded | None:
        return next((event for event in self.events() if isinstance(event, RunEnded)), None)


def small_scenario(
    folder: Path,
    name: str = "small",
    fault: str = "vault-sealed",
    lasts: str = "60s",
    observe_for: str = "1s",
    at: str = "1s",
    topology: Path = SMALL,
    claims: Sequence[str] = ("{workload: web, stays_available: {}}",),
    more: str = "",
) -> Path:
    """A scenario file in *folder*, for the small topology or one that includes it."""
    path = folder / f"{name}.scenario.yaml"
    lines = [
        f"name: {name}",
        "summary: For a test.",
        f"topology: {topology}",
        "timeline:",
        f"  - {{at: {at}, fault: {fault}, on: vault, for: {lasts}}}",
        f"observe_for: {observe_for}",
        "expect:",
        *(f"  - {claim}" for claim in claims),
        more,
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def topology_with(folder: Path, services: str) -> Path:
    """A Compose file in *folder*: the small topology and *services*, given as YAML."""
    path = folder / "with.compose.yaml"
    path.write_text(f"include: [{SMALL}]\nservices:\n{textwrap.indent(textwrap.dedent(services), '  ')}\n", "utf-8")
    return path


def objects_of(run: str, client: docker.DockerClient) -> list[str]:
    """Containers, networks and volumes that carry the label of *run*."""
    label: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={run}"}
    found = [
        *client.containers.list(all=True, filters=label, ignore_removed=True),
        *client.networks.list(filters=label),
    ]
    return [str(entry.name) for entry in (*found, *client.volumes.list(filters=label))]


def processes_with(text: str) -> list[str]:
    """Command lines of processes whose environment holds *text*: children inherit it, however far they go."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) != os.getpid() and text.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def files_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below *folder* with its bytes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def shapes_in(data: bytes) -> list[str]:
    """What in *data* looks like a secret."""
    return [f"{kind}: {match[0][:12]!r}…" for kind, shape in SECRET_SHAPES.items() if (match := shape.search(data))]
