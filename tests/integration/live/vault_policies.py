from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "policy-added-token-stale": Aim("vault", {"policy": "billing"}),
    "policy-deleted": Aim("vault", {"policy": "orders"}),
}
