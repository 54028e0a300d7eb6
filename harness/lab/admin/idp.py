"""The lab's identity provider, as its operator sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import requests

from harness.lab.admin.http import TIMEOUT, AdminApi, lab_session
from harness.lab.errors import EnvironmentUnusable


class IdpOperator:
    """Implements the IdpAdmin role. *public_url* is where clients and verifiers ask.

    *admin* is asked for the admin API when that is needed: an IdP that is not the lab's own has none that we know.
    """

    def __init__(self, name: str, admin: Callable[[], AdminApi], public_url: str, ca: str) -> None:
        self._name = name
        self._admin = admin
        self._public_url = public_url
        self._session = lab_session(ca)

    def register(
        self,
        client: str,
        secret: str,
        audiences: Sequence[str],
        scopes: Sequence[str],
        grants: Sequence[str],
        token_ttl: float | None,
    ) -> None:
        wish: dict[str, object] = {
            "client_id": client,
            "client_secret": secret,
            "audiences": list(audiences),
            "scopes": list(scopes),
            "grants": list(grants),
        }
        if token_ttl is not None:
            wish["token_ttl"] = token_ttl
        self._admin().call("POST", "/clients", wish)

    def _keys(self) -> list[dict[str, object]]:
        answer = self._admin().call("GET", "/keys")
        return list(answer["keys"] if isinstance(answer, dict) else answer)

    def active_key(self) -> str:
        active = [str(key["kid"]) for key in self._keys() if key["active"]]
        if not active:
            raise EnvironmentUnusable(f"{self._name} has no active key")
        return active[0]

    def published_keys(self) -> frozenset[str]:
        """What verifiers are really served, not what the admin API believes."""
        try:
            answer = self._session.get(f"{self._public_url}/jwks", timeout=TIMEOUT)
            answer.raise_for_status()
            return frozenset(str(key["kid"]) for key in answer.json()["keys"])
        except (requests.RequestException, LookupError, TypeError) as error:
            raise EnvironmentUnusable(f"{self._name}: GET /jwks got no key set ({type(error).__name__})") from error

    def rotate_key(self) -> str:
        return str(self._admin().call("POST", "/keys/rotate", {"overlap": True})["active"])

    def publish_key(self, kid: str, published: bool) -> None:
        self._admin().call("PATCH", f"/keys/{kid}", {"published": published})

    def is_serving(self) -> bool:
        # Not only by success: where the key set of another make of IdP is, we do not know.
        try:
            answer = self._session.get(f"{self._public_url}/jwks", timeout=TIMEOUT)
        except requests.RequestException:
            return False
        return int(answer.status_code) < 500
