"""The fault proxy, as the harness drives it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from harness.faults.proxy_rule import ProxyCounts, ProxyRule
from harness.lab.admin.http import AdminApi
from harness.lab.errors import EnvironmentUnusable


class ProxyOperator:
    """Implements the ProxyAdmin role."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def apply(self, rule_id: str, rule: ProxyRule) -> None:
        self._api.call("PUT", f"/rules/{quote(rule_id)}", rule.as_document())

    def seen(self, rule_id: str) -> ProxyCounts | None:
        answer = self._api.call("GET", f"/rules/{quote(rule_id)}", absent_ok=True)
        return None if answer is None else self._counts(answer)

    def lift(self, rule_id: str) -> None:
        self._api.call("DELETE", f"/rules/{quote(rule_id)}", absent_ok=True)

    def all(self) -> tuple[str, ...]:
        return tuple(rule["id"] for rule in self._api.call("GET", "/rules")["rules"])

    def answers(self) -> bool:
        return self._api.answers()

    def _counts(self, answer: dict[str, Any]) -> ProxyCounts:
        try:
            return ProxyCounts.model_validate(answer["seen"])
        except (KeyError, ValidationError) as error:
            raise EnvironmentUnusable(f"{self._api.name}: it says of a rule what lockout does not know") from error
