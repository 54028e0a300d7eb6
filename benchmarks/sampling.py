"""Runs the harness's own sampler against local servers, and keeps its samples in a real history."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from harness.history.clock import RunClock
from harness.history.events import Sample
from harness.history.reader import read_events
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from harness.probes.answer import Probe
from harness.probes.http import http_probe
from harness.probes.sampler import Sampler, Sampling

PERIOD = 0.1  # seconds; lockout's default
SECRETS = 20  # that the redactor looks for; a run of vault-outage mints about as many


@dataclass(frozen=True, slots=True)
class Sampled:
    """``zero`` is the run's own zero on the monotonic clock; ``cpu`` what this process used meanwhile, in seconds."""

    samples: Mapping[str, list[Sample]]  # by workload, in the order in which they were sent
    zero: float
    seconds: float
    cpu: float

    @property
    def count(self) -> int:
        return sum(map(len, self.samples.values()))


def sample(ports: Mapping[str, int], until: float, folder: Path) -> Sampled:
    """Sample the workloads behind *ports* until moment *until* on the monotonic clock."""
    redactor = Redactor()
    for number in range(SECRETS):
        redactor.register(f"secret-{number}", secrets.token_urlsafe(32))
    clock = RunClock()
    zero = time.monotonic() - clock.now()
    path = folder / "events.jsonl"
    path.unlink(missing_ok=True)
    with HistoryWriter(path, redactor) as writer:
        sampler = Sampler(
            {name: Sampling(PERIOD, 1.0, _maker(port)) for name, port in ports.items()},
            clock,
            writer.append,
            redactor,
        )
        used, began = time.process_time(), time.monotonic()
        sampler.start()
        time.sleep(max(0.0, until - time.monotonic()))
        sampler.stop()
        cpu, seconds = time.process_time() - used, time.monotonic() - began
    if sampler.failure is not None:
        raise sampler.failure
    found: dict[str, list[Sample]] = {name: [] for name in ports}
    for event in read_events(path):
        if isinstance(event, Sample):
            found[event.workload].append(event)
    for samples in found.values():
        samples.sort(key=lambda one: one.t)
    return Sampled(found, zero, seconds, cpu)


def _maker(port: int) -> _Maker:
    return _Maker(f"http://127.0.0.1:{port}/work")


@dataclass(frozen=True, slots=True)
class _Maker:
    url: str

    def __call__(self, session: aiohttp.ClientSession) -> Probe:
        return http_probe(session, self.url, lambda status: 200 <= status < 300)
