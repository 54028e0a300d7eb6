"""Free loopback ports, chosen by lockout so that they stay the same when a container restarts."""

from __future__ import annotations

import random
import socket

from harness.lab.errors import EnvironmentUnusable

# Below the range from which kernels draw source ports, so that no outgoing connection takes one of ours
# while its container is down.
RANGE = range(20_000, 30_000)


def free_ports(count: int) -> tuple[int, ...]:
    """*count* different ports on 127.0.0.1 that nobody listens on right now."""
    # Not seeded by the run: two runs with the same seed side by side must not want the same ports.
    candidates = random.SystemRandom().sample(RANGE, len(RANGE))
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    if len(found) < count:
        raise EnvironmentUnusable(f"no {count} free ports between {RANGE.start} and {RANGE.stop} on 127.0.0.1")
    return tuple(found)
