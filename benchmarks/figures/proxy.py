"""What the fault proxy adds to what is asked through it, beside Toxiproxy, and what it carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from statistics import median

from benchmarks.result import Figure, FigureResult, Row, Wish, percentile

ROUNDS, IN_ROUND = 40, 25  # of requests, by one way and then by the next
LARGE = 64 * 1024 * 1024  # bytes
CONNECTIONS = 1000
RUNS = 3
TARGET = 0.1  # of a login's median, added at the median
WARM_UP = 50  # requests

Taken = Mapping[str, Sequence[float]]


def measure(wish: Wish) -> FigureResult:
    from benchmarks.proxy_load import Ask, Kept, new_connections, throughput
    from benchmarks.proxy_stage import BYTES, DIRECT, standing

    with ExitStack() as stack:
        stage = stack.enter_context(standing(wish))
        ways = {name: Kept(port, stage.context) for name, port in stage.vault.items()}
        for way in ways.values():
            stack.callback(way.close)

        def turn_and_turn_about(ask: Ask) -> dict[str, list[float]]:
            for way in ways.values():
                for _ in range(WARM_UP):
                    way.milliseconds(ask)
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(wish.repetitions(ROUNDS)):
                for name, way in ways.items():
                    taken[name] += [way.milliseconds(ask) for _ in range(IN_ROUND)]
            return taken

        wish.say("proxy: reading from Vault")
        reads = turn_and_turn_about(stage.read)
        wish.say("proxy: logging in at Vault")
        logins = turn_and_turn_about(stage.login)
        wish.say("proxy: throughput and new connections")
        carried: dict[str, list[float]] = {name: [] for name in stage.peer}
        made: dict[str, list[float]] = {name: [] for name in stage.peer}
        for _ in range(wish.repetitions(RUNS)):
            for name, port in stage.peer.items():
                carried[name].append(throughput(port, LARGE))
                made[name].append(new_connections(port, CONNECTIONS))
    limit = TARGET * median(logins[DIRECT])
    rows = [
        *(Row(f"Vault read, {name}", "ms", tuple(values)) for name, values in reads.items()),
        *(Row(f"AppRole login, {name}", "ms", tuple(values)) for name, values in logins.items()),
        *(
            row
            for what, taken in (("read", reads), ("login", logins))
            for row in added(what, taken, DIRECT, limit, BYTES)
        ),
        *(Row(f"throughput, {name}", "MB/s", tuple(values)) for name, values in carried.items()),
        *(Row(f"new connections, {name}", "1/s", tuple(values)) for name, values in made.items()),
    ]
    notes = (
        f"{len(reads[DIRECT])} requests by each way over a kept connection, {IN_ROUND} by one way and then by the next",
        "Vault has raft storage and an audit device; client, proxies and Vault share this machine",
        *((stage.without,) if stage.without else ()),
    )
    return FigureResult("proxy", tuple(rows), notes=notes)


def added(what: str, taken: Taken, direct: str, limit: float, ours: str) -> list[Row]:
    """What each way but the direct one adds: median over median, and 99th percentile over 99th percentile."""
    rows = []
    for name, values in taken.items():
        if name == direct:
            continue
        more = median(values) - median(taken[direct])
        tail = percentile(values, 0.99) - percentile(taken[direct], 0.99)
        aim = limit if name.startswith(ours) else None
        rows.append(Row(f"added to a {what} at p50, {name}", "ms", (more,), target=aim))
        rows.append(Row(f"added to a {what} at p99, {name}", "ms", (tail,)))
    return rows


FIGURE = Figure("proxy", "what the fault proxy adds to a read and a login at Vault, and what it carries", measure)
