"""What a sample costs, with many more workloads than a lab has."""

from __future__ import annotations

import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.doors import Door, standing
from benchmarks.result import Figure, FigureResult, Row, Wish
from benchmarks.sampling import PERIOD, sample
from harness.lab.ports import free_ports

WORKLOADS = 50
SECONDS = 4.0
RUNS = 3


def measure(wish: Wish) -> FigureResult:
    cost: list[float] = []
    share: list[float] = []
    done: list[float] = []
    gaps: list[float] = []
    for _ in range(wish.repetitions(RUNS)):
        wish.say(f"sampler-capacity: {WORKLOADS} workloads for {SECONDS:g} s")
        ports = free_ports(WORKLOADS)
        with tempfile.TemporaryDirectory() as folder, standing([Door(port) for port in ports]):
            names = {f"workload-{number}": port for number, port in enumerate(ports)}
            sampled = sample(names, time.monotonic() + SECONDS, Path(folder))
        cost.append(1000 * sampled.cpu / sampled.count)
        share.append(100 * sampled.cpu / sampled.seconds)
        done.append(100 * sampled.count / (WORKLOADS * SECONDS / PERIOD))
        for samples in sampled.samples.values():
            gaps += [(b.t - a.t) / PERIOD for a, b in pairwise(samples)]
    return FigureResult(
        "sampler-capacity",
        (
            Row("CPU for one sample", "ms", tuple(cost)),
            Row(f"of one core, {WORKLOADS / PERIOD:g} samples a second", "%", tuple(share)),
            Row("samples taken of those due", "%", tuple(done)),
            Row("time between two samples", "periods", tuple(gaps)),
        ),
    )


FIGURE = Figure("sampler-capacity", "CPU per sample, 50 workloads at 10 Hz", measure)
