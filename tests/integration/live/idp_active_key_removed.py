from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "idp-active-key-removed": Aim("idp"),
}
