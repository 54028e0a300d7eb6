"""``generate-root``: a quorum of key shares makes a root token.

Without a token this worked for whoever reached a Vault. Vault from 2.0 and OpenBao from 2.5.3 refuse it by default, as
it lets strangers begin and cancel ceremonies (CVE-2026-5807). What is left is to allow it in the configuration for as
long as it takes, or to begin it with a token that was prepared for just that; OpenBao from 2.6 has a path of its own
for the second. Sources: failure catalogue, section 4 and ``bg-quorum-root-closed``; OpenBao's API documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.breakglass.methods.vault_jobs import said, vault_job
from harness.breakglass.operator import Operator
from harness.breakglass.ports import HttpJob, Reply
from harness.breakglass.root_token import unmask
from harness.topology.break_glass import RootQuorum

PATHS = ("sys/generate-root", "sys/generate-root-token")

WAY_ROUND = (
    "Vault from 2.0 and OpenBao from 2.5.3 refuse it by default to whoever has no token. Either let the configuration "
    "allow it for as long as it takes (Vault: enable_unauthenticated_access; OpenBao: "
    "disable_unauthed_generate_root_endpoints = false on the listener), or keep a token that may begin it "
    "(x-lockout: prepared_token: true)"
)


@dataclass(frozen=True, slots=True)
class Held:
    """How a ceremony ended. ``marks``: its nonce, which Vault's log has, too."""

    token: str | None
    words: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """``reply`` is Vault's answer; the rest is by what the ceremony goes on."""

    reply: Reply
    path: str
    token: str


class Ceremony:
    """One root ceremony, held at the desk. *prepared* is a token that may begin it, if there is one."""

    def __init__(self, op: Operator, procedure: RootQuorum, prepared: str | None) -> None:
        self._op = op
        self._procedure = procedure
        self._prepared = prepared

    def hold(self, holders: Sequence[str]) -> Held:
        """Begin it, and give the shares of *holders*. One that lacks shares is called off."""
        begun = self._begin()
        if not begun.reply.ok:
            hint = f". {WAY_ROUND}" if _is_closed(begun.reply) and self._prepared is None else ""
            return Held(None, f"the ceremony was refused: {said(begun.reply)}{hint}")
        nonce, otp = str(begun.reply.get("nonce") or ""), str(begun.reply.get("otp") or "")
        needed = begun.reply.get("required")
        replies = self._op.ask(*(self._give(begun, share, nonce) for share in self._shares(holders))) if holders else ()
        last = replies[-1] if replies else begun.reply
        if not last.get("complete"):
            self._op.ask(self._job(begun, "DELETE", "attempt"))
            why = f": {said(last)}" if not last.ok else ""
            return Held(None, f"{len(holders)} shares do not make a root token, {needed} do{why}", (nonce,))
        masked = str(last.get("encoded_token") or last.get("encoded_root_token") or "")
        try:
            token = unmask(masked, otp)
        except ValueError as error:
            return Held(None, str(error), (nonce,))
        return Held(token, f"{len(holders)} holders made a root token", (nonce,))

    def _begin(self) -> Begun:
        """As anybody, as it always was; then with the prepared token, where Vault has it and where OpenBao has it."""
        ways = [(PATHS[0], "")]
        if self._prepared is not None:
            ways += [(path, self._prepared) for path in PATHS]
        begun = Begun(Reply(0), *ways[0])
        for path, token in ways:
            begun = Begun(self._op.ask(self._attempt(path, token))[0], path, token)
            if begun.reply.status == 400 and "already in progress" in said(begun.reply):
                self._op.ask(self._job(begun, "DELETE", "attempt"))  # of somebody who did not end theirs
                begun = Begun(self._op.ask(self._attempt(path, token))[0], path, token)
            if begun.reply.ok or not _is_closed(begun.reply):
                break
        return begun

    def _attempt(self, path: str, token: str) -> HttpJob:
        return vault_job(self._op, self._procedure, "PUT", f"{path}/attempt", {}, token=token)

    def _give(self, begun: Begun, share: str, nonce: str) -> HttpJob:
        return self._job(begun, "PUT", "update", {"key": share, "nonce": nonce})

    def _job(self, begun: Begun, method: str, what: str, body: dict[str, str] | None = None) -> HttpJob:
        return vault_job(self._op, self._procedure, method, f"{begun.path}/{what}", body, token=begun.token)

    def _shares(self, holders: Sequence[str]) -> list[str]:
        held = dict(zip(self._procedure.holders, self._op.emergency.shares(self._procedure.opens), strict=False))
        return [held[holder] for holder in holders if holder in held]


def _is_closed(reply: Reply) -> bool:
    """Whether Vault does not let whoever asks begin: refused, or no such path."""
    return reply.status in (401, 403, 404, 405)
