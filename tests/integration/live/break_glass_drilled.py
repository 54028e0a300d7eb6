from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "break-glass-drilled": Aim(
        "ledger",
        {"procedure": "ledger-envelope", "attempt": "live", "stage": "first", "reason": "a test"},
        lasts=15.0,  # all is laid ready and tried by each holder first
    ),
}
