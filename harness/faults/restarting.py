"""Of Vaults that end and start: what an undo may need first, and what one has said since it was started."""

from __future__ import annotations

from harness.faults.ports import Lab


def running(service: str, lab: Lab) -> None:
    """Start it if it has ended. A Vault that lockout holds keys for is then sealed."""
    if lab.containers.state(service) != "running":
        lab.containers.start(service)


def serving(service: str, lab: Lab) -> None:
    """Start it if it has ended, and unseal it, unless it does that itself. Does nothing to one that serves."""
    running(service, lab)
    vault = lab.vault(service)
    if vault.holds_keys or vault.is_sealed():  # the latter is refused, in words
        vault.unseal()


def has_said(words: str, service: str, lab: Lab, tail: int = 200) -> bool:
    """Whether *words* are in its log since its last start, if that is among the last lines."""
    # Vault stamps its lines as the engine does, in UTC. To the second will do.
    since = lab.containers.started_at(service)[:19]
    lines = lab.containers.logs(service, tail).splitlines()
    return any(words in line and line[:19] >= since for line in lines)
