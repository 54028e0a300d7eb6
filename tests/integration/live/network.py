from __future__ import annotations

from tests.integration.live.aim import Aim, ask

AIMS = {
    "vault-unreachable": Aim("vault", {"workloads": ["orders"]}, bite=lambda lab: ask(lab, "orders")),
}
