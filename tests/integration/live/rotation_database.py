from __future__ import annotations

from harness.lab.lab import RunningLab
from tests.integration.live.aim import Aim

BROKEN = "lockout_renewal_is_broken"


def run_away(lab: RunningLab) -> None:
    """A client that answers a renewal that cannot work with new credentials, again and again."""
    vault = lab.vault("vault")
    role = vault.api_read("database/roles/orders") or {}
    if any(BROKEN in statement for statement in role.get("renew_statements") or ()):
        for _ in range(3):
            vault.api_read("database/creds/orders")


AIMS = {
    "db-root-out-of-band": Aim("vault"),
    "dynamic-cred-runaway": Aim("vault", {"role": "orders"}, bite=run_away),
}
