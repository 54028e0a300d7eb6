"""The fault proxy, as the harness drives it."""

from __future__ import annotations

from urllib.parse import quote

from harness.lab.admin.http import AdminApi


class ProxyOperator:
    """Implements the ProxyAdmin role."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def cut(self, cut: str, route: str, clients: tuple[str, ...], how: str) -> None:
        self._api.call("PUT", f"/cuts/{quote(cut)}", {"route": route, "clients": list(clients), "how": how})

    def caught(self, cut: str) -> int | None:
        answer = self._api.call("GET", f"/cuts/{quote(cut)}", absent_ok=True)
        return None if answer is None else int(answer["matched"]) + int(answer["severed"])

    def heal(self, cut: str) -> None:
        self._api.call("DELETE", f"/cuts/{quote(cut)}", absent_ok=True)

    def answers(self) -> bool:
        return self._api.answers()
