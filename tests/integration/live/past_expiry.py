from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "cache-past-expiry": Aim("vault", {"workloads": ["orders-fails-closed"]}, lasts=8.0),
    "fallback-credential": Aim("vault", {"workloads": ["orders-fails-closed"], "role": "app_default"}),
}
