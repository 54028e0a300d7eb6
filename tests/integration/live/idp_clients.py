from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "idp-client-refused": Aim("idp", {"workloads": ["payments-refreshes-twice"]}),
    "refresh-token-reuse": Aim("idp"),
}
