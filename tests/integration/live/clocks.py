from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "clock-issuer-ahead": Aim("idp"),
    "clock-issuer-behind": Aim("idp"),
    "clock-workload-skewed": Aim("payments-skewed"),
}
