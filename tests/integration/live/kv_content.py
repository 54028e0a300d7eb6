from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "kv-deleted-404": Aim("vault", {"secret": "kv/billing"}),
    "kv-empty-value": Aim("vault", {"secret": "kv/billing"}),
}
