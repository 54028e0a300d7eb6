"""The proxy's figure: what is added is told as it is, and the loads measure what they say."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from benchmarks.figures.proxy import added
from benchmarks.proxy_load import new_connections, throughput
from benchmarks.result import NotMeasured
from harness.lab.ports import free_ports
from harness.lab.waiting import wait_for


def test_what_is_added_is_the_difference_of_medians_and_of_tails() -> None:
    taken = {"direct": [1.0, 2.0, 9.0], "ours": [1.5, 2.5, 10.0], "theirs": [1.0, 1.5, 9.5]}
    rows = {row.what: row for row in added("login", taken, "direct", 0.4, "ours")}
    assert set(rows) == {
        "added to a login at p50, ours",
        "added to a login at p99, ours",
        "added to a login at p50, theirs",
        "added to a login at p99, theirs",
    }
    median = rows["added to a login at p50, ours"]
    assert (median.values, median.target, median.met) == ((0.5,), 0.4, False)
    assert rows["added to a login at p99, ours"].values == (1.0,)
    assert rows["added to a login at p50, theirs"].values == (-0.5,)
    assert rows["added to a login at p50, theirs"].target is None


@pytest.fixture(scope="module")
def peer() -> Iterator[int]:
    (port,) = free_ports(1)
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.proxy_peer", str(port)])
    try:

        def listens() -> bool:
            with socket.socket() as way:
                return way.connect_ex(("127.0.0.1", port)) == 0

        assert wait_for(listens, 10)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def test_loads_on_a_plain_server(peer: int) -> None:
    assert throughput(peer, 1_000_000) > 0
    assert new_connections(peer, 40) > 0


def test_a_way_that_loses_data_is_not_measured() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                way, _ = server.accept()
                way.recv(100)
                way.sendall(b"12")
                way.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        port = server.getsockname()[1]
        with pytest.raises(NotMeasured, match="2 of 5 bytes arrived"):
            throughput(port, 5)
        with pytest.raises(NotMeasured, match="carried nothing"):
            new_connections(port, 1)
        thread.join(10)
