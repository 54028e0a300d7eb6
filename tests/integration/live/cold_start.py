from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "cold-start-in-outage": Aim("vault", {"workloads": ["orders"]}),
}
