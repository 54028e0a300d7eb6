"""How far measured outages and times to recover are from the truth, in sampling periods."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from random import Random

from benchmarks.doors import Closing, Door, standing
from benchmarks.outages import Error, errors, schedule, with_fault
from benchmarks.result import Figure, FigureResult, NotMeasured, Row, Wish
from benchmarks.sampling import PERIOD, sample
from harness.lab.ports import free_ports

SEED = 20261122
DOORS, OUTAGES = 30, 14  # side by side, and of each
RUNS = 1
TARGET = 1.0  # sampling periods
LEAD = 1.5  # seconds until the first outage may come, for everything to start


def measure(wish: Wish) -> FigureResult:
    outage: list[float] = []
    recover: list[float] = []
    stated = 0
    for number in range(wish.repetitions(RUNS)):
        wish.say(f"measurement-error: {DOORS * OUTAGES} outages in {DOORS} servers side by side")
        rng = Random(f"{SEED}/{number}")
        for one in _round(rng):
            outage.append(one[0].seconds / PERIOD)
            recover.append(one[1].seconds / PERIOD)
            stated += one[0].stated and one[1].stated
    return FigureResult(
        "measurement-error",
        (
            Row("length of an outage", "periods", tuple(outage), target=TARGET, statistic="p99"),
            Row("time to recover", "periods", tuple(recover), target=TARGET, statistic="p99"),
        ),
        notes=(
            f"{len(outage)} outages of 0.3 s to 1.5 s, a period is {PERIOD:g} s; "
            f"{100 * stated / len(outage):.1f} % of them are within the ± that lockout states",
        ),
    )


def _round(rng: Random) -> list[tuple[Error, Error]]:
    ports = free_ports(DOORS)
    start = time.monotonic() + LEAD
    doors = [
        Door(
            port,
            Closing.REFUSES if number % 2 else Closing.HANGS_UP,
            tuple((start + a, start + b) for a, b in schedule(rng, OUTAGES)),
        )
        for number, port in enumerate(ports)
    ]
    names = {f"door-{number}": door.port for number, door in enumerate(doors)}
    end = max(door.closed[-1][1] for door in doors) + 1.0
    with tempfile.TemporaryDirectory() as folder, standing(doors) as report:
        sampled = sample(names, end, Path(folder))
    found = []
    for name, moments in zip(names, report.closed, strict=True):
        for closed, opened in moments:
            true = with_fault(rng, closed - sampled.zero, opened - sampled.zero)
            if (one := errors(name, sampled.samples[name], true)) is None:
                raise NotMeasured(f"an outage of {opened - closed:.2f} s was not seen by the sampler")
            found.append(one)
    if len(found) != DOORS * OUTAGES:
        raise NotMeasured(f"only {len(found)} of {DOORS * OUTAGES} outages took place")
    return found


FIGURE = Figure("measurement-error", "error of measured outage and time to recover, against known outages", measure)
