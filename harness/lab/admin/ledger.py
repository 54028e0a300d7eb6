"""The ledger's emergency access path, as its operator sees it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

from harness.lab.admin.http import AdminApi


class LedgerOperator:
    """Implements the LedgerAdmin role."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def register_break_glass(self, holder: str, credential: str, scopes: Sequence[str], lifetime: float) -> None:
        """Make *credential* known for *lifetime* seconds. The ledger is told only its hash."""
        self._api.call(
            "POST",
            "/break-glass/credentials",
            {
                "holder": holder,
                "sha256": hashlib.sha256(credential.encode()).hexdigest(),
                "scopes": list(scopes),
                "expires_at": time.time() + lifetime,
            },
        )

    def open_break_glass(self, seconds: float, reason: str) -> None:
        self._api.call("POST", "/break-glass/open", {"seconds": seconds, "reason": reason, "operator": "lockout"})

    def close_break_glass(self) -> None:
        self._api.call("POST", "/break-glass/close", {})

    def break_glass_is_open(self) -> bool:
        return bool(self._api.call("GET", "/break-glass")["open"])

    def answers(self) -> bool:
        return self._api.answers()
