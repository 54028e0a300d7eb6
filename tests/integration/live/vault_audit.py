from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "audit-sink-absent-at-restart": Aim("vault"),
    "audit-sink-blocking": Aim("vault"),
    "audit-sink-full": Aim("vault"),
}
