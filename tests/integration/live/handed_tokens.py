from __future__ import annotations

from harness.lab.lab import RunningLab
from tests.integration.labs import works
from tests.integration.live.aim import Aim

REPLICAS = ("orders-shares-token", "orders-shares-token-too")


def work(lab: RunningLab) -> None:
    """With the first unit of work that is refused, each looks into its file again."""
    for name in REPLICAS:
        works(lab, name)


AIMS = {
    "shared-token-replicas": Aim("vault", {"workloads": REPLICAS, "max_ttl": "10s"}, bite=work),
    "legacy-static-token": Aim("orders-legacy"),
}
