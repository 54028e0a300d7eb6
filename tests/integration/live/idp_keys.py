from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "idp-hard-rollover": Aim("idp"),
    "jwks-kid-flood": Aim("ledger", {"tokens": 60}),
}
