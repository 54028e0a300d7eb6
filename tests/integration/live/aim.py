"""How one fault is aimed at a real lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.lab.lab import RunningLab

# Asks for Vault's health from inside a workload's container, by the way that the workload itself has.
ASK = """
import http.client, ssl
way = http.client.HTTPSConnection("vault", 8200, timeout=2, context=ssl.create_default_context(cafile="/tls/ca.pem"))
try:
    way.request("GET", "/v1/sys/health")
    print(way.getresponse().status)
except TimeoutError:
    print("no answer")
except OSError as error:
    print("refused", type(error).__name__)
"""


@dataclass(frozen=True)
class Aim:
    target: str
    args: Mapping[str, object] = field(default_factory=dict)
    bite: Callable[[RunningLab], object] = lambda lab: None  # what has to happen for it to be seen; done repeatedly
    stays_dead: bool = False  # owners have to obtain new credentials, so evidence may outlast the undo
    lasts: float = 4.0  # seconds that are enough for it to be injected and to be seen to bite, on a busy machine, too


def ask(lab: RunningLab, workload: str) -> str:
    """What *workload* gets when it asks for Vault: 200, "refused …" or "no answer"."""
    return lab.containers.run_in(workload, ["python3", "-c", ASK]).stdout.strip()
