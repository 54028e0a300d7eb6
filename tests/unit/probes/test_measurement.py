"""How exactly an outage is measured: the promise is the sampling period, and it is kept."""

from __future__ import annotations

import time

from harness.history.index import History
from harness.probes.http import http_probe
from harness.probes.sampler import Sampling
from tests.unit.probes.support import Switch, Watched, until

PERIOD = 0.05
TRANSIT = 0.03  # seconds a request may be under way on a busy machine


def test_outages_are_measured_to_within_the_sampling_period() -> None:
    server = Switch()
    watched = Watched(
        {
            "orders": Sampling(
                every=PERIOD,
                timeout=1.0,
                make=lambda session: http_probe(session, server.url, lambda status: status == 200),
            )
        }
    )
    switched: list[tuple[float, float]] = []
    with server.serving(), watched.running():
        until(lambda: len(watched.samples("orders")) >= 5)
        for length in (0.43, 0.27):
            server.on = False
            off = watched.clock.now()
            time.sleep(length)
            server.on = True
            switched.append((off, watched.clock.now()))
            time.sleep(0.3)
    history = History.from_events(watched.events)
    outages = history.outages("orders", 0.0, watched.clock.now())
    assert len(outages) == len(switched)
    for outage, (off, on) in zip(outages, switched, strict=True):
        assert outage.end is not None
        assert outage.why == "http 503"
        assert outage.error <= 2 * PERIOD + TRANSIT
        assert abs(outage.start - off) <= PERIOD / 2 + TRANSIT
        assert abs(outage.end - on) <= PERIOD / 2 + TRANSIT
        assert abs((outage.end - outage.start) - (on - off)) <= outage.error + TRANSIT
