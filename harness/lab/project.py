"""One Compose project: the user's files, brought up and torn down with ``docker compose``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.lab.errors import EnvironmentUnusable
from harness.lab.plugins import Compose
from harness.lab.process import run_logged

CONFIG_TIMEOUT = 60.0


class ComposeRefused(EnvironmentUnusable):
    """Compose rejects the user's files; the message is Compose's own."""


@dataclass(frozen=True, slots=True)
class Project:
    """*files* merge in this order, as with ``docker compose -f A -f B``. *environ* is for interpolation."""

    compose: Compose
    name: str
    files: tuple[Path, ...]
    environ: Mapping[str, str]
    engine_environ: Mapping[str, str]

    def _command(self, files: Sequence[Path], arguments: Sequence[str]) -> list[str]:
        # The first file's folder is what relative paths mean, also when an override lies elsewhere.
        command = [*self.compose.command, "--project-name", self.name]
        command += ["--project-directory", str(self.files[0].parent)]
        for file in files:
            command += ["--file", str(file)]
        return [*command, *arguments]

    def _env(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.environ,
            **self.engine_environ,
            "COMPOSE_ANSI": "never",
            "COMPOSE_PROGRESS": "plain",
        }

    def config(self) -> str:
        """The merged project as YAML. YAML, because Compose's JSON output leaves the ``x-`` blocks out.

        Raises ComposeRefused with Compose's own words, and EnvironmentUnusable when it has none in time.
        """
        try:
            done = subprocess.run(
                self._command(self.files, ["config"]),
                env=self._env(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=CONFIG_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentUnusable(
                f"docker compose config did not end within {CONFIG_TIMEOUT:g} s",
                ("is the machine very busy, or a file of the topology on a disk that does not answer?",),
            ) from error
        if done.returncode:
            words = done.stderr.strip().splitlines() or ["(no message)"]
            raise ComposeRefused(
                f"docker compose rejects {', '.join(map(str, self.files))}: {words[-1]}", tuple(words[:-1])
            )
        return done.stdout

    def up(self, override: Path, services: Sequence[str], log: Path, alone: bool = False) -> None:
        """Create and start *services*, with what they depend on unless *alone*.

        Returns when containers run, not when they are ready.

        Raises EnvironmentUnusable with the last lines of Compose's output.
        """
        arguments = ["up", "--detach", "--no-color", "--quiet-pull", *(["--no-deps"] if alone else []), *services]
        done = run_logged(self._command([*self.files, override], arguments), log, lambda _line: None, env=self._env())
        if done.code:
            raise EnvironmentUnusable(_why_up_failed(done.tail), (f"full log: {log}",))

    def down(self, override: Path, log: Path) -> None:
        """Remove containers, networks and volumes of the project. Raises EnvironmentUnusable if Compose cannot."""
        # Images without a name of their own, which Compose has built for this project, would be left by each run.
        arguments = ["down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "0"]
        done = run_logged(self._command([*self.files, override], arguments), log, lambda _line: None, env=self._env())
        if done.code:
            raise EnvironmentUnusable(
                f"docker compose down failed: {' / '.join(done.tail[-3:])}", (f"full log: {log}",)
            )


def _why_up_failed(tail: Sequence[str]) -> str:
    text = "\n".join(tail)
    last = next((line for line in reversed(tail) if line.strip()), "no message")
    if "port is already allocated" in text or "address already in use" in text:
        return f"a port is taken by something else: {last}"
    if "no space left on device" in text:
        return f"the engine's disk is full: {last}"
    return f"docker compose up failed: {last}"
