from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "idp-down-cold": Aim("idp"),
}
