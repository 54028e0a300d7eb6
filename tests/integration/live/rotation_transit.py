from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "transit-key-rotated": Aim("vault", {"key": "orders"}),
    "transit-min-version-raised": Aim("vault", {"key": "orders"}),
}
