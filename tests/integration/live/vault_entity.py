from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "entity-disabled": Aim("vault", {"workloads": ["orders"]}),
}
