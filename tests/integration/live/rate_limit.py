from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "rate-limit-429": Aim("vault"),
}
