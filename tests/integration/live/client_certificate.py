from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "client-cert-expired": Aim("vault"),
}
