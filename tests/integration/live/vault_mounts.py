from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "auth-mount-disabled": Aim("vault"),
    "secrets-mount-disabled": Aim("vault"),
}
