from __future__ import annotations

from harness.lab.lab import RunningLab
from tests.integration.live.aim import Aim, ask


def asks(lab: RunningLab) -> None:
    ask(lab, "orders")


ORDERS = {"workloads": ["orders"]}

AIMS = {
    "network-partition": Aim("vault", ORDERS, bite=asks),
    "network-reset": Aim("vault", ORDERS, bite=asks),
    "network-latency": Aim("vault", {**ORDERS, "latency": "300ms"}, bite=asks),
    "network-bandwidth": Aim("vault", ORDERS, bite=asks),
    "network-blackhole": Aim("vault", ORDERS, bite=asks),
    "network-half-open": Aim("vault"),  # only the renewals of the workloads come over connections that exist
}
