from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "idp-down-warm": Aim("idp"),
    "vault-hard-kill": Aim("vault"),
    "vault-paused": Aim("vault"),
    "vault-stopped": Aim("vault"),
}
