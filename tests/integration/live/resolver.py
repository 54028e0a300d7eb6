from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "dns-resolver-gone": Aim("desk"),
}
