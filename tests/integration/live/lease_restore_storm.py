from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "lease-restore-storm": Aim("vault", {"leases": 100}, lasts=8.0),
}
