from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "crl-expired": Aim("vault", {"pki": "peers", "remaining": "1s"}),
    "pki-issuer-switched": Aim("vault", {"pki": "peers"}),
}
