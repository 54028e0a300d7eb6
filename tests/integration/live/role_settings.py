from __future__ import annotations

from harness.lab.lab import RunningLab
from tests.integration.live.aim import Aim


def renew(lab: RunningLab) -> None:
    """As its owner would do it in time."""
    vault = lab.vault("vault")
    for accessor in vault.accessors(frozenset({"orders"})):
        vault.api_write("auth/token/renew-accessor", {"accessor": accessor})


AIMS = {
    "cidr-bound-moved": Aim("vault", {"workloads": ["orders"]}),
    "token-batch": Aim("vault", {"workloads": ["orders-wrapped"]}),  # it does not wait long for its next login
    "token-renew-forbidden": Aim("vault", {"workloads": ["orders"]}),
    "token-uses-exhausted": Aim("vault", {"workloads": ["orders"]}),
    "ttl-shrunk": Aim("vault", {"workloads": ["orders"]}, bite=renew),
}
