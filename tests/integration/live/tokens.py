from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "token-max-ttl": Aim("vault", {"workloads": ["orders"], "remaining": "1s", "max_ttl": "5s"}, stays_dead=True),
    "token-revoked": Aim("vault", {"workloads": ["orders"]}),
}
