from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    # The ledger and payments-refreshes-twice ask for something every few seconds.
    "idp-429": Aim("idp"),
    "idp-5xx": Aim("idp"),
    "idp-html": Aim("idp"),
    "idp-malformed": Aim("idp"),
    "idp-slow": Aim("idp"),
}
