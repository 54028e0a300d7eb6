from __future__ import annotations

from tests.integration.live.aim import Aim

AIMS = {
    "ca-root-rotated": Aim("vault"),
    "listener-cert-expired": Aim("vault"),
    "listener-cert-missing-intermediate": Aim("idp"),
    "listener-cert-unknown-ca": Aim("ledger"),
    "listener-cert-wrong-san": Aim("vault"),
    "thumbprint-pinned": Aim("idp"),
}
