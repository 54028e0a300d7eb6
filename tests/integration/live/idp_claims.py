from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "audience-mismatch": Aim("vault", {"workloads": ["orders-by-jwt"]}),
    "issuer-changed": Aim("idp"),
}
