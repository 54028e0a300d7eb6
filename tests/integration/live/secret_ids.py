from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "secretid-gone-on-restart": Aim("vault", {"workloads": ["orders"]}, stays_dead=True),
    "wrapped-secretid-late": Aim("vault", {"workloads": ["orders-wrapped"]}, stays_dead=True),
    "wrapped-secretid-stolen": Aim("vault", {"workloads": ["orders-wrapped"]}, stays_dead=True),
}
