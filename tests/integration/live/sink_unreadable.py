from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "sink-unreadable": Aim("orders-by-child-token"),
}
