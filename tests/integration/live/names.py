from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "dns-nxdomain": Aim("vault"),
    "dns-stale-address": Aim("vault"),
}
