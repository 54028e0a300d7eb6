from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "vault-storage-full": Aim("vault"),
}
