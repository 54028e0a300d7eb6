from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "parent-token-revoked": Aim("vault", {"workloads": ["orders-by-child-token"]}, stays_dead=True),
}
