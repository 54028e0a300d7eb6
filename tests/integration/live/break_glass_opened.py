from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "break-glass-opened": Aim("ledger", {"reason": "a test"}),
}
