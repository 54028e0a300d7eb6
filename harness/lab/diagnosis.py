"""What to tell somebody whose component does not come up: its state, its last words, and what usually helps."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from harness.lab.errors import EnvironmentUnusable
from harness.lab.lab import RunningLab

LINES = 6
IN_CONTAINER = Path("/.dockerenv")


def not_ready(lab: RunningLab, service: str, what: str) -> EnvironmentUnusable:
    """An error that says *what* did not happen, with the container's state and last log lines, free of secrets."""
    hints = symptoms(lab, service)
    if IN_CONTAINER.exists():
        hints.append(
            "lockout runs in a container itself: if the engine is the host's, by a mounted socket, the lab listens on "
            "the host's 127.0.0.1; run lockout on the host, or its container with --network host"
        )
    return EnvironmentUnusable(f"{service} {what}", tuple(hints))


def failed_services(lab: RunningLab) -> list[str]:
    """The symptoms of every service whose container ended with an error, by service; nothing without an engine."""
    lines: list[str] = []
    with suppress(EnvironmentUnusable):
        for service, state in sorted(lab.containers.services().items()):
            if state in ("restarting", "dead") or (state == "exited" and lab.containers.exit_code(service)):
                lines += [f"{service}:", *symptoms(lab, service)]
    return lines


def symptoms(lab: RunningLab, service: str) -> list[str]:
    """State of the container and its last log lines."""
    hints: list[str] = []
    with suppress(EnvironmentUnusable):
        state = lab.containers.state(service)
        code = lab.containers.exit_code(service)
        hints.append(f"its container is {state}" + (f" (exit code {code})" if code is not None else ""))
        lines = lab.containers.logs(service, tail=LINES).strip().splitlines()
        hints.append("its last log lines:" if lines else "it has logged nothing")
        hints += [f"    {lab.secrets.redact(line)[:200]}" for line in lines]
    return hints
