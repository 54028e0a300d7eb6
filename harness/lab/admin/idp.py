"""The lab's identity provider, as its operator sees it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

import requests

from harness.faults.ports import IdpAsked, IdpFlag
from harness.lab.admin.http import TIMEOUT, AdminApi, lab_session
from harness.lab.errors import EnvironmentUnusable

USUAL_LIFE = 25.0  # seconds; of the tokens of the lab's clients


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

    def activate_key(self, kid: str) -> None:
        self._admin().call("PATCH", f"/keys/{kid}", {"active": True})

    def flag(self, name: IdpFlag) -> str | float:
        value = self._state()[name]
        return value if isinstance(value, str) else float(str(value))

    def set_flag(self, name: IdpFlag, value: str | float) -> None:
        self._admin().call("PATCH", "/state", {name: value})

    def clock_offset(self) -> float:
        return float(self.flag("clock_offset"))

    def set_clock_offset(self, seconds: float) -> None:
        self.set_flag("clock_offset", seconds)

    def disabled_clients(self) -> frozenset[str]:
        return frozenset(self._named("disabled_clients"))

    def disable_client(self, client: str, disabled: bool) -> None:
        self._admin().call("PATCH", f"/clients/{quote(client, safe='')}", {"disabled": disabled})

    def revoked_families(self) -> tuple[str, ...]:
        return self._named("revoked_families")

    def reinstate_family(self, family: str) -> None:
        self._admin().call("PATCH", f"/families/{family}", {"revoked": False})

    def sign_in(self, client: str) -> str:
        """A first refresh token for *client*, as somebody who signs in for it would be given."""
        return str(self._admin().call("POST", "/families", {"client_id": client})["refresh_token"])

    def sample_token(self, audience: str, seconds: float) -> str:
        return str(self._admin().call("POST", "/tokens", {"audience": audience, "ttl": seconds})["token"])

    def dated(self, audience: str) -> tuple[float, str]:
        before = time.time()
        token = self.sample_token(audience, USUAL_LIFE)
        now = (before + time.time()) / 2
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["iat"]) + 0.5 - now, token  # dated in whole seconds

    def journal_end(self) -> int:
        # Nothing comes after this number, and the answer tells the last there is.
        return int(self._admin().call("GET", f"/journal?since={10**14}")["last"])

    def asked(self, since: int) -> tuple[IdpAsked, ...]:
        entries = self._admin().call("GET", f"/journal?since={since}")["entries"]
        return tuple(IdpAsked(e["endpoint"], e["client"], int(e["status"]), e["error"]) for e in entries)

    def _state(self) -> dict[str, object]:
        return dict(self._admin().call("GET", "/state"))

    def _named(self, what: str) -> tuple[str, ...]:
        names = self._state()[what]
        return tuple(str(name) for name in names) if isinstance(names, list) else ()

    def behaviour(self) -> dict[str, object]:
        """Every setting by which it can be made to misbehave, as its admin API tells."""
        return dict(self._admin().call("GET", "/state", absent_ok=True) or {})

    def is_serving(self) -> bool:
        # Not only by success: where the key set of another make of IdP is, we do not know.
        try:
            answer = self._session.get(f"{self._public_url}/jwks", timeout=TIMEOUT)
        except requests.RequestException:
            return False
        return int(answer.status_code) < 500
