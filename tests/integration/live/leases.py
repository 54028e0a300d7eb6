from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "lease-revoke-stuck": Aim("vault", {"role": "orders"}),
    "lease-revoked-early": Aim("vault", {"role": "orders"}),
}
