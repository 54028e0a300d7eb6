from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "rotation-cas-conflict": Aim("vault", {"secret": "kv/billing"}),
    "rotation-half-done": Aim("vault", {"secret": "kv/billing"}),
    "rotation-no-overlap": Aim("vault", {"secret": "kv/billing"}),
    "static-role-rotated": Aim("vault", {"role": "reports"}),
}
