"""The ledger as its operator sees it: its emergency access path, and what it thinks of tokens."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import requests

from harness.breakglass.ports import Registered
from harness.lab.admin.http import TIMEOUT, AdminApi, lab_session
from harness.lab.errors import EnvironmentUnusable

_SENDERS = 8

INSUFFICIENT = "insufficient_scope"
"""What the ledger says to a token that verifies and allows nothing."""


class LedgerOperator:
    """Implements the LedgerAdmin role. *public_url* is where workloads ask; None when lockout cannot ask there."""

    def __init__(self, api: AdminApi, public_url: str | None, ca: str) -> None:
        self._api = api
        self._public_url = public_url
        self._session = lab_session(ca)

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

    def break_glass_credentials(self) -> tuple[Registered, ...]:
        """The emergency credentials that it knows."""
        now = time.time()
        return tuple(
            Registered(str(one["holder"]), str(one["credential"]), float(one["expires_at"]) - now)
            for one in self._api.call("GET", "/break-glass/credentials")["credentials"]
        )

    def open_break_glass(self, seconds: float, reason: str) -> None:
        self._api.call("POST", "/break-glass/open", {"seconds": seconds, "reason": reason, "operator": "lockout"})

    def close_break_glass(self) -> None:
        self._api.call("POST", "/break-glass/close", {})

    def break_glass_is_open(self) -> bool:
        return bool(self._api.call("GET", "/break-glass")["open"])

    def judge(self, token: str) -> str:
        if self._public_url is None:
            raise EnvironmentUnusable(f"{self._api.name}: its port is not published for lockout")
        try:
            headers = {"Authorization": f"Bearer {token}"}
            answer = self._session.post(f"{self._public_url}/entries", json={}, headers=headers, timeout=TIMEOUT)
            reason = "" if answer.ok else str(answer.json()["reason"])
        except (requests.RequestException, LookupError, TypeError) as error:
            raise EnvironmentUnusable(
                f"{self._api.name}: POST /entries got no decision ({type(error).__name__})"
            ) from error
        return "" if reason == INSUFFICIENT else reason

    def refused(self) -> Mapping[str, int]:
        return {str(reason): int(count) for reason, count in self._api.call("GET", "/counts")["refused"].items()}

    def key_fetches(self) -> int:
        return int(self._api.call("GET", "/counts")["key_fetches"])

    def flood(self, tokens: Sequence[str], per_second: float) -> int:
        start = time.monotonic()

        def present(number: int) -> bool:
            time.sleep(max(0.0, start + number / per_second - time.monotonic()))  # the rate is what was asked for
            try:
                self.judge(tokens[number])
            except EnvironmentUnusable:
                return False
            return True

        with ThreadPoolExecutor(_SENDERS) as pool:
            return sum(pool.map(present, range(len(tokens))))

    def answers(self) -> bool:
        return self._api.answers()
