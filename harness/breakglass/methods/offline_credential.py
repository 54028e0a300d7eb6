"""An emergency credential of a ledger, issued ahead of time and good only while the way in is held open."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence

from harness.breakglass.methods.base import Lifetime, Method, Opening, Ready, Remainder, Tried
from harness.breakglass.operator import Operator
from harness.breakglass.ports import HttpJob, Reply, WorkloadKey
from harness.faults.ports import FaultNotPossible
from harness.lab.labels import admin_token_label
from harness.topology.break_glass import OfflineCredential
from harness.topology.services import ResourceBlock

SHELF_LIFE = 3600.0  # seconds; for one drill
SOON = 1.0  # seconds; a ledger forgets no credential, but lets it expire

Order = Mapping[str, object]

REQUESTS = {"entries:write": "POST", "entries:read": "GET", "entries:admin": "DELETE"}
"""What is asked of ``/entries`` to see whether somebody has a scope."""


class OfflineCredentialMethod(Method[OfflineCredential]):
    """Each holder has a credential; together with the ledger's own local key it opens the window and is used in it.

    Nothing of it needs Vault or an identity provider. The window ends by itself, and cannot be opened again while it
    is open: so its length is the time box.
    """

    name = "offline-credential"

    def remains(self, procedure: OfflineCredential) -> tuple[str, ...]:
        return ("window", "access by the credential")

    def secrets(self, op: Operator, procedure: OfflineCredential) -> tuple[str, ...]:
        return (admin_token_label(procedure.opens),)

    def prepare(self, op: Operator, procedure: OfflineCredential) -> None:
        for holder in procedure.holders:
            credential = op.fill_envelope(holder)
            op.emergency.register(procedure.opens, holder, credential, procedure.may, SHELF_LIFE)

    def ready(self, op: Operator, procedure: OfflineCredential) -> Iterator[Ready]:
        known = {one.fingerprint: one for one in op.emergency.registered(procedure.opens)}
        for holder in procedure.holders:
            one = known.get(fingerprint(op.envelope(holder) or ""))
            if one is None:
                yield Ready(holder, usable=False, words=f"{procedure.opens} does not know their credential")
            elif one.expires_in <= 0:
                yield Ready(holder, usable=False, words="their credential has expired", expires_in=one.expires_in)
            else:
                words = f"{procedure.opens} knows their credential, good for {one.expires_in:.0f} s more"
                yield Ready(holder, usable=True, words=words, expires_in=one.expires_in)

    def open(self, op: Operator, procedure: OfflineCredential, holders: Sequence[str]) -> Opening:
        credential = op.envelope(holders[0]) if holders else secrets.token_urlsafe(32)
        if credential is None:
            return Opening(opened=False, words=f"{holders[0]} has nothing lying ready")
        op.keep("credential", credential)
        window = self._admin(op, procedure, "/break-glass/open", self._order(op, procedure, holders))
        entry = self._entry(op, procedure, credential, "entries:write" if not holders else procedure.may[0])
        opened, used = op.ask(window, entry)
        marks = (op.marker, fingerprint(credential))
        if not opened.ok:
            return Opening(opened=False, words=f"the window was not opened: {_said(opened)}", marks=marks)
        words = f"{procedure.opens} took the credential" if used.ok else f"the credential was refused: {_said(used)}"
        return Opening(opened=used.ok, words=words, marks=marks)

    def _order(self, op: Operator, procedure: OfflineCredential, holders: Sequence[str]) -> Order:
        who = holders[0] if holders else "nobody"
        return {"seconds": procedure.lasts, "reason": op.marker, "operator": who}

    def lifetime(self, op: Operator, procedure: OfflineCredential) -> Lifetime | None:
        again = self._admin(op, procedure, "/break-glass/open", self._order(op, procedure, list(procedure.holders)[:1]))
        shown, opened = op.ask(self._admin(op, procedure, "/break-glass"), again)
        until = shown.get("until")
        if not shown.ok or not isinstance(until, int | float) or opened.status == 0:
            return None
        seconds = max(0.0, round(until - shown.at, 3))
        return Lifetime(
            seconds, renewable=opened.ok, words=f"{procedure.opens} holds the window open for {seconds:.1f} s"
        )

    def use(self, op: Operator, procedure: OfflineCredential, action: str, *, wanted: bool) -> Tried | None:
        credential = op.kept("credential")
        if credential is None:
            return None
        (reply,) = op.ask(self._entry(op, procedure, credential, action))
        if not (wanted or reply.ok or reply.refused):
            return None
        return Tried(reply.ok, _said(reply))

    def knock(self, op: Operator, procedure: OfflineCredential, key: WorkloadKey) -> Tried | None:
        entry = self._entry(op, procedure, key.secret, procedure.may[0])
        order = {"seconds": SOON, "reason": f"{op.marker} tried by a workload", "operator": key.name}
        used, opened = op.ask(entry, self._admin(op, procedure, "/break-glass/open", order, key.secret))
        got_in = next((reply for reply in (used, opened) if reply.ok), None)
        if got_in is not None:
            return Tried(done=True, words=_said(got_in))
        return Tried(done=False, words=_said(used)) if used.refused and opened.refused else None

    def alive(self, op: Operator, procedure: OfflineCredential) -> Tried | None:
        credential = op.kept("credential")
        if credential is None:
            return None
        (reply,) = op.ask(self._entry(op, procedure, credential, procedure.may[0]))
        return Tried(reply.ok, _said(reply)) if reply.ok or reply.refused else None

    def is_open(self, op: Operator, procedure: OfflineCredential) -> str | None:
        if op.lab.ledger(procedure.opens).break_glass_is_open():
            return f"{procedure.opens} says its emergency access path is open"
        return None

    def close(self, op: Operator, procedure: OfflineCredential) -> None:
        op.lab.ledger(procedure.opens).close_break_glass()

    def remainders(self, op: Operator, procedure: OfflineCredential) -> Iterator[Remainder]:
        closed = not op.lab.ledger(procedure.opens).break_glass_is_open()
        words = f"{procedure.opens} says its emergency access path is {'closed' if closed else 'open'}"
        yield Remainder("window", closed, words)
        if op.kept("credential") is None:
            yield Remainder("access by the credential", gone=True, words="no credential was used")
        elif (looked := self.alive(op, procedure)) is not None:
            yield Remainder("access by the credential", not looked.done, f"the credential: {looked.words}")

    def tidy(self, op: Operator, procedure: OfflineCredential) -> None:
        for holder in procedure.holders:
            if (credential := op.envelope(holder)) is not None:
                op.emergency.register(procedure.opens, holder, credential, procedure.may, SOON)

    def _entry(self, op: Operator, procedure: OfflineCredential, credential: str, scope: str) -> HttpJob:
        headers = {"Authorization": f"Break-Glass {credential}", "Content-Type": "application/json"}
        body = {"memo": op.marker} if REQUESTS[scope] == "POST" else None
        return HttpJob(procedure.opens, _ports(op, procedure)[0], REQUESTS[scope], "/entries", headers, body)

    def _admin(
        self, op: Operator, procedure: OfflineCredential, path: str, body: Order | None = None, token: str = ""
    ) -> HttpJob:
        """A request to the ledger's own local administration, with its own key unless another is given."""
        token = token or op.emergency.admin_token(procedure.opens)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        method = "GET" if body is None else "POST"
        return HttpJob(procedure.opens, _ports(op, procedure)[1], method, path, headers, body)


def _ports(op: Operator, procedure: OfflineCredential) -> tuple[int, int]:
    """Where the ledger is asked, and where it is administered."""
    block = op.emergency.services()[procedure.opens].block
    if not isinstance(block, ResourceBlock) or block.admin_port is None:
        raise FaultNotPossible(f"'{procedure.opens}' is no ledger with an admin_port")
    return block.port, block.admin_port


def fingerprint(credential: str) -> str:
    """As the ledger writes it into its journals."""
    return f"sha256:{hashlib.sha256(credential.encode()).hexdigest()[:16]}"


def _said(reply: Reply) -> str:
    if reply.status == 0:
        return f"no answer ({reply.words})"
    reason = reply.get("reason") or reply.get("detail")
    return f"{reply.status} {reason}" if reason else str(reply.status)
