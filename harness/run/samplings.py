"""From a topology's probe blocks to probes."""

from __future__ import annotations

from collections.abc import Iterable

import aiohttp

from harness.lab.lab import RunningLab
from harness.probes.answer import Probe
from harness.probes.command import command_probe
from harness.probes.http import http_probe
from harness.probes.sampler import Sampling
from harness.probes.tcp import tcp_probe

LOOPBACK = "127.0.0.1"


def samplings(lab: RunningLab, workloads: Iterable[str], every: float) -> dict[str, Sampling]:
    """How each of *workloads* is sampled, every *every* seconds."""
    return {name: _sampling(lab, name, every) for name in workloads}


def _sampling(lab: RunningLab, workload: str, every: float) -> Sampling:
    wish = lab.spec.topology.workload(workload).probe

    def make(session: aiohttp.ClientSession) -> Probe:
        if wish.http is not None:
            url = lab.url(workload, wish.http.port, tls=False) + wish.http.path
            return http_probe(session, url, wish.http.accepts, wish.http.method, wish.http.headers)
        if wish.tcp is not None:
            return tcp_probe(LOOPBACK, lab.spec.ports[workload, wish.tcp.port])
        return command_probe(
            lambda command: lab.containers.run_in(workload, command, timeout=wish.timeout),
            wish.command or (),
            sampling.in_flight,
        )

    sampling = Sampling(every=every, timeout=wish.timeout, make=make)
    return sampling
