"""Administrative HTTP APIs of the lab's own components: idp, ledger, proxy."""

from __future__ import annotations

from typing import Any

import requests

from harness.history.writer import LONGEST_TEXT
from harness.lab.errors import EnvironmentUnusable

TIMEOUT = 3.0


def lab_session(ca: str | bool) -> requests.Session:
    """A session for components of the lab. The environment's proxies and CA bundles are meant for other hosts."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca
    return session


class AdminApi:
    """JSON over TLS with a bearer token. Raises EnvironmentUnusable when the answer is an error, or none comes."""

    def __init__(self, name: str, url: str, ca: str, token: str) -> None:
        self.name = name
        self.url = url
        self._session = lab_session(ca)
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: object = None, absent_ok: bool = False) -> Any:
        """The parsed answer; None for an empty one, and for 404 if *absent_ok*."""
        try:
            answer = self._session.request(method, self.url + path, json=body, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise EnvironmentUnusable(f"{self.name}: {method} {path} got no answer ({type(error).__name__})") from error
        if absent_ok and answer.status_code == requests.codes.not_found:
            return None
        if not answer.ok:
            raise EnvironmentUnusable(
                f"{self.name}: {method} {path} was refused: {answer.status_code} {answer.text[:LONGEST_TEXT]}"
            )
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise EnvironmentUnusable(f"{self.name}: {method} {path} got an answer that is no JSON") from error

    def answers(self, path: str = "/health") -> bool:
        try:
            return bool(self._session.get(self.url + path, timeout=TIMEOUT).ok)
        except requests.RequestException:
            return False
